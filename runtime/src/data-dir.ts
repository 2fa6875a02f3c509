import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { failed } from "./errors.ts";

/**
 * Makes the folder, for its owner alone, when it is not there.
 * @throws startup.data_dir_unusable
 */
export function makeDataDir(dir: string): void {
	const found = inspectDataDir(dir);
	if (found.problem !== undefined) throw failed("startup.data_dir_unusable", { message: found.problem });
	mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Whether the folder is there, and why this process cannot keep anything in it, nor make it, with what to do. Changes nothing. */
export function inspectDataDir(dir: string): { exists: boolean; problem?: string } {
	const stat = statSync(dir, { throwIfNoEntry: false });
	if (stat === undefined) {
		const above = nearestThere(dir);
		const why = above.isDirectory ? refusal(above.path) : "which is a file";
		if (why === undefined) return { exists: false };
		return {
			exists: false,
			problem: `The data directory ${dir} cannot be made in ${above.path}, ${why}. ${elsewhere}`,
		};
	}
	if (!stat.isDirectory()) return { exists: true, problem: `The data directory ${dir} is a file. ${elsewhere}` };
	const why = refusal(dir);
	if (why === undefined) return { exists: true };
	const own = process.getuid?.();
	const hand =
		own === undefined || own === stat.uid
			? `Run \`chmod 700 ${dir}\``
			: `It belongs to user ${stat.uid}, this is user ${own}: start as that user, or run \`chown -R ${own} ${dir}\` as root`;
	return {
		exists: true,
		problem: `The data directory ${dir} cannot be written to, ${why}. ${hand}; or ${elsewhereToo}`,
	};
}

const elsewhereToo = "set NETCONDUCTOR_DATA_DIR to another directory.";
const elsewhere = `S${elsewhereToo.slice(1)}`;

/** Why the folder takes no new file from this process; undefined when it does. */
function refusal(dir: string): string | undefined {
	try {
		accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
		return undefined;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EROFS") return "which is mounted read-only";
		return code === "EACCES" || code === "EPERM" ? "to which this user may not write" : `which failed with ${code}`;
	}
}

function nearestThere(dir: string): { path: string; isDirectory: boolean } {
	for (let path = dirname(dir); ; path = dirname(path)) {
		const stat = statSync(path, { throwIfNoEntry: false });
		if (stat !== undefined || path === dirname(path)) return { path, isDirectory: stat?.isDirectory() ?? true };
	}
}
