import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { inspectDataDir } from "@netconductor/runtime/data-dir";
import { broken, type Finding, ok, warning } from "./finding.ts";
import { size } from "./machine.ts";

const MiB = 2 ** 20;
/** A new database takes about 50 MiB; PostgreSQL stops when it cannot write its log. */
const least = 200 * MiB;
const wanted = 2_048 * MiB;

/** Whether the data directory takes what is stored, for its owner alone, and has room. */
export async function checkDataFolder(data_dir: string): Promise<Finding[]> {
	const { exists, problem } = inspectDataDir(data_dir);
	if (problem !== undefined) return [broken("data directory", problem, "As said.")];
	return [
		exists ? checkMode(data_dir) : ok("data directory", `${data_dir}, made by the first start`),
		await checkRoom(data_dir),
	];
}

function checkMode(data_dir: string): Finding {
	const { mode, uid } = statSync(data_dir);
	if (process.platform !== "win32" && (mode & 0o077) !== 0) {
		return warning(
			"data directory",
			`Others than its owner can look into ${data_dir} (mode ${(mode & 0o777).toString(8)})`,
			`Run \`chmod 700 ${data_dir}\`.`,
		);
	}
	const own = process.getuid?.();
	return ok("data directory", own === undefined || own === uid ? data_dir : `${data_dir}, of user ${uid}`);
}

async function checkRoom(data_dir: string): Promise<Finding> {
	let folder = data_dir;
	while (statSync(folder, { throwIfNoEntry: false }) === undefined) folder = dirname(folder);
	const { bavail, bsize, files, ffree } = await statfs(folder);
	const free = bavail * bsize;
	const mend = "Make room on that disk, or set NETCONDUCTOR_DATA_DIR to a directory on another.";
	// Some file systems count no files.
	if (files > 0 && ffree < 1_000)
		return broken("disk space", `room for ${ffree} more files only under ${folder}`, mend);
	const detail = `${size(free)} free under ${folder}`;
	if (free < least) return broken("disk space", `${detail}; ${size(least)} is the least`, mend);
	return free < wanted ? warning("disk space", `${detail}, which is little`, mend) : ok("disk space", detail);
}
