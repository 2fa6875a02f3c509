import { statSync } from "node:fs";
import { totalmem } from "node:os";
import { availableMemory, constrainedMemory, report, versions } from "node:process";
import { broken, type Finding, ok, skipped, warning } from "./finding.ts";

const oldestNode = 26;

/** Node runs our TypeScript as it is, which older ones cannot. */
export function checkNode(version: string = versions.node): Finding {
	if (Number.parseInt(version, 10) >= oldestNode) return ok("node", `Node.js ${version}`);
	return broken(
		"node",
		`Node.js ${version}; ${oldestNode} or newer is needed`,
		"Start with `npm start` or `npx netconductor serve`: both use the Node.js that `npm ci` installs.",
	);
}

export interface Memory {
	/** All that this machine or container may use, bytes. */
	limit: number;
	/** What is left of it, bytes. */
	available: number;
}

const MiB = 2 ** 20;
/** The main process, one worker and the embedded PostgreSQL, idle (PSS, Linux on x64, 456 MB), with a little room. */
const base = 512 * MiB;
const perWorker = 180 * MiB;

/** Whether the processes that this configuration starts fit; what is available counts only before they run. */
export function checkMemory(
	{ workers, isRunning }: { workers: number; isRunning: boolean },
	{ limit, available }: Memory = readMemory(),
): Finding {
	const needed = base + Math.max(0, workers - 1) * perWorker;
	const detail = `${size(available)} of ${size(limit)} available; about ${size(needed)} needed with ${workers === 1 ? "1 worker process" : `${workers} worker processes`}`;
	if (limit < needed) {
		return broken(
			"memory",
			detail,
			"Give this machine or container more memory, or set NETCONDUCTOR_WORKERS_PROCESSES lower.",
		);
	}
	if (!isRunning && available < needed) {
		return warning("memory", detail, "End what uses the memory, or expect swapping or a kill by the system.");
	}
	return ok("memory", detail);
}

function readMemory(): Memory {
	const limit = Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY);
	return { limit, available: Math.min(limit, availableMemory()) };
}

/** Each device session, browser and database connection is an open file. */
export function checkOpenFiles(concurrency: number, limit = openFilesLimit()): Finding {
	if (limit === undefined) return skipped("open files", "this system tells no limit");
	const needed = concurrency + 200;
	const wanted = concurrency + 1_000;
	const detail = `at most ${limit} a process; ${needed} needed, ${wanted} or more wanted`;
	const mend =
		"Raise it where NetConductor is started: `ulimit -Hn 65536`, LimitNOFILE= in a systemd unit, --ulimit nofile= of a container.";
	if (limit < needed) return broken("open files", detail, mend);
	if (limit < wanted) return warning("open files", detail, mend);
	return ok("open files", `at most ${limit === Number.POSITIVE_INFINITY ? "any number" : limit} a process`);
}

/** The limit that holds: Node raises its own to the hard one when it starts. */
function openFilesLimit(): number | undefined {
	// Else the names of all peers would be looked up. Missing in the types of Node 26.
	Object.assign(report, { excludeNetwork: true });
	const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
	const soft = userLimits?.open_files?.soft;
	if (soft === undefined) return undefined;
	return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Wall clock and monotonic clock of this process since it started, ms. */
export interface Clocks {
	now: number;
	/** When the process started by the wall clock, plus how long it runs by the monotonic one. */
	expected: number;
	/** A moment that has certainly passed. */
	earliest: number;
}

const jump_ms = 1_000;

/** Whether the clock stands still against the monotonic one, and not before what is certainly past. */
export function checkClock({ now, expected, earliest }: Clocks = readClocks()): Finding {
	const shown = new Date(now).toISOString();
	const mend =
		"Set the clock and keep it set with NTP (`timedatectl set-ntp true`): tokens, schedules and history go by it.";
	if (now < earliest - 60_000) {
		return broken(
			"clock",
			`${shown} is before ${new Date(earliest).toISOString()}, when this version was installed`,
			mend,
		);
	}
	if (Math.abs(now - expected) > jump_ms) {
		return warning("clock", `${shown}; it jumped ${Math.round((now - expected) / 100) / 10} s while this looked`, mend);
	}
	return ok("clock", shown);
}

function readClocks(): Clocks {
	return {
		now: Date.now(),
		expected: performance.timeOrigin + performance.now(),
		earliest: statSync(new URL("../../package.json", import.meta.url)).ctimeMs,
	};
}

export function size(bytes: number): string {
	return bytes >= 10 * 1024 * MiB ? `${Math.round(bytes / 1024 / MiB)} GiB` : `${Math.round(bytes / MiB)} MiB`;
}
