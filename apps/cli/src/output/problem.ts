import type { Problem } from "@netconductor/contracts/kernel/errors";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { hintFor } from "./hints.ts";
import type { Paint } from "./terminal.ts";

const mostFields = 30;

/** A problem as a person reads it: what, the details, each field that is wrong, what to do. Safe for a terminal. */
export function renderProblem(problem: Problem, hint: string | undefined, paint: Paint): string {
	const lines = [paint("bad", `error: ${visibleText(problem.title)}`)];
	if (problem.detail !== "" && problem.detail.replace(/\.$/, "") !== problem.title) lines.push(indent(problem.detail));
	if (problem.phase !== undefined) lines.push(`  phase: ${problem.phase}`);
	const fields = problem.errors ?? [];
	for (const { path, message } of fields.slice(0, mostFields)) lines.push(indent(`${shortPath(path)}: ${message}`));
	if (fields.length > mostFields) lines.push(`  … and ${fields.length - mostFields} more`);
	const todo = hint ?? hintFor(problem.code, nameIn(problem));
	if (todo !== undefined) lines.push(indent(todo));
	if (problem.status >= 500 && problem.trace_id !== undefined) lines.push(`  trace: ${visibleText(problem.trace_id)}`);
	return `${lines.join("\n")}\n`;
}

/** `body.port` is the API's word; on a command line the field alone is clearer. */
function shortPath(path: string): string {
	return path.replace(/^(body|query|params)\./, "");
}

function nameIn({ details }: Problem): string | undefined {
	const name = details?.device_name ?? details?.name ?? details?.stack;
	return typeof name === "string" ? name : undefined;
}

function indent(text: string): string {
	return visibleText(text).replace(/^/gm, "  ");
}
