import { TranscriptReading } from "@netconductor/contracts/devices/transcript";
import { expect, test } from "vitest";
import { lineMarks } from "./line-marks.ts";

test("each line says the most particular thing that is known of it", () => {
	const reading = TranscriptReading.parse({
		label: "x",
		total_lines: 12,
		prompts: [
			{ line: 1, prompt: "r1#", mode: "enable", command: "show run" },
			{ line: 8, prompt: "r1#", mode: "enable", command: "bogus" },
			{ line: 10, prompt: "r1#", mode: "enable", command: null },
		],
		commands: [
			{
				line: 1,
				command: "show run",
				mode: "enable",
				purpose: "config",
				answer: { from_line: 2, to_line: 7 },
				refused: null,
			},
			{
				line: 8,
				command: "bogus",
				mode: "enable",
				purpose: null,
				answer: { from_line: 9, to_line: 9 },
				refused: { line: 9, text: "% Invalid" },
			},
		],
		pager: [{ line: 5, text: "--More--" }],
		errors: [{ line: 9, text: "% Invalid", pattern: "^%" }],
		facts: {},
		missing_facts: [],
		config: {
			missing_commands: [],
			complete: true,
			text: "a\n",
			masked_lines: 0,
			dropped: [{ line: 2, text: "Building" }],
			volatile: [{ line: 3, text: "! at", effect: "left_out" }],
		},
		hints: [],
		truncated: false,
	});
	const kinds = Object.fromEntries([...lineMarks(reading)].map(([line, { kind }]) => [line, kind]));
	expect(kinds).toEqual({
		1: "command",
		2: "dropped",
		3: "volatile",
		4: "config",
		5: "pager",
		6: "config",
		7: "config",
		8: "unknown_command",
		9: "error",
		10: "prompt",
	});
});
