import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { exitCodes, Failure, usageFailure } from "./failure.ts";
import type { System } from "./output/terminal.ts";

/** Questions to the person, on standard error so that standard output stays clean, and secrets from standard input. */
export interface Prompts {
	/** Whether somebody is there to be asked. */
	readonly interactive: boolean;
	ask(question: string): Promise<string>;
	/** Asks without echo. */
	askSecret(question: string): Promise<string>;
	confirm(question: string): Promise<boolean>;
	/** The next line of standard input; a second secret is on the second line. */
	readSecretLine(): Promise<string>;
}

const longestInput = 1024 * 1024;

/** @throws cli.usage when a question is asked and nobody is there */
export function createPrompts({ stdin, stderr }: Pick<System, "stdin" | "stderr">): Prompts {
	const interactive = stdin.isTTY === true && stderr.isTTY === true;
	let lines: string[] | undefined;

	function question(asked: string, echo: boolean): Promise<string> {
		const text = visibleText(asked);
		if (!interactive) throw usageFailure(`Nobody is there to be asked: ${text.trim()}`);
		stderr.write(text);
		// readline edits the line; what it echoes goes nowhere when the answer is a secret.
		const output = echo ? stderr : new Writable({ write: (_chunk, _encoding, done) => done() });
		const reader = createInterface({ input: stdin, output, terminal: true });
		return new Promise((resolve, reject) => {
			const interrupted = new Failure(
				{
					type: "about:blank",
					title: "Interrupted",
					status: 400,
					code: "cli.interrupted",
					detail: "Nothing was done.",
				},
				exitCodes.interrupted,
			);
			reader.once("line", (line) => {
				resolve(line);
				reader.close();
			});
			reader.once("SIGINT", () => reader.close());
			reader.once("close", () => {
				if (!echo) stderr.write("\n");
				reject(interrupted);
			});
			if (echo) reader.setPrompt(text);
		});
	}

	return {
		interactive,
		ask: async (text) => (await question(text, true)).trim(),
		askSecret: (text) => question(text, false),
		confirm: async (text) => /^y(es)?$/i.test((await question(`${text} [y/N] `, true)).trim()),
		async readSecretLine() {
			lines ??= await readLines(stdin);
			const line = lines.shift();
			if (line === undefined || line === "") throw usageFailure("Standard input held no (further) line with a secret.");
			return line;
		},
	};
}

async function readLines(stdin: NodeJS.ReadStream): Promise<string[]> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of stdin) {
		chunks.push(Buffer.from(chunk));
		size += chunk.length;
		if (size > longestInput) throw usageFailure("Standard input is too long for a secret.");
	}
	return Buffer.concat(chunks).toString("utf8").split(/\r?\n/);
}
