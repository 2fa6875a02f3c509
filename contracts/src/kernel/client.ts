import type { Api, CallInput, CallOutput, Operation } from "./operation.ts";

/** A call as it goes over the wire, before any transport. */
export interface WireRequest {
	method: Operation["method"];
	/** Path with parameters filled in and the query string, starting with `/`. */
	url: string;
	/** JSON body, or undefined. */
	body: unknown;
}

type LooseInput = { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };

/** Fills a path's parameters and query. Undefined query values are left out, lists are repeated. */
export function wireRequest(operation: Operation, input: LooseInput): WireRequest {
	const path = operation.path.replace(/:([a-z_0-9]+)/g, (_, name: string) => {
		const value = input.params?.[name];
		if (value === undefined) throw new TypeError(`${operation.method} ${operation.path} needs the parameter ${name}`);
		return encodeURIComponent(String(value));
	});
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(input.query ?? {})) {
		if (value === undefined || value === null) continue;
		for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item));
	}
	const query = search.toString();
	return { method: operation.method, url: query === "" ? path : `${path}?${query}`, body: input.body };
}

/** Typed calls of one contract. `C` is what a transport takes besides the input (context, abort signal). */
export type Client<A extends Api, C = undefined> = {
	[K in keyof A["operations"]]: (
		input: CallInput<A["operations"][K]>,
		...context: C extends undefined ? [] : [context: C]
	) => Promise<CallOutput<A["operations"][K]>>;
};

/** Carries one call. Throws the error it was answered with. */
export type Transport<C = undefined> = (
	operation: Operation,
	name: string,
	input: LooseInput,
	context: C,
) => Promise<unknown>;

/** A typed client of `api` over any transport: between services, in the CLI, in the browser. */
export function createClient<A extends Api, C = undefined>(api: A, transport: Transport<C>): Client<A, C> {
	return Object.fromEntries(
		Object.entries(api.operations).map(([name, operation]) => [
			name,
			(input: LooseInput, context: C) => transport(operation, name, input ?? {}, context),
		]),
	) as unknown as Client<A, C>;
}
