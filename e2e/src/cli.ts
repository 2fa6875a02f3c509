import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, type Product } from "./product.ts";

export interface CliResult {
	code: number;
	stdout: string;
	stderr: string;
}

/** The command line as a person's shell runs it, signed in to a product by its token. */
export interface Cli {
	run(args: readonly string[], input?: string): Promise<CliResult>;
	/** Runs while nobody reads its standard output: the reader has gone before anything was written. */
	unread(args: readonly string[]): Promise<CliResult>;
	/** Runs with `--json` and parses the answer. @throws with what it wrote when it fails */
	json(args: readonly string[], input?: string): Promise<unknown>;
	/** Runs at a terminal of its own, where this is typed. What it shows there is `stdout`. */
	atTerminal(args: readonly string[], typed: string): Promise<CliResult>;
	/** Starts a command and leaves it running. */
	follow(args: readonly string[]): Following;
}

/** A command that goes on. */
export interface Following {
	/** Waits until it has written this, on either of its outputs. Answers the match. */
	said(pattern: RegExp): Promise<RegExpExecArray>;
	ended: Promise<CliResult>;
}

const root = join(import.meta.dirname, "..", "..");

/** For every home's commands: they find their code compiled, as all but a person's first one do. */
export const cacheHome = join(root, "node_modules", ".cache", "command-line");

export function createCli({ url, admin_token }: Pick<Product, "url" | "admin_token">, token = admin_token): Cli {
	const home = mkdtempSync(join(tmpdir(), "netconductor-cli-"));
	const program = join(root, "apps", "cli", "bin", "netconductor.mjs");

	function start(args: readonly string[], input = "", command = [process.execPath, program]) {
		const [file = "", ...before] = command;
		const child = spawn(file, [...before, ...args], {
			stdio: ["pipe", "pipe", "pipe"],
			env: {
				PATH: process.env.PATH,
				HOME: home,
				XDG_CONFIG_HOME: home,
				XDG_CACHE_HOME: cacheHome,
				NETCONDUCTOR_URL: url,
				NETCONDUCTOR_TOKEN: token,
			},
		});
		const written = { stdout: "", stderr: "" };
		child.stdout.on("data", (piece) => (written.stdout += piece));
		child.stderr.on("data", (piece) => (written.stderr += piece));
		child.stdin.end(input);
		const ended = new Promise<CliResult>((resolve) =>
			child.once("close", (code) => resolve({ code: code ?? -1, ...written })),
		);
		return { written, ended, child };
	}

	const run = (args: readonly string[], input?: string) => start(args, input).ended;

	return {
		run,
		unread(args) {
			const { child, ended } = start(args);
			child.stdout.destroy();
			return ended;
		},
		atTerminal(args, typed) {
			const quoted = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
			return start([], typed, ["script", "-qefc", quoted.join(" "), "/dev/null"]).ended;
		},
		follow(args) {
			const { written, ended } = start(args);
			return {
				ended,
				said: (pattern) =>
					eventually(`${pattern}`, async () => pattern.exec(`${written.stdout}\n${written.stderr}`) ?? undefined),
			};
		},
		async json(args, input) {
			const result = await run([...args, "--json"], input);
			if (result.code !== 0)
				throw new Error(`netconductor ${args.join(" ")} ended with ${result.code}: ${result.stderr}`);
			return result.stdout === "" ? undefined : JSON.parse(result.stdout);
		},
	};
}
