import type { Problem } from "@netconductor/contracts/kernel/errors";

/** What the process ends with; `--help` documents them. 130 is what shells expect after Ctrl-C. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, forbidden: 3, unreachable: 4, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The one error of the command line: a problem document, the server's or our own, and the exit code it leads to. */
export class Failure extends Error {
	override readonly name = "Failure";
	readonly problem: Problem;
	readonly exit_code: ExitCode;
	/** What the person can do about it, where the problem alone does not say; what takes a call is found out when it is told. */
	readonly hint: string | (() => Promise<string>) | undefined;

	constructor(problem: Problem, exit_code: ExitCode, hint?: Failure["hint"]) {
		super(problem.detail);
		this.problem = problem;
		this.exit_code = exit_code;
		this.hint = hint;
	}
}

function ownProblem(code: string, status: number, title: string, detail: string): Problem {
	return { type: "about:blank", title, status, code, detail };
}

/** A command line that cannot be obeyed as it stands. */
export function usageFailure(detail: string, hint?: string): Failure {
	return new Failure(ownProblem("cli.usage", 400, "The command line is not valid", detail), exitCodes.usage, hint);
}

/** Something asked for by name that is not there. */
export function notFoundFailure(code: string, detail: string, hint?: string): Failure {
	return new Failure(ownProblem(code, 404, "Not found", detail), exitCodes.failed, hint);
}

/** The work was done but did not come out well, or could not be done here. */
export function workFailure(code: string, title: string, detail: string, hint?: string): Failure {
	return new Failure(ownProblem(code, 500, title, detail), exitCodes.failed, hint);
}

/** No NetConductor answers at the address. */
export function unreachableFailure(url: string, reason: string): Failure {
	return new Failure(
		ownProblem("cli.unreachable", 503, "The server cannot be reached", `${url}: ${reason}`),
		exitCodes.unreachable,
		"Is it running (`netconductor serve`)? Another address is set with --url or NETCONDUCTOR_URL.",
	);
}

/** Nobody is signed in at the address, or not any more. */
export function signedOutFailure(url: string, detail = `You are not signed in at ${url}.`): Failure {
	return new Failure(
		ownProblem("auth.unauthenticated", 401, "Sign in first", detail),
		exitCodes.forbidden,
		`Sign in with \`netconductor login --url ${url}\`, or set NETCONDUCTOR_TOKEN to an API token.`,
	);
}

/** The failure that a server's problem document stands for. */
export function serverFailure(problem: Problem): Failure {
	if (problem.status === 401 || problem.status === 403) return new Failure(problem, exitCodes.forbidden);
	return new Failure(problem, problem.code === "request.invalid" ? exitCodes.usage : exitCodes.failed);
}

export function isFailure(error: unknown): error is Failure {
	return error instanceof Error && error.name === "Failure" && "problem" in error;
}

/** Whether it is the role of who is signed in that does not open this to them. */
export function isNotForRole(error: unknown): error is Failure {
	return hasProblem(error, "auth.forbidden", "auth.out_of_scope");
}

export function hasProblem(error: unknown, ...codes: string[]): error is Failure {
	return isFailure(error) && codes.includes(error.problem.code);
}
