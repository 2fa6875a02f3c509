import { readFileSync } from "node:fs";
import { PlatformDefinition, type PlatformInput } from "@netconductor/contracts/devices/platform";
import { decodeBytes, TerminalText } from "@netconductor/driver-core/terminal-text";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { createRandom } from "@netconductor/lab/sim/random";
import { describe, expect, test } from "vitest";
import { readTranscript } from "./read-transcript.ts";

/** A recorded session of a platform as it stood on the screen: what was typed stands there as its echo. */
function onScreen(id: string, command: string): string {
	const recorded = readFileSync(
		new URL(`../../../../drivers/platforms/transcripts/${id}/session.txt`, import.meta.url),
		"utf8",
	);
	const parts = [""];
	let typed: string | undefined;
	for (const line of recorded.replaceAll("CONFIG\n", `${command}\n`).split("\n")) {
		if (line.startsWith(">>> ") || line.startsWith(">>| ")) {
			typed = line.startsWith(">>> ") ? line.slice(4) : "";
			parts.push("");
			continue;
		}
		const at = parts.length - 1;
		// A password has no echo; the device ends its line itself.
		if (parts[at] === "" && typed !== undefined && typed !== "" && !line.includes(typed)) parts[at] = "\n";
		parts[at] += `${line}\n`;
		typed = undefined;
	}
	const bytes = parts
		.map((part) => part.slice(0, -1))
		.join("")
		.replaceAll("␛", "\x1b")
		.replaceAll("␈", "\b")
		.replaceAll("␍", "\r");
	const terminal = new TerminalText();
	return decodeBytes(terminal.push(Buffer.from(bytes.replaceAll("\n", "\r\n"))) + terminal.tail());
}

describe.each(builtInPlatforms)("$id", (definition) => {
	const read = (name: string) =>
		readFileSync(
			new URL(`../../../../drivers/platforms/transcripts/${definition.id}/${name}`, import.meta.url),
			"utf8",
		);

	test("a session copied from the screen reads as the session itself did", () => {
		const screen = onScreen(definition.id, definition.config.commands[0] ?? "");
		const reading = readTranscript(definition, screen);
		expect(reading.config?.text).toBe(read("masked.txt"));
		expect(reading.config?.missing_commands).toEqual([]);
		expect(reading.config?.complete).toBe(definition.config.end === undefined ? null : true);
		expect(reading.facts).toEqual(JSON.parse(read("facts.json")));
		expect(JSON.stringify(reading)).not.toContain("C4NARY");
		expect(reading.truncated).toBe(false);
	});
});

const acme = (more: Partial<PlatformInput> = {}) =>
	PlatformDefinition.parse({
		id: "acme_os",
		label: "Acme OS",
		prompt: { exec: "^[\\w-]+>$", enable: "^[\\w-]+#$" },
		session_start: ["no paging"],
		errors: ["^% "],
		config: { commands: ["show config"], end: "^end$", drop: ["^Building"] },
		volatile: ["^! at ", "^clock (\\d+)$"],
		secrets: ["^password (\\S+)$"],
		facts: [{ command: "show version", fields: { os_version: "(?m)^Version (\\S+)", serial: "(?m)^Serial (\\S+)" } }],
		...more,
	});

const session = `Welcome to acme-1
acme-1>enable
acme-1#no paging
% Unknown command
acme-1#show version
Version 1.2
acme-1#show  config
Building configuration...

! at 10:00
hostname acme-1
clock 12345
password canary
 --More--
# not a prompt
end
acme-1#`;

