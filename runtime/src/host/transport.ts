import { wireRequest } from "@netconductor/contracts/kernel/client";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import { failed, fromProblem, toProblem } from "../errors.ts";
import { currentTraceId, withSpan } from "../telemetry.ts";
import type { Invoke, RawCall, ServiceTransport } from "./call.ts";

export interface CallInputs {
	params?: Record<string, unknown>;
	query?: Record<string, unknown>;
	body?: unknown;
}

/** The input of a typed call in the form the wire gives it: strings in the path and query, plain JSON in the body. */
export function toRawCall(operation: Operation, input: CallInputs): RawCall {
	const { url, body } = wireRequest(operation, input);
	const query: Record<string, string | string[]> = {};
	const at = url.indexOf("?");
	if (at >= 0) {
		for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
			const before = query[name];
			query[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
		}
	}
	const params = Object.fromEntries(Object.entries(input.params ?? {}).map(([name, value]) => [name, String(value)]));
	return body === undefined ? { params, query, body } : Object.assign(jsonCopy(body, operation), { params, query });
}

/** A call that goes on to another process needs the text alone; the copy is made when somebody here looks. */
function jsonCopy(body: unknown, operation: Operation): Pick<RawCall, "json" | "body"> {
	const json = JSON.stringify(body);
	checkBodySize(json.length, operation);
	let copy: { body: unknown } | undefined;
	return {
		json,
		get body() {
			copy ??= { body: JSON.parse(json) };
			return copy.body;
		},
	};
}

export const defaultMaxBodyBytes = 1024 * 1024;

function checkBodySize(bytes: number, operation: Operation): void {
	const limit = operation.max_body_bytes ?? defaultMaxBodyBytes;
	if (bytes > limit) {
		throw failed("request.too_large", { message: `The body has ${bytes} bytes; ${operation.path} takes ${limit}` });
	}
}

/**
 * Calls a service of this process. It does not lie: input is copied in wire form, the same permission check and validation run,
 * and errors are made anew from their wire form, so that nothing works here that would fail between processes.
 */
export function createLocalTransport(api: Api, invoke: Invoke): ServiceTransport {
	return {
		call: (_, name, raw, caller) =>
			withSpan(`${api.name}.${name}`, {}, async () => {
				try {
					return await invoke(name, raw, caller);
				} catch (error) {
					throw asReceived(error);
				}
			}),
		close: async () => {},
	};
}

function asReceived(error: unknown) {
	return fromProblem(toProblem(error as never, currentTraceId()));
}
