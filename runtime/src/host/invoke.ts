import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import { type FieldError, statusOfKind } from "@netconductor/contracts/kernel/errors";
import { type Api, isChange, type Operation, successStatus } from "@netconductor/contracts/kernel/operation";
import type { z } from "zod";
import { type AppError, failed, toAppError } from "../errors.ts";
import { newId } from "../id.ts";
import type { Log } from "../log.ts";
import type { AuditTrail } from "./audit-trail.ts";
import type { Answer, CallerContext, ChangeNote, Invoke, RawCall } from "./call.ts";
import { type EndOfCall, endOf } from "./end-of-call.ts";
import { createKeptAnswers } from "./kept-answers.ts";
import type { BuiltService, Call, Handlers } from "./service.ts";
import { createSharedReads } from "./shared-reads.ts";

export interface InvokerNeeds {
	api: Api;
	handlers: Handlers<Api>;
	/** Absent for services without a database, which have no changing operations. */
	audit: AuditTrail | undefined;
	/** Told of every answer, for the metrics. */
	observe(seen: { operation: string; method: string; status: number; seconds: number }): void;
	/** Answers that are kept for as long as what they are made of stays as it is. */
	keeps: BuiltService<Api>["keeps"];
	log: Log;
}

export const anonymous: Actor = { kind: "system", id: "anonymous", name: "anonymous", permissions: [] };

const defaultTimeoutMs = 30_000;

/**
 * The one way into a service, whatever the transport: permission, validation, deadline, audit, handler, validation of the answer.
 * Both transports end here, so that an operation behaves the same in one process and in many.
 */
export function createInvoker({ api, handlers, audit, observe, keeps, log }: InvokerNeeds): Invoke {
	const sharedRead = createSharedReads<Answer>();
	const keptAnswer = keeps && createKeptAnswers(keeps.state);
	const kept = new Set(keeps?.operations);

	return async (name, raw, caller) => {
		const started = performance.now();
		const operation = Object.hasOwn(api.operations, name) ? api.operations[name] : undefined;
		if (operation === undefined)
			throw failed("request.unknown_route", { message: `${api.name} has no operation ${name}` });
		try {
			const answer = await perform(operation, name, raw, caller);
			observe({ ...seen(name, operation, started), status: answer.status });
			return answer;
		} catch (thrown) {
			const error = toAppError(thrown);
			if (error.kind === "internal") log.error({ err: thrown, operation: name }, "operation failed unexpectedly");
			observe({ ...seen(name, operation, started), status: statusOfKind[error.kind] });
			throw error;
		}
	};

	async function perform(operation: Operation, name: string, raw: RawCall, caller: CallerContext): Promise<Answer> {
		const denial = whyDenied(operation, caller.actor);
		const changes = isChange(operation);
		if (denial !== undefined) {
			if (changes && caller.actor.id !== anonymous.id) await audit?.recordDenied(name, operation, caller, denial);
			throw denial;
		}
		const input = parseInput(operation, raw);
		const deadline_at = Math.min(
			caller.deadline_at ?? Number.POSITIVE_INFINITY,
			performance.now() + (operation.timeout_ms ?? defaultTimeoutMs),
		);
		if (deadline_at <= performance.now())
			throw failed("request.deadline_exceeded", { message: `${name} was called too late` });
		const end = endOf(caller.signal, deadline_at);
		const { signal } = end;
		const notes: ChangeNote = {};
		const call: Call<Operation> = {
			...input,
			actor: caller.actor,
			signal,
			deadline_at,
			request_id: caller.request_id ?? newId(),
			worker_pool: caller.worker_pool,
			note: (change) => void Object.assign(notes, change),
		};
		const handler = handlers[name];
		if (handler === undefined) throw new TypeError(`${api.name}.${name} has no handler`);
		const answer = async (given: Call<Operation>) => encode(operation, name, await handler(given as never));
		const work = () => {
			if (operation.same_for_all) return sharedAnswer(operation, name, input, caller.actor, answer);
			if (!changes) return answer(call);
			const change = audited(name, operation, raw, call, notes, () => handler(call as never));
			return change.then((result) => encode(operation, name, result));
		};
		try {
			if (signal.aborted) throw whyEnded(end, name);
			return await untilAborted(work(), signal, () => whyEnded(end, name));
		} finally {
			end.forget();
		}
	}

	/** Read on nobody's behalf but for the devices that a role covers: no one caller's going away ends it, and what depended on the caller would fail. */
	function sharedAnswer(
		operation: Operation,
		name: string,
		input: ReturnType<typeof parseInput>,
		{ device_groups }: Actor,
		answer: (call: Call<Operation>) => Promise<Answer>,
	): Promise<Answer> {
		const actor = device_groups === undefined ? anonymous : { ...anonymous, device_groups };
		const question = `${name} ${JSON.stringify([device_groups, input])}`;
		const read = async () => {
			const deadline_at = performance.now() + (operation.timeout_ms ?? defaultTimeoutMs);
			const end = endOf(undefined, deadline_at);
			const { signal } = end;
			try {
				return await answer({ ...input, actor, signal, deadline_at, request_id: newId(), note: () => {} });
			} finally {
				end.forget();
			}
		};
		return sharedRead(question, () =>
			keptAnswer !== undefined && kept.has(name) ? keptAnswer(question, read) : read(),
		);
	}

	/** The record of what is about to happen is stored before it happens; without it nothing happens. */
	async function audited(
		name: string,
		operation: Operation,
		raw: RawCall,
		call: Call<Operation>,
		notes: ChangeNote,
		work: () => Promise<unknown>,
	): Promise<unknown> {
		if (audit === undefined)
			throw new TypeError(`${api.name}.${name} changes something but ${api.name} has no audit trail`);
		const intent = await audit.begin(name, operation, raw, call);
		try {
			const result = await work();
			await intent.finish("succeeded", notes);
			return result;
		} catch (thrown) {
			await intent.finish("failed", notes, toAppError(thrown).code);
			throw thrown;
		}
	}
}

