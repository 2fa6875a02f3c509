import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The password of a server whose data is in `dir`, made when it is first asked for: in a file for its owner alone, the same for every start. */
export async function keptPassword(dir: string): Promise<string> {
	await mkdir(dir, { recursive: true, mode: 0o700 });
	const path = join(dir, "password");
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
	const made = randomBytes(24).toString("base64url");
	// Whole or not at all, whatever dies.
	await writeFile(`${path}.draft`, made, { mode: 0o600, flush: true });
	await rename(`${path}.draft`, path);
	return made;
}
