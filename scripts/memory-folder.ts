import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@netconductor/runtime/db/data-dir-claim";

const memory = "/dev/shm";
/** Before the id of the process whose tests write there. */
const prefix = "netconductor-tests-";
/** `TMPFS_MAGIC` of statfs(2). */
const tmpfs = 0x01021994;
/** Several times what the tests of a whole run hold at once. */
const enough_bytes = 10 * 2 ** 30;

/**
 * A folder in memory for the temporary files of a test run, where the machine has room for it: what tests make and remove is thousands of small
 * files a minute, PostgreSQL's above all, which cost a disk's file system as much CPU as a tenth of the run. Nothing there must survive a power cut.
 */
export function makeMemoryFolder(): string | undefined {
	sweep();
	if (!hasRoom()) return undefined;
	const folder = mkdtempSync(join(memory, `${prefix}${process.pid}-`));
	// As /tmp is: PostgreSQL and RabbitMQ run as accounts of their own.
	chmodSync(folder, 0o1777);
	return folder;
}

/** Removes what a killed run left: memory is not given back by itself. */
function sweep(): void {
	try {
		for (const name of readdirSync(memory)) {
			const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
			if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(memory, name), { recursive: true, force: true });
		}
	} catch {
		// No Linux, or another user's.
	}
}

function hasRoom(): boolean {
	try {
		const { type, bavail, bsize } = statfsSync(memory);
		const mount = readFileSync("/proc/mounts", "utf8")
			.split("\n")
			.findLast((line) => line.split(" ")[1] === memory);
		const available = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
		// Tests run programs that they write there.
		const runs = mount !== undefined && !mount.split(" ")[3]?.split(",").includes("noexec");
		return type === tmpfs && runs && bavail * bsize >= enough_bytes && Number(available) * 1024 >= enough_bytes;
	} catch {
		// No Linux.
		return false;
	}
}
