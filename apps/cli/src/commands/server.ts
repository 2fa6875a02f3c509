import type { Command } from "commander";
import { runServerProgram } from "../server-program.ts";

interface ServerOptions {
	targets?: string;
	config?: string;
	workerPool?: string;
	pool?: string;
	to?: string;
	json?: boolean;
}

/** `serve`, `doctor` and `worker-keys`: the server as a process of its own, and whether it can run here. */
export function addServerCommands(program: Command): void {
	serverCommand(program, "serve", "Start the server here, in the foreground, with everything it needs").action(
		(options: ServerOptions) => runServerProgram(["serve", ...given(options)]),
	);
	program
		.command("worker-keys")
		.description("Write what a worker of another site needs in place of the master key, here, where that key is")
		.requiredOption("--pool <name>", "Pool that the worker is of")
		.option("--to <file>", "A new file to write (mode 0600); standard output without it")
		.option("--config <file>", "Configuration file")
		.action(({ pool, to, config }: ServerOptions) =>
			runServerProgram([
				"worker-keys",
				`--pool=${pool}`,
				...(to === undefined ? [] : [`--to=${to}`]),
				...(config === undefined ? [] : [`--config=${config}`]),
			]),
		);
	serverCommand(
		program,
		"doctor",
		"Check what the server needs here, also while it runs, and say how to mend it",
	).action((options: ServerOptions, self: Command) =>
		runServerProgram(["doctor", ...given(options), ...(self.optsWithGlobals<ServerOptions>().json ? ["--json"] : [])]),
	);
}

function serverCommand(program: Command, name: string, description: string): Command {
	return program
		.command(name)
		.description(description)
		.option("--targets <targets>", "Services to run, with commas (default: all)")
		.option("--worker-pool <name>", "Pool of the workers that it is, or starts (default: default)")
		.option("--config <file>", "Configuration file");
}

function given({ targets, workerPool, config }: ServerOptions): string[] {
	return [
		...(targets === undefined ? [] : [`--targets=${targets}`]),
		...(workerPool === undefined ? [] : [`--worker-pool=${workerPool}`]),
		...(config === undefined ? [] : [`--config=${config}`]),
	];
}
