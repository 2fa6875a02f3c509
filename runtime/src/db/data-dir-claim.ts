import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "../errors.ts";

/**
 * Claims a data directory for this process until released or dead. There is no lock in Node that the kernel releases, so a claim is a file named by
 * process id and start time: it counts only while that very process lives. Each starter first writes its claim, then looks for others',
 * so two can never both believe they hold it.
 *
 * @throws startup.data_dir_in_use when another living process holds it
 */
export async function claimDataDir(dir: string): Promise<{ release(): void }> {
	const claims = join(dir, "claims");
	mkdirSync(claims, { recursive: true, mode: 0o700 });
	const own = join(claims, claimName(process.pid, startOf(process.pid) ?? "unknown"));
	const release = () => rmSync(own, { force: true });
	// Two that start at the same moment both see each other and both step back: waits of random length let one through.
	for (let attempt = 1; ; attempt++) {
		writeFileSync(own, `${process.pid}\n`, { mode: 0o600 });
		const holder = livingOther(claims, own);
		if (holder === undefined) return { release };
		release();
		if (attempt === 3) {
			throw failed("startup.data_dir_in_use", {
				message: `Another NetConductor (process ${holder}) runs on ${dir}. Stop it first, or set NETCONDUCTOR_DATA_DIR to another directory.`,
				details: { data_dir: dir, pid: holder },
			});
		}
		await sleep(50 + Math.random() * 250);
	}
}

function claimName(pid: number, start: string): string {
	return `${pid}.${start.replaceAll(/[^\w-]/g, "_")}`;
}

/** The living process that holds a data directory; undefined when none does. Changes nothing. */
export function holderOf(dir: string): number | undefined {
	const claims = join(dir, "claims");
	return existsSync(claims) ? readdirSync(claims).map(livingClaimant).find(Boolean) : undefined;
}

function livingOther(claims: string, own: string): number | undefined {
	for (const name of readdirSync(claims)) {
		const path = join(claims, name);
		if (path === own) continue;
		const pid = livingClaimant(name);
		if (pid !== undefined) return pid;
		rmSync(path, { force: true });
	}
	return undefined;
}

function livingClaimant(name: string): number | undefined {
	const pid = Number.parseInt(name, 10);
	const start = Number.isInteger(pid) ? startOf(pid) : undefined;
	return start !== undefined && claimName(pid, start) === name ? pid : undefined;
}

/** When a process started, in a form that a later process with the same id cannot share; undefined when there is no such process. */
export function startOf(pid: number): string | undefined {
	if (process.platform === "linux") {
		const stat = processStat(pid);
		// A zombie holds nothing any more; in a container nobody may ever reap it.
		if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
		return `${stat.start_ticks}-${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
	}
	try {
		process.kill(pid, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
	}
	if (process.platform === "win32") return "running";
	try {
		return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
	} catch {
		return undefined;
	}
}

export function isAlive(pid: number): boolean {
	return startOf(pid) !== undefined;
}

/** Fields of /proc/<pid>/stat, proc(5). The name in parentheses may itself hold blanks and parentheses. */
function processStat(pid: number): { state: string; start_ticks: string } | undefined {
	let text: string;
	try {
		text = readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch {
		return undefined;
	}
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	const [state = ""] = fields;
	return { state, start_ticks: fields[19] ?? "" };
}
