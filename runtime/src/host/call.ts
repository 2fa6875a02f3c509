import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Operation } from "@netconductor/contracts/kernel/operation";

/** For whom and how long a call runs. A handler's own call context can be handed on as it is. */
export interface CallerContext {
	actor: Actor;
	/** Aborts when the caller goes away. */
	signal?: AbortSignal;
	/** Instant of `performance.now()`, which no change of the clock moves, after which nobody waits for the answer. */
	deadline_at?: number;
	request_id?: string;
	/** Of a call that a worker makes: its pool, as its token proves. */
	worker_pool?: string | undefined;
}

/** What a change was made to, for the audit record. Later notes of one call overwrite earlier ones field by field. */
export interface ChangeNote {
	resource_type?: string;
	resource_id?: string;
	resource_name?: string;
	/** The resource before and after, without secrets. */
	before?: unknown;
	after?: unknown;
	/** Who acted, where the operation itself finds it out (sign-in). */
	actor?: { kind: Actor["kind"]; id: string; name: string };
}

/** A call as it arrives, by whichever transport: names and values as the wire has them, nothing parsed. */
export interface RawCall {
	params: Record<string, string>;
	query: Record<string, string | string[]>;
	body: unknown;
	/** The body as JSON, where whoever passes it on need not write it again. */
	json?: string | undefined;
}

/** An answer ready for the wire. */
export interface Answer {
	status: number;
	content_type: string;
	payload: string;
}

/** Performs one named operation. Throws only `AppError`. */
export type Invoke = (name: string, raw: RawCall, caller: CallerContext) => Promise<Answer>;

/** Carries a call to wherever a service runs and brings its answer. Errors are the same whichever way it goes. */
export interface ServiceTransport {
	call(operation: Operation, name: string, raw: RawCall, caller: CallerContext): Promise<Answer>;
	close(): Promise<void>;
}
