import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { type Failure, workFailure } from "./failure.ts";

const entry = fileURLToPath(new URL("../../server/bin/server.mjs", import.meta.url));
/** As `npm start` has them: left to itself V8 keeps 60 MB for short-lived objects once a start has made many. */
const flags = ["--max-semi-space-size=8"];

/**
 * Runs the server's own program, which reads the server's configuration, in the foreground. It says itself what is wrong; this process
 * ends with its code when that is not 0.
 */
export async function runServerProgram(args: readonly string[]): Promise<void> {
	const code = await runInForeground([...flags, entry, ...args]);
	if (code !== 0) process.exit(code);
}

function runInForeground(args: readonly string[]): Promise<number> {
	const child = spawn(process.execPath, args, { stdio: "inherit" });
	// Ctrl-C reaches the server from the terminal too; it stops in order, and we wait for it.
	const forward = (signal: NodeJS.Signals) => {
		if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, forward);
	return new Promise((resolve, reject) => {
		child.on("error", (error) => reject(serverFailed(error.message)));
		child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));
	});
}

function serverFailed(reason: string): Failure {
	return workFailure("cli.serve_failed", "The server could not be started", reason);
}
