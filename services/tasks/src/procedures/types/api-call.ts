import type { OperationError } from "@netconductor/contracts/tasks/model";
import { compileJmespath } from "@netconductor/driver-parsers/jmespath/jmespath";
import type { OutboundResponse } from "@netconductor/runtime/http/outbound";
import { z } from "zod";
import {
	Ca,
	ExpectStatus,
	Headers,
	isExpected,
	Jmespath,
	keptBody,
	most_bytes,
	Query,
	readJson,
	TimeoutS,
	Url,
	unexpectedStatus,
	uuidOf,
} from "../shared/outside.ts";
import { cutValue } from "../shared/shown-output.ts";
import { defineServerStep } from "../step-type.ts";

const params = z
	.strictObject({
		url: Url,
		method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET").describe("Method of the request."),
		headers: Headers,
		query: Query,
		json: z.unknown().optional().describe("What is sent, as JSON."),
		body: z.string().max(1_000_000).optional().describe("What is sent, as it stands here; in place of `json`."),
		expect_status: ExpectStatus,
		timeout_s: TimeoutS,
		parse: z
			.enum(["json", "text", "none"])
			.optional()
			.describe("How the answer is read; left out: as JSON where its content type says so, as text otherwise."),
		extract: z
			.union([Jmespath, z.record(z.string().min(1).max(100), Jmespath)])
			.optional()
			.describe("JMESPath of what is taken from the JSON of the answer, or several by name."),
		ca: Ca,
	})
	.superRefine(({ json, body, method, extract, parse }, { addIssue }) => {
		const fault = (path: string, message: string) => addIssue({ code: "custom", path: [path], message });
		if (json !== undefined && body !== undefined) fault("body", "Sends either `json` or `body`, not both");
		if (method === "HEAD" || method === "GET") {
			if (json !== undefined) fault("json", `${method} sends nothing`);
			if (body !== undefined) fault("body", `${method} sends nothing`);
		}
		if (extract !== undefined && parse !== undefined && parse !== "json") {
			fault("extract", "Takes from JSON, and `parse` says otherwise");
		}
	});
type Params = z.output<typeof params>;

/** Asks an API outside. */
export const stepType = defineServerStep({
	type: "api_call",
	label: "Call an API",
	description:
		"Sends an HTTP request and looks at the answer. What is not a GET or HEAD carries an Idempotency-Key, the same when the step is carried out again. Result: `status`, `headers`, `body` (JSON or text), `extracted`, `cut` (true when there is more than is kept), `duration_ms`.",
	category: "outside",
	aliases: ["http_request", "rest_call"],
	runs_on: "server",
	mode: "write",
	changes: ({ method }) => method !== "GET" && method !== "HEAD",
	changes_by: ["method"],
	params,
	example: {
		url: "https://netbox.example.net/api/dcim/sites/",
		headers: { authorization: "Token {{ netbox_token }}" },
		query: { slug: "{{ site }}" },
		extract: "results[0].id",
	},
	async run({ params, step, outbound, signal }) {
		const answer = await outbound.request({ ...requestOf(params, step.key), signal });
		const { status, headers, duration_ms } = answer;
		const { body, error } = read(params, answer);
		const extracted = error === undefined ? extract(params.extract, body) : null;
		const kept = keptBody(params.parse === "none" ? null : body, 80_000);
		const taken = cutValue(extracted, 80_000);
		const result = {
			status,
			headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.slice(0, 500)])),
			body: kept.body,
			extracted: taken.value,
			cut: kept.cut || taken.cut,
			duration_ms,
		};
		if (!isExpected(status, params.expect_status)) {
			return { result, error: unexpectedStatus(answer, params.expect_status) };
		}
		return error === undefined ? { result } : { result, error };
	},
});

function requestOf({ url, method, headers, query, json, body, timeout_s, ca }: Params, key: string) {
	const target = new URL(url);
	for (const [name, values] of Object.entries(query)) {
		for (const value of [values].flat()) target.searchParams.append(name, value);
	}
	const sent = json === undefined ? body : JSON.stringify(json);
	const writes = method !== "GET" && method !== "HEAD";
	return {
		method,
		url: target.href,
		headers: {
			...(json !== undefined && { "content-type": "application/json" }),
			...(writes && { "idempotency-key": uuidOf(key) }),
			...lowerCase(headers),
		},
		...(sent !== undefined && { body: sent }),
		timeout_ms: timeout_s * 1000,
		max_response_bytes: most_bytes,
		...(ca !== undefined && { ca }),
	};
}

/** So that a header which is given takes the place of ours. */
function lowerCase(headers: Record<string, string>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function read({ parse, extract }: Params, answer: OutboundResponse): { body: unknown; error?: OperationError } {
	const says = /^[^;]*[/+]json\s*(?:;|$)/i.test(answer.headers["content-type"] ?? "");
	const needed = parse === "json" || extract !== undefined;
	if (!needed && !(says && parse === undefined)) return { body: answer.body.toString() };
	try {
		return { body: readJson(answer) };
	} catch {
		const body = answer.body.toString();
		const message = `${new URL(answer.url).origin} answered with what is no JSON`;
		return needed ? { body, error: { code: "outbound.unexpected_answer", message } } : { body };
	}
}

/** @throws parse.jmespath_failed */
function extract(wanted: Params["extract"], body: unknown): unknown {
	if (wanted === undefined) return null;
	if (typeof wanted === "string") return compileJmespath(wanted).search(body);
	return Object.fromEntries(
		Object.entries(wanted).map(([name, source]) => [name, compileJmespath(source).search(body)]),
	);
}
