import { apis } from "@netconductor/contracts/apis";
import { type Client, createClient, type Transport, wireRequest } from "@netconductor/contracts/kernel/client";
import { type FieldError, Problem } from "@netconductor/contracts/kernel/errors";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import type { z } from "zod";
import { exitCodes, Failure, serverFailure, signedOutFailure, unreachableFailure } from "./failure.ts";
import { withNearNames } from "./near-names.ts";
import type { Bearer } from "./session.ts";

/** Typed calls of every service. */
export type Clients = { [K in keyof typeof apis]: Client<(typeof apis)[K]> };

export interface TransportNeeds {
	/** Address of the server, without a slash at its end. */
	url: string;
	bearer: Bearer;
}

export function createClients(needs: TransportNeeds): Clients {
	const carry = createTransport(needs);
	const transport: Transport = async (operation, name, input, context) => {
		try {
			return await carry(operation, name, input, context);
		} catch (error) {
			throw withNearNames(clients, error, input.params?.id);
		}
	};
	const clients = Object.fromEntries(
		Object.entries(apis).map(([name, api]) => [name, createClient(api, transport)]),
	) as unknown as Clients;
	return clients;
}

/**
 * Carries calls over HTTP. What is sent is checked against the contract first, so that a slip on the command line is answered
 * without the server; what comes back is checked too. Errors are `Failure`s.
 */
function createTransport({ url, bearer }: TransportNeeds): Transport {
	return async (operation, _name, input) => {
		checkInput(operation, input);
		const send = async (token: string | undefined) => {
			const { method, url: path, body } = wireRequest(operation, input);
			return fetchFrom(url, path, {
				method,
				headers: {
					accept: operation.produces ?? "application/json",
					...(token !== undefined && { authorization: `Bearer ${token}` }),
					...(body !== undefined && { "content-type": "application/json" }),
				},
				...(body !== undefined && { body: JSON.stringify(body) }),
				timeout_ms: (operation.timeout_ms ?? 30_000) + 5_000,
			});
		};
		if (operation.public) return readAnswer(url, operation, await send(undefined));

		const token = await bearer.token();
		if (token === undefined) throw signedOutFailure(url);
		const response = await send(token);
		if (response.status !== 401) return readAnswer(url, operation, response);
		// A wrong current password is also answered with 401, and says so; a new token would not mend it.
		const refusal = await readProblem(url, response);
		if (refusal.problem.code !== "auth.unauthenticated" && refusal.problem.code !== "auth.session_ended") throw refusal;
		const renewed = await bearer.renew(token);
		if (renewed === undefined) throw refusal;
		return readAnswer(url, operation, await send(renewed));
	};
}

/** @throws cli.unreachable */
export async function fetchFrom(
	url: string,
	path: string,
	{ timeout_ms, ...init }: RequestInit & { timeout_ms: number },
): Promise<Response> {
	try {
		// A redirect would carry the token elsewhere.
		return await fetch(`${url}${path}`, { ...init, redirect: "error", signal: AbortSignal.timeout(timeout_ms) });
	} catch (error) {
		throw unreachableFailure(url, reasonOf(error, timeout_ms));
	}
}

function reasonOf(error: unknown, timeout_ms: number): string {
	if (!(error instanceof Error)) return String(error);
	if (error.name === "TimeoutError") return `no answer within ${Math.round(timeout_ms / 1000)} s`;
	const cause = error.cause as { code?: string; message?: string } | undefined;
	switch (cause?.code) {
		case "ECONNREFUSED":
			return "the connection was refused";
		case "ENOTFOUND":
		case "EAI_AGAIN":
			return "the name cannot be resolved";
		case "ECONNRESET":
		case "UND_ERR_SOCKET":
			return "the connection was closed without an answer";
		case "DEPTH_ZERO_SELF_SIGNED_CERT":
		case "SELF_SIGNED_CERT_IN_CHAIN":
		case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
		case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
			return "its certificate is not trusted here (NODE_EXTRA_CA_CERTS=file.pem trusts your own authority)";
		default:
			return cause?.message || cause?.code || error.message;
	}
}

function checkInput(operation: Operation, input: { params?: unknown; query?: unknown; body?: unknown }): void {
	const errors: FieldError[] = [];
	for (const part of ["params", "query", "body"] as const) {
		const schema = operation[part];
		if (schema === undefined) continue;
		const parsed = schema.safeParse(part === "body" ? input.body : (input[part] ?? {}));
		if (!parsed.success) errors.push(...parsed.error.issues.map((issue) => fieldError(part, issue)));
	}
	if (errors.length === 0) return;
	throw serverFailure({
		type: "/docs/errors/request.invalid",
		title: "The request is not valid",
		status: 400,
		code: "request.invalid",
		detail: "",
		errors,
	});
}

function fieldError(part: string, issue: z.core.$ZodIssue): FieldError {
	return { path: [part, ...issue.path.map(String)].join("."), message: issue.message };
}

async function readAnswer(url: string, operation: Operation, response: Response): Promise<unknown> {
	if (!response.ok) throw await readProblem(url, response);
	if (operation.returns === undefined) {
		await response.arrayBuffer();
		return undefined;
	}
	const text = await bodyOf(url, response);
	if (operation.produces !== undefined) return text;
	const parsed = operation.returns.safeParse(parseJson(text));
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new Failure(
		{
			type: "/docs/errors/service.bad_answer",
			title: "The server answered outside its contract",
			status: 502,
			code: "service.bad_answer",
			detail: `${operation.method} ${operation.path}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
		},
		exitCodes.failed,
		`Is NetConductor at ${url}, and of the same version as this command line?`,
	);
}

async function readProblem(url: string, response: Response): Promise<Failure> {
	const parsed = Problem.safeParse(parseJson(await bodyOf(url, response)));
	if (parsed.success) return serverFailure(parsed.data);
	return unreachableFailure(
		url,
		`what answers there is not NetConductor, or a proxy in front of it (HTTP ${response.status})`,
	);
}

async function bodyOf(url: string, response: Response): Promise<string> {
	try {
		return await response.text();
	} catch (error) {
		throw unreachableFailure(url, reasonOf(error, 0));
	}
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
