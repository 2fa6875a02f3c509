import { onlyReads } from "@netconductor/contracts/devices/reading-commands";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { compileJmespath } from "@netconductor/driver-parsers/jmespath/jmespath";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { z } from "zod";
import { askRows } from "../../checks/device-check.ts";
import { askUntil } from "../../checks/hold-checks.ts";
import { Command, runCommands } from "../shared/commands.ts";
import { kindOf, Parse, parseAnswer } from "../shared/parse-output.ts";
import { cutValue } from "../shared/shown-output.ts";
import { type DeviceStepContext, defineDeviceStep } from "../step-type.ts";

/** Characters of a value that a message quotes. */
const longestQuoted = 500;

const Expression = z
	.string()
	.min(1)
	.max(4_000)
	.superRefine((source, { addIssue }) => {
		try {
			compileJmespath(source);
		} catch (error) {
			if (!isAppError(error)) throw error;
			addIssue({ code: "custom", message: error.message });
		}
	});

const params = z
	.strictObject({
		that: z
			.union([Expression, z.array(Expression).min(1).max(100)])
			.transform((given) => [given].flat())
			.describe("JMESPath: what has to be true of the data; a list where all of it has to be."),
		command: Command.refine(
			onlyReads,
			"A command that reads: others are sent with run_command, and what it saved is the value",
		)
			.optional()
			.describe(
				"Command whose answer is the data; it reads only. Left out with a kind of rows in `parse`: what the platform is asked for them with.",
			),
		parse: Parse.optional(),
		value: z.unknown().optional().describe("The data itself, in place of `command`: what an earlier step saved."),
		message: z.string().max(2_000).optional().describe("What is said when it does not hold."),
		within_s: z
			.int()
			.min(0)
			.max(600)
			.default(0)
			.describe("How long it may take until it holds, in seconds: the device is asked again and again."),
	})
	.superRefine(({ command, parse, value }, { addIssue }) => {
		const asks = command !== undefined || (parse !== undefined && kindOf(parse) !== undefined);
		const message = asks
			? value === undefined
				? undefined
				: "Either asks the device or takes a `value`, not both"
			: value === undefined
				? "Needs a `command`, a kind of rows in `parse`, or a `value`"
				: undefined;
		if (message !== undefined) addIssue({ code: "custom", message, path: ["value"] });
	});
type Params = z.output<typeof params>;

/** States what must be so, as an expression on data. */
export const stepType = defineDeviceStep({
	type: "assert",
	label: "Assert",
	description:
		"States in JMESPath what has to be true of what a device answers, or of a value. Anything but `true` fails the step, and the error says what it came to. Result: `value` (the data), `asserted` (a list with `that` and what it came to), `cut` (true when there is more data than is kept).",
	category: "checks",
	runs_on: "devices",
	mode: "read",
	params,
	example: { parse: "interfaces", that: "length([?oper == 'up']) > `2`", message: "Too few interfaces are up" },
	commands: ({ command }) => [command ?? []].flat(),
	async run(context) {
		const { params, session_options, log } = context;
		const { value, asserted } = await askUntil(
			{ within_s: params.value === undefined ? params.within_s : 0, signal: session_options.signal },
			async () => {
				const value = await dataOf(context);
				return { value, asserted: params.that.map((that) => ({ that, came_to: compileJmespath(that).search(value) })) };
			},
			({ asserted }) => asserted.every(({ came_to }) => came_to === true),
		);
		const wrong = asserted.filter(({ came_to }) => came_to !== true);
		for (const { that, came_to } of asserted) log(`${visibleLine(that)}: ${quoted(came_to)}`);
		const kept = cutValue(value);
		const shown = asserted.map(({ that, came_to }) => ({ that, came_to: cutValue(came_to, 2_000).value }));
		const result = { value: kept.value, asserted: shown, cut: kept.cut };
		if (wrong.length === 0) return { result };
		const came = wrong.map(({ that, came_to }) => `\`${visibleLine(that)}\` came to ${quoted(came_to)}, not to true`);
		const message = [params.message, came.join("; ")].filter(Boolean).join(": ").slice(0, 4_000);
		return { result, error: { code: "procedure.assertion_failed", message } };
	},
});

/** @throws parse.*, device.* */
async function dataOf(context: DeviceStepContext<Params>): Promise<unknown> {
	const { command, parse = "auto", value } = context.params;
	if (value !== undefined) return value;
	const session = await context.session();
	const kind = kindOf(parse);
	if (command === undefined && kind !== undefined) return askRows(session, kind);
	for await (const answer of runCommands(context, session, command === undefined ? [] : [command])) {
		return parseAnswer(context.connection.platform.id, parse, answer);
	}
	throw failed("procedure.bad_parameters", { message: "There is no command whose answer could be looked at." });
}

function quoted(value: unknown): string {
	const text = JSON.stringify(value ?? null);
	return visibleLine(text.length > longestQuoted ? `${text.slice(0, longestQuoted)}...` : text);
}
