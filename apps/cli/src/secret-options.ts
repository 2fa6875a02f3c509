import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { usageFailure } from "./failure.ts";

type Options = Record<string, unknown>;

interface SecretOption {
	/** Flag without dashes: `password`, `enable-password`. */
	flag: string;
	/** For people: `Password`. */
	label: string;
}

function attribute(flag: string): string {
	return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Adds the ways in which a secret can be given: standard input, a question without echo, and (with a warning) the command line. */
export function addSecretOption(command: Command, { flag, label }: SecretOption): void {
	command.option(`--${flag}-stdin`, `${label} from the next line of standard input`);
	command.option(`--ask-${flag}`, `Ask for the ${label.toLowerCase()}, without echo`);
	command.option(`--${flag} <${flag}>`, `${label}; visible to other users of this machine, prefer the above`);
}

/**
 * The secret as given. With `ask`, somebody at a terminal is asked for one that was not given.
 * @throws cli.usage when it is needed and nobody can be asked
 */
export async function readSecret(
	cli: Cli,
	options: Options,
	{ flag, label, ask = false, twice = false }: SecretOption & { ask?: boolean; twice?: boolean },
): Promise<string | undefined> {
	const name = attribute(flag);
	if (typeof options[name] === "string") {
		cli.warn(
			`other users of this machine can see --${flag} in the process list; --${flag}-stdin or a question is safer`,
		);
		return options[name];
	}
	if (options[attribute(`${flag}-stdin`)] === true) return cli.prompts.readSecretLine();
	if (options[attribute(`ask-${flag}`)] !== true && !ask) return undefined;
	if (!cli.prompts.interactive) throw usageFailure(`${label} is needed: give it with --${flag}-stdin.`);
	return twice ? askTwice(cli, label) : cli.prompts.askSecret(`${label}: `);
}

/** A new secret, typed twice so that a slip does not lock anybody out. */
export async function askTwice(cli: Cli, label: string): Promise<string> {
	for (;;) {
		const first = await cli.prompts.askSecret(`${label}: `);
		if (first === (await cli.prompts.askSecret("Once more: "))) return first;
		cli.note("The two differ; try again.");
	}
}