test("each line of a transcript is told for what it is", () => {
	const reading = readTranscript(acme({ pager: [{ pattern: "^ ?--More--$", send: " " }] }), session);
	expect(reading.prompts.map(({ line, prompt, mode, command }) => [line, prompt, mode, command])).toEqual([
		[2, "acme-1>", "exec", "enable"],
		[3, "acme-1#", "enable", "no paging"],
		[5, "acme-1#", "enable", "show version"],
		[7, "acme-1#", "enable", "show  config"],
		[17, "acme-1#", "enable", null],
	]);
	expect(reading.commands.map(({ command, purpose, answer }) => [command, purpose, answer])).toEqual([
		["enable", null, null],
		["no paging", "session_start", { from_line: 4, to_line: 4 }],
		["show version", "facts", { from_line: 6, to_line: 6 }],
		["show  config", "config", { from_line: 8, to_line: 16 }],
	]);
	expect(reading.commands[1]?.refused).toEqual({ line: 4, text: "% Unknown command" });
	expect(reading.errors).toEqual([{ line: 4, text: "% Unknown command", pattern: "^% " }]);
	expect(reading.pager).toEqual([{ line: 14, text: " --More--" }]);
	expect(reading.facts).toEqual({ os_version: "1.2" });
	expect(reading.missing_facts).toEqual([{ fact: "serial", command: "show version", why: "no_match" }]);
	expect(reading.config).toEqual({
		missing_commands: [],
		complete: true,
		text: "hostname acme-1\nclock <volatile>\npassword <secret>\n# not a prompt\nend\n",
		masked_lines: 1,
		dropped: [{ line: 8, text: "Building configuration..." }],
		volatile: [
			{ line: 10, text: "! at 10:00", effect: "left_out" },
			{ line: 12, text: "clock 12345", effect: "blanked" },
		],
	});
	expect(reading.hints).toEqual([
		"A pager interrupts the configuration. A command in `session_start` should switch it off.",
	]);
});

test("what does not fit is said with what to do", () => {
	const hints = (text: string, more: Partial<PlatformInput> = {}) => readTranscript(acme(more), text).hints.join("\n");
	expect(hints("hostname acme-1\nend\n")).toContain("from its first prompt on");
	expect(hints("acme-1#show version\nVersion 1\nacme-1#")).toContain("does not show `show config`");
	expect(hints("acme-1#show config\nhostname a\nacme-1#")).toContain("refused as cut off");
	expect(hints("acme-1#show config\nhostname a\nend\n")).toContain("does not end with a prompt");
	expect(hints("acme-1#show config\nhostname a\nend\nacme-1#")).toContain("No secret was found");
	expect(hints("acme-1#show config\n\nacme-1#")).toContain("refused as empty");
	expect(hints("acme-1#show config\n% Denied\nacme-1#")).toContain("refused `show config` (line 2)");
	const both = { config: { commands: ["show config", "show keys"] } };
	expect(hints("acme-1#show config\nhostname a\nacme-1#", both)).toContain("also needs `show keys`");
});

test("a refused command that was tried again counts by its good answer", () => {
	const again = "acme-1#show config\n% Busy\nacme-1#show config\nhostname a\nend\nacme-1#show config\n% Busy\nacme-1#";
	expect(readTranscript(acme(), again).config?.text).toBe("hostname a\nend\n");
});

test("secrets stay masked wherever a line is repeated", () => {
	const text =
		"acme-1#password canary\n% Invalid input: password canary\nacme-1#show config\npassword canary\nend\nacme-1#";
	expect(JSON.stringify(readTranscript(acme(), text))).not.toContain("canary");
});

test("lists are cut where nobody would read on, and the reading says so", () => {
	const text = `${"acme-1#no paging\n% no\n".repeat(3_000)}acme-1#`;
	const reading = readTranscript(acme(), text);
	expect([reading.prompts.length, reading.commands.length, reading.errors.length]).toEqual([2_000, 2_000, 2_000]);
	expect(reading.truncated).toBe(true);
});

test("any text is read, and every line that is named is there", () => {
	const pieces = [
		"acme-1>",
		"acme-1#",
		"show config",
		"end",
		"\n",
		"\r\n",
		"\b",
		"\x1b[K",
		"password x",
		"% ",
		"é😀",
		" ",
		"\0",
	];
	const random = createRandom("transcripts");
	for (let round = 0; round < 500; round++) {
		const text = Array.from({ length: random.between(0, 60) }, () => random.pick(pieces)).join("");
		const reading = readTranscript(acme(), text);
		const named = [
			...reading.prompts.map(({ line }) => line),
			...reading.errors.map(({ line }) => line),
			...reading.commands.flatMap(({ answer }) => (answer === null ? [] : [answer.from_line, answer.to_line])),
		];
		for (const line of named) {
			expect(line, JSON.stringify(text)).toBeGreaterThanOrEqual(1);
			expect(line, JSON.stringify(text)).toBeLessThanOrEqual(reading.total_lines);
		}
	}
});