function seen(operation: string, { method }: Operation, started: number) {
	return { operation, method, seconds: (performance.now() - started) / 1000 };
}

/** Why the actor may not call the operation, or undefined. */
export function whyDenied(operation: Operation, actor: Actor): AppError | undefined {
	// Only our own services get here with an internal operation: the gateway has no route for it.
	if (operation.internal || operation.public) return undefined;
	if (actor.id === anonymous.id) {
		return failed("auth.unauthenticated", { message: "Sign in, or send an API token as `Authorization: Bearer …`" });
	}
	const permitted =
		operation.authenticated || (operation.permission !== undefined && isPermitted(actor, operation.permission));
	if (!permitted) {
		return failed("auth.forbidden", {
			message: `${actor.name} does not hold the permission ${operation.permission ?? "for this"}`,
			details: { permission: operation.permission },
		});
	}
	if (actor.device_groups === undefined || operation.scope !== undefined) return undefined;
	return failed("auth.out_of_scope", {
		message: `The role of ${actor.name} is limited to some device groups, and this is not open to such roles: ${operation.summary}. Ask somebody whose role covers every device.`,
	});
}

const parts = ["params", "query", "body"] as const;

function parseInput(operation: Operation, raw: RawCall) {
	const problems: FieldError[] = [];
	const input: Record<(typeof parts)[number], unknown> = { params: undefined, query: undefined, body: undefined };
	for (const part of parts) {
		const schema = operation[part];
		if (schema === undefined) continue;
		const fault = faultIn(raw[part], part);
		if (fault !== undefined) {
			problems.push(fault);
			continue;
		}
		const parsed = schema.safeParse(raw[part]);
		if (parsed.success) input[part] = parsed.data;
		else problems.push(...parsed.error.issues.map((issue) => fieldError(part, issue)));
	}
	if (problems.length > 0) {
		const [first] = problems;
		const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
		throw failed("request.invalid", {
			message: `${first?.path}: ${first?.message}${more}`,
			errors: problems.slice(0, 100),
		});
	}
	return input as never as { params: never; query: never; body: never };
}

/** Deeper than anything we take, and shallow enough for every function that calls itself on what is inside. */
const deepestInput = 64;

/** What no input of ours may have: NUL, which PostgreSQL's text does not hold, and nesting without end. */
function faultIn(value: unknown, path: string, depth = 0): FieldError | undefined {
	if (typeof value === "string") return value.includes("\0") ? withNul(path) : undefined;
	if (typeof value !== "object" || value === null) return undefined;
	if (depth > deepestInput) return { path: path.split(".", 2).join("."), message: "Nested too deeply" };
	for (const [key, item] of Object.entries(value)) {
		const found = key.includes("\0") ? withNul(path) : faultIn(item, `${path}.${key}`, depth + 1);
		if (found !== undefined) return found;
	}
	return undefined;
}

function withNul(path: string): FieldError {
	return { path, message: "Must not contain NUL characters" };
}

function fieldError(part: string, issue: z.core.$ZodIssue): FieldError {
	return { path: [part, ...issue.path.map(String)].join("."), message: issue.message, code: issue.code };
}

function encode(operation: Operation, name: string, result: unknown): Answer {
	const status = successStatus(operation);
	if (operation.returns === undefined) return { status, content_type: "", payload: "" };
	const parsed = operation.returns.safeParse(result);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		throw failed("service.bad_answer", {
			message: `${name} answered outside its contract`,
			cause: new TypeError(`${name}: ${issue?.path.join(".")}: ${issue?.message}`),
		});
	}
	if (operation.produces !== undefined) {
		return { status, content_type: operation.produces, payload: parsed.data as string };
	}
	return { status, content_type: "application/json; charset=utf-8", payload: JSON.stringify(parsed.data) };
}

function whyEnded(end: EndOfCall, name: string): AppError {
	return end.isLate()
		? failed("request.deadline_exceeded", { message: `${name} did not finish in time` })
		: failed("request.cancelled", { message: `The caller of ${name} went away` });
}

/** The caller is answered at the deadline even when the work goes on; its outcome is still recorded. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal, why: () => AppError): Promise<T> {
	const { promise, resolve, reject } = Promise.withResolvers<T>();
	const onAbort = () => reject(why());
	signal.addEventListener("abort", onAbort, { once: true });
	work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
	return promise;
}
