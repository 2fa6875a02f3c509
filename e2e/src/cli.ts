import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Product } from "./product.ts";

export interface CliResult {
	code: number;
	stdout: string;
	stderr: string;
}

/** The command line as a person's shell runs it, signed in to a product by its token. */
export interface Cli {
	run(args: readonly string[], input?: string): Promise<CliResult>;
	/** Runs with `--json` and parses the answer. @throws with what it wrote when it fails */
	json(args: readonly string[], input?: string): Promise<unknown>;
}

export function createCli({ url, admin_token }: Pick<Product, "url" | "admin_token">, token = admin_token): Cli {
	const home = mkdtempSync(join(tmpdir(), "netconductor-cli-"));
	const program = join(import.meta.dirname, "..", "..", "apps", "cli", "bin", "netconductor.mjs");

	async function run(args: readonly string[], input?: string): Promise<CliResult> {
		const child = spawn(process.execPath, [program, ...args], {
			stdio: ["pipe", "pipe", "pipe"],
			env: {
				PATH: process.env.PATH,
				HOME: home,
				XDG_CONFIG_HOME: home,
				NETCONDUCTOR_URL: url,
				NETCONDUCTOR_TOKEN: token,
			},
		});
		let stdout = "";
		let stderr = "";
		child.stdout.on("data", (piece) => (stdout += piece));
		child.stderr.on("data", (piece) => (stderr += piece));
		child.stdin.end(input ?? "");
		const code = await new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? -1)));
		return { code, stdout, stderr };
	}

	return {
		run,
		async json(args, input) {
			const result = await run([...args, "--json"], input);
			if (result.code !== 0)
				throw new Error(`netconductor ${args.join(" ")} ended with ${result.code}: ${result.stderr}`);
			return result.stdout === "" ? undefined : JSON.parse(result.stdout);
		},
	};
}
