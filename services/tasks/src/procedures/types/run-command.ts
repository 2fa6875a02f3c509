import { onlyReads } from "@netconductor/contracts/devices/reading-commands";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import { compilePattern } from "@netconductor/runtime/pattern";
import { hasTag } from "@netconductor/templating/read-string";
import { z } from "zod";
import { Answers, Commands, Patterns, runCommands } from "../shared/commands.ts";
import { type Answer, kindOf, Parse, parseAnswer } from "../shared/parse-output.ts";
import { cutText, cutValue, longestPart } from "../shared/shown-output.ts";
import { type DeviceStepContext, defineDeviceStep } from "../step-type.ts";

const params = z.strictObject({
	commands: Commands.describe(
		"Commands of exec mode, sent one after the other: a list, or a text with one in each line. Configuration is changed with set_config.",
	),
	expect: Patterns.optional().describe(
		"Patterns (RE2) that the answers, all together, have to match; `(?m)` makes `^` and `$` mean lines.",
	),
	reject: Patterns.optional().describe("Patterns (RE2) that the answers must not match."),
	parse: Parse.optional(),
	answers: Answers.default([]).describe(
		"Questions that a command may ask, as patterns (RE2) for the unfinished line, and what is answered: `[{question: 'confirm', answer: ''}]`.",
	),
	allow_errors: z
		.boolean()
		.default(false)
		.describe("An error message of the device is an answer like others, and does not end the step."),
	may_disconnect: z
		.boolean()
		.default(false)
		.describe("The session may end with the last command, which is no error: it restarts the device."),
	longest_silence_s: z
		.int()
		.min(1)
		.max(3_600)
		.optional()
		.describe(
			"How long the device may be silent while a command runs, in seconds; left out: as the device's settings say.",
		),
});
type Params = z.output<typeof params>;

/** Sends commands and hands on what they answer. */
export const stepType = defineDeviceStep({
	type: "run_command",
	aliases: ["ssh_command", "command"],
	label: "Run commands",
	description:
		"Sends commands of exec mode and checks what they answer. Commands that only read (show, display, get, ping, traceroute) are sent again when a worker is lost; others never are. Result: `output` (all answers), `outputs` (a list with `command`, `output` and, with `parse`, `parsed`), `parsed` (of one command its data, of several a list; rows of all answers where a kind is named), `cut` (true when there is more than is kept).",
	category: "devices",
	runs_on: "devices",
	mode: "write",
	params,
	example: { commands: ["show ip bgp summary json"], parse: "json", expect: "Established" },
	commands: ({ commands }) => commands,
	// A template may come to any command.
	changes: ({ commands }) => commands.some((command) => !onlyReads(command) || hasTag(command)),
	async run(context) {
		const { params, connection } = context;
		const answers: Answer[] = [];
		for await (const answer of runCommands(context, await context.session(), params.commands, params)) {
			answers.push(answer);
		}
		const parsed = parsedOf(params, connection.platform.id, answers);
		const error = unexpected(params, answers, context);
		return { result: resultOf(answers, parsed), ...(error && { error }) };
	},
});

function parsedOf({ parse }: Params, platform: string, answers: readonly Answer[]): { all: unknown; each?: unknown[] } {
	if (parse === undefined) return { all: null };
	const joined = (part: "raw" | "shown") => answers.map((answer) => answer[part]).join("\n");
	if (kindOf(parse) !== undefined) {
		const [{ command } = { command: "" }] = answers;
		return { all: parseAnswer(platform, parse, { command, raw: joined("raw"), shown: joined("shown") }) };
	}
	const each = answers.map((answer) => parseAnswer(platform, parse, answer));
	return { all: each.length === 1 ? each[0] : each, each };
}

function resultOf(answers: readonly Answer[], { all, each }: ReturnType<typeof parsedOf>): Record<string, unknown> {
	const whole = cutText(answers.map(({ shown }) => shown).join("\n"));
	const data = cutValue(all);
	let left = longestPart;
	let isCut = whole.cut || data.cut;
	const outputs = answers.map(({ command, shown }, i) => {
		const { text, cut } = cutText(shown, left);
		left -= text.length;
		isCut ||= cut;
		return { command, output: text, ...(each !== undefined && !data.cut && { parsed: each[i] }) };
	});
	return { output: whole.text, outputs, parsed: data.value, cut: isCut };
}

function unexpected(
	{ expect = [], reject = [] }: Params,
	answers: readonly Answer[],
	{ connection }: DeviceStepContext<Params>,
): OperationError | undefined {
	const said = answers.map(({ shown }) => shown).join("\n");
	const missing = expect
		.filter((source) => !compilePattern(source).test(said))
		.map((source) => `does not match \`${source}\``);
	const found = reject.filter((source) => compilePattern(source).test(said)).map((source) => `matches \`${source}\``);
	const problems = [...missing, ...found];
	if (problems.length === 0) return undefined;
	return {
		code: "procedure.check_failed",
		message: `What ${connection.name} answered ${problems.join(", and ")}. It answered: ${said.trim().slice(0, 1_000)}`,
		details: { problems },
	};
}
