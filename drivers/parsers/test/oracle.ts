import { spawn } from "node:child_process";
import { join } from "node:path";
import { requirePackages } from "../../../lab/packages.ts";

/** Installs the Debian packages whose Python modules our own implementations are checked against. */
export async function requireOracles(): Promise<void> {
	const missing = await requirePackages(["python3-textfsm", "python3-jmespath"]);
	if (missing.length > 0) throw new Error(`the oracles need ${missing.join(" and ")}`);
}

/** Gives a script beside this file a JSON value and answers the one it prints. Debian's own Python, which has Debian's modules. */
export function askOracle<T>(script: "textfsm-oracle.py" | "jmespath-oracle.py", question: unknown): Promise<T> {
	const child = spawn("/usr/bin/python3", [join(import.meta.dirname, script)], { stdio: ["pipe", "pipe", "pipe"] });
	const output: Buffer[] = [];
	const errors: Buffer[] = [];
	child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
	child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
	child.stdin.end(JSON.stringify(question));
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (code) => {
			if (code !== 0) reject(new Error(`${script} ended with ${code}: ${Buffer.concat(errors).toString()}`));
			else resolve(JSON.parse(Buffer.concat(output).toString()) as T);
		});
	});
}
