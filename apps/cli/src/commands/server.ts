import type { Command } from "commander";
import { runServerProgram } from "../server-program.ts";

interface ServerOptions {
	targets?: string;
	config?: string;
	json?: boolean;
}

/** `serve` and `doctor`: the server as a process of its own, and whether it can run here. */
export function addServerCommands(program: Command): void {
	serverCommand(program, "serve", "Start the server here, in the foreground, with everything it needs").action(
		(options: ServerOptions) => runServerProgram(["serve", ...given(options)]),
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
		.option("--config <file>", "Configuration file");
}

function given({ targets, config }: ServerOptions): string[] {
	return [
		...(targets === undefined ? [] : [`--targets=${targets}`]),
		...(config === undefined ? [] : [`--config=${config}`]),
	];
}
