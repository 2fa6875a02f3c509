import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type Failure, workFailure } from "../failure.ts";

const entry = fileURLToPath(new URL("../../../server/src/main.ts", import.meta.url));

/** `serve`: the server as a process of its own, in the foreground, with its exit code as ours. */
export function addServeCommand(program: Command): void {
	program
		.command("serve")
		.description("Start the server here, in the foreground, with everything it needs")
		.option("--targets <targets>", "Services to run, with commas (default: all)")
		.option("--config <file>", "Configuration file")
		.action(async ({ targets, config }: { targets?: string; config?: string }) => {
			const given = [
				...(targets === undefined ? [] : [`--targets=${targets}`]),
				...(config === undefined ? [] : [`--config=${config}`]),
			];
			const code = await runInForeground([entry, "serve", ...given]);
			// The server has said on standard error what was wrong.
			if (code !== 0) process.exit(code);
		});
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
