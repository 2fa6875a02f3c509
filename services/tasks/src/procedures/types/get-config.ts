import { readRunning } from "@netconductor/driver-core/change/running-config";
import { compilePattern } from "@netconductor/runtime/pattern";
import { z } from "zod";
import { Pattern } from "../shared/commands.ts";
import { sectionsWith } from "../shared/config-sections.ts";
import { cutText, shownOutput } from "../shared/shown-output.ts";
import { defineDeviceStep } from "../step-type.ts";

/** Characters of a configuration that a result holds. */
const longestConfig = 200_000;

/** Reads the running configuration for what comes after it. */
export const stepType = defineDeviceStep({
	type: "get_config",
	label: "Read the configuration",
	description:
		"Reads the running configuration. Secrets in it are masked. Result: `config`, `lines` (how many), `sha256` (of the whole configuration, without what changes by itself), `cut` (true when it is longer than is kept).",
	category: "devices",
	runs_on: "devices",
	mode: "read",
	params: z.strictObject({
		section: Pattern.optional().describe(
			"Pattern (RE2) for lines: only they are kept, with what stands below them and the sections they stand in.",
		),
	}),
	example: { section: "^router bgp" },
	async run({ params, connection, session, log }) {
		const { text, sha256 } = await readRunning(await session());
		const shown = await shownOutput(text, connection);
		const section = params.section === undefined ? undefined : compilePattern(params.section);
		const wanted = section === undefined ? shown : sectionsWith(shown, section);
		const { text: config, cut } = cutText(wanted, longestConfig);
		const lines = wanted === "" ? 0 : wanted.trimEnd().split("\n").length;
		log(`read ${lines.toLocaleString("en")} lines`);
		return { result: { config, lines, sha256, cut } };
	},
});
