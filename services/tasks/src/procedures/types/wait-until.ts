import type { OperationError } from "@netconductor/contracts/tasks/model";
import { compileJmespath } from "@netconductor/driver-parsers/jmespath/jmespath";
import { isAppError } from "@netconductor/runtime/errors";
import { isTimeZone } from "@netconductor/runtime/time-zone";
import { z } from "zod";
import { Ca, ExpectStatus, Headers, isExpected, Jmespath, most_bytes, readJson, Url } from "../shared/outside.ts";
import { cutValue } from "../shared/shown-output.ts";
import { nextTime } from "../shared/wall-time.ts";
import { defineServerStep, type ServerStepContext, type ServerStepResult } from "../step-type.ts";

const params = z
	.strictObject({
		url: Url.optional().describe("Address that is asked (GET) until its answer is as it should be."),
		headers: Headers,
		expect_status: ExpectStatus,
		that: Jmespath.optional().describe("JMESPath that has to come to something true on the JSON of the answer."),
		condition: z
			.string()
			.min(1)
			.max(2_000)
			.optional()
			.describe(
				"Expression as after `if` in a template, without braces. Its variables change only by what branches beside it save.",
			),
		time: z
			.union([
				z.iso.datetime({ offset: true }),
				z
					.string()
					.regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "A time such as 02:00, or an instant such as 2026-03-01T02:00:00Z"),
			])
			.optional()
			.describe("Time of day, the next one that comes, such as 02:00; or an instant, such as 2026-03-01T02:00:00Z."),
		zone: z
			.string()
			.refine(isTimeZone, "A time zone such as Europe/Berlin")
			.default("UTC")
			.describe("Time zone of a time of day, by its IANA name."),
		every_s: z.number().min(1).max(3_600).default(10).describe("How often it is looked at, in seconds."),
		timeout_s: z
			.number()
			.min(1)
			.max(604_800)
			.optional()
			.describe("Longest wait in seconds, after which the step has failed; left out: an hour, and none for `time`."),
		ca: Ca,
	})
	.superRefine(({ url, condition, time, that }, { addIssue }) => {
		const given = [url, condition, time].filter((one) => one !== undefined).length;
		if (given !== 1) addIssue({ code: "custom", message: "Give one of url, condition and time" });
		if (that !== undefined && url === undefined) {
			addIssue({ code: "custom", path: ["that"], message: "Looks at the answer of `url`" });
		}
	});
type Params = z.output<typeof params>;

/** What it remembers while it waits. */
const State = z.object({ since: z.coerce.date(), due: z.coerce.date(), looked: z.int(), last: z.string() });
type State = z.output<typeof State>;

/** Goes on when something is so. */
export const stepType = defineServerStep({
	type: "wait_until",
	label: "Wait until",
	description:
		"Waits until an address answers as it should, an expression is true, or a time has come. Result: `waited_s`, `looked` (how often), and of an address `status` and `value` (what `that` came to).",
	category: "flow",
	aliases: ["until"],
	runs_on: "server",
	mode: "read",
	own_templates: ["condition"],
	params,
	example: { url: "https://netbox.example.net/api/status/", that: "plugins", timeout_s: 600 },
	async run(context) {
		const { params, now } = context;
		const begun = State.safeParse(context.state);
		const state = begun.success ? begun.data : begin(params, now());
		if ("error" in state) return { result: {}, error: state.error };
		const waited_s = () => Math.round((now().getTime() - state.since.getTime()) / 1000);
		if (params.time !== undefined) {
			return now() >= state.due ? { result: { waited_s: waited_s(), looked: 1 } } : again(state, state.due);
		}
		const seen = params.url === undefined ? await askVariables(context) : await askOutside(context, params.url);
		const looked = state.looked + 1;
		if (seen.holds) return { result: { waited_s: waited_s(), looked, ...seen.result } };
		const next = new Date(now().getTime() + params.every_s * 1000);
		if (now() < state.due) return again({ ...state, looked, last: seen.last }, next < state.due ? next : state.due);
		const message = `It was not so within ${waited_s()} s, looked at ${looked} times; at last: ${seen.last}`;
		return { result: { waited_s: waited_s(), looked }, error: { code: "procedure.step_timeout", message } };
	},
});

function begin(params: Params, since: Date): State | { error: OperationError } {
	const state = { since, looked: 0, last: "" };
	const after = (seconds: number) => new Date(since.getTime() + seconds * 1000);
	if (params.time === undefined) return { ...state, due: after(params.timeout_s ?? 3_600) };
	const due = nextTime(params.time, params.zone, since);
	if (params.timeout_s === undefined || due <= after(params.timeout_s)) return { ...state, due };
	const message = `${due.toISOString()} is later than the ${params.timeout_s} s that the step may wait`;
	return { error: { code: "procedure.step_timeout", message } };
}

function again(state: State, until: Date): ServerStepResult {
	const stored = { ...state, since: state.since.toISOString(), due: state.due.toISOString() };
	return { wait: { state: stored, until, waiting_for: { kind: "time", until: until.toISOString() } } };
}

type Seen = { holds: true; result: Record<string, unknown> } | { holds: false; last: string };

/** @throws template.* */
async function askVariables({ params, isTrue }: ServerStepContext<Params>): Promise<Seen> {
	const condition = params.condition ?? "";
	return (await isTrue(condition)) ? { holds: true, result: {} } : { holds: false, last: `${condition} is not true` };
}

/** A server that is away may come back. @throws outbound.refused, outbound.bad_request, parse.* */
async function askOutside({ params, outbound, signal }: ServerStepContext<Params>, url: string): Promise<Seen> {
	const { headers, expect_status, that, ca } = params;
	try {
		const answer = await outbound.request({
			method: "GET",
			url,
			headers,
			max_response_bytes: most_bytes,
			...(ca !== undefined && { ca }),
			signal,
		});
		const { status } = answer;
		if (!isExpected(status, expect_status)) return { holds: false, last: `status ${status}` };
		if (that === undefined) return { holds: true, result: { status } };
		const value = compileJmespath(that).search(readJson(answer));
		if (isSomething(value)) return { holds: true, result: { status, value: cutValue(value).value } };
		return { holds: false, last: `\`${that}\` came to ${JSON.stringify(value).slice(0, 200)}` };
	} catch (error) {
		if (error instanceof SyntaxError) return { holds: false, last: "the answer is no JSON" };
		if (signal.aborted || !isAppError(error)) throw error;
		const passing =
			error.code.startsWith("outbound.") && !["outbound.refused", "outbound.bad_request"].includes(error.code);
		if (passing) return { holds: false, last: error.message };
		throw error;
	}
}

/** As JMESPath counts it: not null, false, nor empty. */
function isSomething(value: unknown): boolean {
	if (value === null || value === undefined || value === false || value === "") return false;
	return typeof value !== "object" || Object.keys(value).length > 0;
}
