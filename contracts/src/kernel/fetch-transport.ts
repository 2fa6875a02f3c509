import { type Transport, wireRequest } from "./client.ts";
import { Problem } from "./errors.ts";

/** An answer that was not a success. */
export class ApiProblem extends Error {
	override readonly name = "ApiProblem";
	readonly problem: Problem;

	constructor(problem: Problem) {
		super(problem.detail);
		this.problem = problem;
	}
}

/** What a call may be given besides its input. */
export interface FetchOptions {
	/** Gives the call up: it then throws `fetch`'s AbortError. */
	signal?: AbortSignal;
}

/**
 * Carries calls over the public API with the platform's `fetch`.
 * @param url where the API is, without a path: `http://127.0.0.1:8000`; empty in a page that the server itself delivered
 * @param token access or API token to send, asked for at each call
 * @throws ApiProblem for an answer that is not a success; `fetch`'s own TypeError when there is no answer
 */
export function createFetchTransport({
	url,
	token,
}: {
	url: string;
	token(): string | undefined | Promise<string | undefined>;
}): Transport<FetchOptions | undefined> {
	return async (operation, _, input, options) => {
		const { method, url: path, body } = wireRequest(operation, input);
		const bearer = operation.public === true ? undefined : await token();
		const response = await fetch(`${url}${path}`, {
			method,
			headers: {
				...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
				...(body !== undefined && { "content-type": "application/json" }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			...(options?.signal !== undefined && { signal: options.signal }),
		});
		const text = await response.text();
		if (!response.ok) throw new ApiProblem(readProblem(text, response.status));
		if (operation.returns === undefined) return undefined;
		return operation.produces === undefined ? JSON.parse(text) : text;
	};
}

/** What a failed answer says; something in between (a proxy) may have answered in words of its own. */
export function readProblem(text: string, status: number): Problem {
	try {
		return Problem.parse(JSON.parse(text));
	} catch {
		const title = `The server answered with status ${status}`;
		return { type: "about:blank", title, status, code: "service.bad_answer", detail: text.slice(0, 500) || title };
	}
}
