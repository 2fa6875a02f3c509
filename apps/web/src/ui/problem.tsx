import { Button } from "@mantine/core";
import type { Problem } from "@netconductor/contracts/kernel/errors";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { isCodeMissing } from "../api/load-code.ts";
import { NoAnswer } from "../api/page-transport.ts";
import { Notice } from "./notice.tsx";

const mostFields = 30;

/** What went wrong as a problem, also when there was no answer at all. */
export function problemOf(error: unknown): Problem {
	if (error instanceof ApiProblem) return error.problem;
	if (isCodeMissing(error)) {
		return {
			type: "about:blank",
			title: "The server does not answer",
			detail:
				"This page could not be loaded: NetConductor is away, or was upgraded since this tab was opened. Trying again loads the page anew.",
			status: 0,
			code: "service.unavailable",
		};
	}
	const offline = error instanceof NoAnswer;
	return {
		type: "about:blank",
		title: offline ? "The server does not answer" : "This page failed",
		detail: offline
			? "Check that NetConductor runs and that this machine reaches it; then try again."
			: error instanceof Error
				? error.message
				: String(error),
		status: 0,
		code: offline ? "service.unavailable" : "internal.unexpected",
	};
}

/** Whether the detail says more than the title, which ends without a stop. */
export function saysMore({ title, detail }: Problem): boolean {
	return detail.replace(/\.$/, "") !== title;
}

/** An error for the person who must act: what happened, what was wrong, the trace id to ask an administrator with. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
	const problem = problemOf(error);
	return (
		<Notice tone="bad" icon="warning" title={problem.title} role="alert">
			{saysMore(problem) && <div>{visibleLine(problem.detail)}</div>}
			{problem.errors !== undefined && problem.errors.length > 0 && (
				<ul>
					{problem.errors.slice(0, mostFields).map(({ path, message }) => (
						<li key={`${path} ${message}`}>
							<span className="nc-mono">{visibleLine(fieldName(path))}</span>: {visibleLine(message)}
						</li>
					))}
				</ul>
			)}
			{(onRetry !== undefined || problem.trace_id !== undefined) && (
				<div className="nc-notice-foot">
					{onRetry !== undefined && (
						<Button variant="default" onClick={onRetry}>
							Try again
						</Button>
					)}
					{problem.trace_id !== undefined && (
						<span className="nc-small">
							Trace id <span className="nc-mono">{visibleLine(problem.trace_id)}</span>
						</span>
					)}
				</div>
			)}
		</Notice>
	);
}

/** `body.port` is the API's word; beside a form the field alone is clearer. */
function fieldName(path: string): string {
	return path.replace(/^(body|query|params)\./, "");
}

/** Errors beside their fields, and whether any is left that belongs to none of `fields`. */
export function fieldErrors<F extends string>(
	error: unknown,
	fields: readonly F[],
	byCode: Partial<Record<string, F>> = {},
): { at: Partial<Record<F, string>>; rest: boolean } {
	if (error === null || error === undefined) return { at: {}, rest: false };
	const problem = problemOf(error);
	const at: Partial<Record<F, string>> = {};
	const named = byCode[problem.code];
	if (named !== undefined) at[named] = visibleLine(problem.detail);
	let rest = named === undefined && (problem.errors ?? []).length === 0;
	for (const { path, message } of problem.errors ?? []) {
		const field = fields.find((name) => fieldName(path).split(".")[0] === name);
		if (field === undefined) rest = true;
		else at[field] ??= visibleLine(message);
	}
	return { at, rest };
}
