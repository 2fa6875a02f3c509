import { setTimeout as sleep } from "node:timers/promises";
import { Argument, type Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { type DynamicKind, describeTree, isDynamicKind } from "../completion/command-tree.ts";
import { namesOf } from "../completion/names.ts";
import { renderBash, renderFish, renderZsh } from "../completion/scripts.ts";
import { sanitiseLine } from "../output/sanitise.ts";

const renderers = { bash: renderBash, zsh: renderZsh, fish: renderFish };
const install = `
Install:
  bash  netconductor completion bash > ~/.local/share/bash-completion/completions/netconductor
  zsh   netconductor completion zsh > "\${fpath[1]}/_netconductor"
  fish  netconductor completion fish > ~/.config/fish/completions/netconductor.fish`;

// A shell that waits longer than this for names feels stuck.
const patience_ms = 1_500;

/** `completion`, and what its scripts call to learn names. */
export function addCompletionCommands(program: Command, open: Open, write: (text: string) => void): void {
	program
		.command("completion")
		.description("Print the completion script of a shell")
		.addArgument(new Argument("<shell>", "Shell").choices(Object.keys(renderers)))
		.addHelpText("after", install)
		.action((shell: keyof typeof renderers) => write(renderers[shell](describeTree(program))));

	program
		.command("__complete <kind> [prefix]", { hidden: true })
		.action(async (kind: string, prefix: string | undefined, _options: unknown, self: Command) => {
			if (isDynamicKind(kind)) await writeNames(open(self), kind, prefix ?? "");
		});
}

async function writeNames(cli: Cli, kind: DynamicKind, prefix: string): Promise<void> {
	// Whatever is wrong, saying nothing is the right answer here: the command itself will tell.
	const names = namesOf(cli.clients, kind, prefix).catch(() => []);
	const inTime = await Promise.race([names, sleep(patience_ms, undefined, { ref: false })]);
	const wanted = (inTime ?? []).filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase()));
	cli.terminal.out(wanted.map((name) => `${sanitiseLine(name)}\n`).join(""));
	// An answer that came too late must not keep the shell waiting.
	if (inTime === undefined) process.exit(0);
}
