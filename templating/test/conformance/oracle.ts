import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Case } from "./case.ts";

/** What real Jinja2 makes of a case. */
export interface OracleOutcome {
	text?: string;
	/** Our code without `template.`. */
	error?: string;
	line?: number;
	message?: string;
	/** `jinja2.meta.find_undeclared_variables` of the template alone; null where it cannot be read. */
	names: string[] | null;
}

/** Runs a Python program of this folder with Debian's interpreter, with JSON in and out. */
export async function askPython<T>(program: string, question: unknown): Promise<T> {
	const child = spawn("/usr/bin/python3", ["-I", join(import.meta.dirname, program)], {
		stdio: ["pipe", "pipe", "pipe"],
	});
	const [answer, complaint] = [child.stdout, child.stderr].map(async (stream) => {
		let text = "";
		for await (const part of stream.setEncoding("utf8")) text += part;
		return text;
	});
	child.stdin.end(JSON.stringify(question));
	const text = await answer;
	if (text === undefined || text === "") throw new Error(`${program} answered nothing: ${await complaint}`);
	return JSON.parse(text) as T;
}

export function askJinja2(cases: Case[]): Promise<OracleOutcome[]> {
	return askPython("oracle.py", cases);
}
