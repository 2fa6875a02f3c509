import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** File in which auth leaves the one-time password of the first start until it is changed. */
export const initialPasswordFile = "initial-admin-password";

/** Tells the person who started the server where to go and, until they changed it, the one-time password. */
export function announce({ url, data_dir }: { url: string | undefined; data_dir: string }): void {
	if (url === undefined) return;
	const lines = ["", `  NetConductor is ready: ${url}`];
	const path = join(data_dir, initialPasswordFile);
	if (existsSync(path)) {
		lines.push(`  Sign in as admin with the one-time password: ${readFileSync(path, "utf8").trim()}`);
	}
	lines.push(`  API documentation: ${url}/api/docs`, "", "");
	process.stdout.write(lines.join("\n"));
}
