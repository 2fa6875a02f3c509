import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { readRunning } from "@netconductor/driver-core/change/running-config";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { compareLines } from "@netconductor/runtime/text/missing-lines";
import { z } from "zod";
import { comparable } from "../../checks/comparable-lines.ts";
import { cutRows } from "../shared/shown-output.ts";
import { defineDeviceStep } from "../step-type.ts";

const Lines = z
	.union([z.string().max(2_000_000), z.array(z.string().max(10_000)).max(200_000)])
	.transform((given) => [given].flat().join("\n"));

/** Lines of a difference that an error names. */
const mostNamed = 20;

/** Looks whether lines stand in the running configuration. */
export const stepType = defineDeviceStep({
	type: "validate_config",
	label: "Validate the configuration",
	description:
		"Compares lines with the running configuration: those that must stand there, in their sections and in any order, and those that must not. Secrets count as equal. Result: `missing` and `unwanted` (each line with its sections before it), `cut`.",
	category: "checks",
	runs_on: "devices",
	mode: "read",
	params: z
		.strictObject({
			lines: Lines.default("").describe(
				"Lines that must stand there, sections indented: a text or a list. `no ...` (`delete ...` where configuration is set): must not.",
			),
			absent: Lines.default("").describe("Lines that must not stand there, sections indented."),
		})
		.refine(
			({ lines, absent }) => `${lines}${absent}`.trim() !== "",
			"Needs lines that must, or must not, stand there",
		),
	example: { lines: "router bgp 65001\n neighbor 192.0.2.1 remote-as 65010", absent: "ip http server" },
	async run({ params, connection, session, log }) {
		const { text } = await readRunning(await session());
		const { platform } = connection;
		const [stands, wanted, absent] = await Promise.all(
			[text, params.lines, params.absent].map(async (lines) =>
				comparable(await maskSecretsInSlices(lines, platform), platform.config.structure),
			),
		);
		const { missing: lacking, unwanted: negations } = compareLines(wanted ?? "", stands ?? "");
		const { unwanted: there } = compareLines(negated(absent ?? ""), stands ?? "");
		const missing = cutRows(lacking.map(visibleText));
		const unwanted = cutRows([...new Set([...negations, ...there])].map(visibleText));
		const result = { missing: missing.rows, unwanted: unwanted.rows, cut: missing.cut || unwanted.cut };
		const problems = [
			...result.missing.map((line) => `missing: ${line}`),
			...result.unwanted.map((line) => `unwanted: ${line}`),
		];
		for (const problem of problems) log(problem);
		if (problems.length === 0) {
			log("stands as it should");
			return { result };
		}
		const more = problems.length > mostNamed ? ` and ${problems.length - mostNamed} more` : "";
		return {
			result,
			error: {
				code: "procedure.check_failed",
				message: `The configuration of ${connection.name} is not as it should be: ${problems.slice(0, mostNamed).join("; ").slice(0, 4_000)}${more}`,
			},
		};
	},
});

/** The same lines as such that must not stand there; those that only say which section is meant stay as they are. */
function negated(lines: string): string {
	const all = lines.split(/\r?\n/).filter((line) => line.trim() !== "");
	const indents = all.map((line) => line.length - line.trimStart().length);
	return all
		.map((line, i) => {
			const indent = indents[i] ?? 0;
			const isSection = (indents[i + 1] ?? 0) > indent;
			return isSection ? line : `${line.slice(0, indent)}no ${line.trim()}`;
		})
		.join("\n");
}
