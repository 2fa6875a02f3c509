import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const program = join(import.meta.dirname, "..", "..", "apps", "server", "bin", "server.mjs");

/** A command of the server's program that does not go on for ever: `doctor`, `system backup`. */
interface ServerCommand {
	child: ChildProcess;
	/** What it wrote to standard error until now. */
	written(): string;
	ended: Promise<{ code: number | null; output: string; said: string }>;
}

/** Runs `netconductor <args>` on a data directory, as an operator does on the server's machine. */
export function serverCommand(
	{ cwd, data_dir, env = {} }: { cwd: string; data_dir: string; env?: Readonly<Record<string, string>> },
	...args: string[]
): ServerCommand {
	const child = spawn(process.execPath, [program, ...args], {
		stdio: ["ignore", "pipe", "pipe"],
		cwd,
		env: { PATH: process.env.PATH, HOME: cwd, NETCONDUCTOR_DATA_DIR: data_dir, ...env },
	});
	let output = "";
	let said = "";
	child.stdout?.on("data", (piece) => (output += piece));
	child.stderr?.on("data", (piece) => (said += piece));
	const ended = new Promise<{ code: number | null; output: string; said: string }>((resolve) =>
		child.once("close", (code) => resolve({ code, output, said })),
	);
	return { child, written: () => said, ended };
}
