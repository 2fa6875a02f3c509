import type { z } from "zod";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Everything about an operation in one place: route, client, OpenAPI and permission check all come from it. */
export interface Operation {
	method: Method;
	/** Path with `:name` parameters. */
	path: string;
	params?: z.ZodType;
	query?: z.ZodType;
	body?: z.ZodType;
	returns?: z.ZodType;
	/** Success status; 200 unless told, 204 when nothing is returned. */
	status?: number;
	/** Takes its body as a form too (`application/x-www-form-urlencoded`), as protocols of others ask for. */
	forms?: true;
	/** Content type of the answer when it is not JSON; `returns` is then a string. */
	produces?: string;
	/** `resource:action` that the actor must hold. */
	permission?: string;
	/** Needs no token. */
	public?: boolean;
	/** Any signed-in actor may call it (about themselves). */
	authenticated?: boolean;
	/** Only with a service token; the gateway never routes it. */
	internal?: boolean;
	/**
	 * What it is to an actor whose role covers only some devices: `devices` shows and touches no others, as if those did not exist; `none` has
	 * nothing to do with devices. One that says neither is refused to them. Whom an operation is open to without a token, it is open to anyway.
	 */
	scope?: "devices" | "none";
	/** Codes of this domain's catalogue that it may answer, besides the kernel's. */
	errors?: readonly string[];
	/** Largest accepted body in bytes; 1 MiB unless told. */
	max_body_bytes?: number;
	/** Time the caller waits by default, in milliseconds; 30 s unless told. */
	timeout_ms?: number;
	/** False for an operation that is not GET but changes nothing, so needs no audit record. */
	changes?: boolean;
	/**
	 * True for a GET whose answer depends on what is asked, on which devices the asker's role covers, and on nothing else of theirs: equal questions
	 * that come together share one answer, and services may keep it until what it is made of changes.
	 */
	same_for_all?: true;
	/** One line for people: OpenAPI summary, audit record, CLI. */
	summary: string;
	description?: string;
}

type Access =
	| { permission: string; public?: never; authenticated?: never }
	| { public: true; permission?: never; authenticated?: never }
	| { authenticated: true; permission?: never; public?: never };

type Shape = Omit<Operation, "method" | "path" | "permission" | "public" | "authenticated" | "internal">;

/** Deny by default: an operation that names no permission (nor that it is public, or for any signed-in user) does not compile. */
type Declared = Shape & Access;

function declare<const M extends Method>(method: M) {
	return <const D extends Declared>(path: string, declared: D) => ({ method, path, ...declared });
}

export const get = declare("GET");
export const post = declare("POST");
export const put = declare("PUT");
export const patch = declare("PATCH");
export const del = declare("DELETE");

/** An operation between services: a POST that is callable only with a service token and never routed by the gateway. */
export function internal<const D extends Omit<Shape, "scope">>(path: `/internal/${string}`, declared: D) {
	return { method: "POST" as const, path, internal: true as const, ...declared };
}

export interface Api<O extends Record<string, Operation> = Record<string, Operation>> {
	name: string;
	operations: O;
}

/** Declares the operations of a domain. The name is the service that serves them. */
export function defineApi<const O extends Record<string, Operation>>(name: string, operations: O): Api<O> {
	return { name, operations };
}

type In<T> = T extends z.ZodType ? z.input<T> : never;
type Out<T> = T extends z.ZodType ? z.output<T> : never;
type Part<K extends string, T, V> = T extends z.ZodType
	? Record<never, never> extends V
		? { [P in K]?: V }
		: { [P in K]: V }
	: unknown;

/** What a caller hands over: params, query and body before parsing. */
export type CallInput<O extends Operation> = Part<"params", O["params"], In<O["params"]>> &
	Part<"query", O["query"], In<O["query"]>> &
	Part<"body", O["body"], In<O["body"]>>;

/** What a handler is given: the same after parsing, defaults filled in. */
export interface HandlerInput<O extends Operation> {
	params: O["params"] extends z.ZodType ? Out<O["params"]> : undefined;
	query: O["query"] extends z.ZodType ? Out<O["query"]> : undefined;
	body: O["body"] extends z.ZodType ? Out<O["body"]> : undefined;
}

/** What a caller gets back. */
export type CallOutput<O extends Operation> = O["returns"] extends z.ZodType ? Out<O["returns"]> : undefined;

/** What a handler must return: the input side of the contract, so a default may be left out. */
export type HandlerOutput<O extends Operation> = O["returns"] extends z.ZodType ? In<O["returns"]> : undefined;

/** Success status of an operation. */
export function successStatus(operation: Operation): number {
	return operation.status ?? (operation.returns === undefined ? 204 : 200);
}

/** Whether the operation changes something, and so must be recorded by audit. */
export function isChange(operation: Operation): boolean {
	return operation.changes ?? (operation.method !== "GET" && operation.internal !== true);
}

/** Whether it may be repeated after a lost answer without a second effect. */
export function isSafe(operation: Operation): boolean {
	return operation.method === "GET" || operation.changes === false;
}
