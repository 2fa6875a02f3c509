import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "@netconductor/runtime/config";
import { holderOf } from "@netconductor/runtime/db/data-dir-claim";
import { publicUrl } from "../public-url.ts";
import { loadServices, type Target } from "../services.ts";
import { loadSettings, type Settings, usesEmbedded } from "../settings.ts";
import { checkDoor, checkElsewhere, checkInternalDoor, checkWebApp } from "./addresses.ts";
import { checkDataFolder } from "./data-folder.ts";
import { broken, type Finding, ok, reasonOf, warning } from "./finding.ts";
import { checkClock, checkMemory, checkNode, checkOpenFiles } from "./machine.ts";
import { checkStoredData } from "./stored-data.ts";

interface Diagnosis {
	/** The worst of the findings; what was skipped does not count. */
	status: "ok" | "warning" | "failed";
	findings: Finding[];
}

interface DiagnoseOptions {
	/** What `serve` would be asked to run. */
	targets: readonly Target[];
	env: Environment;
	config_file?: string | undefined;
}

/**
 * Looks at everything that a start with the same targets and configuration needs, beside a running server or without one, and says what
 * is wrong. Changes nothing; where no server runs, the embedded PostgreSQL is started for a moment. No finding holds a secret.
 */
export async function diagnose({ targets, env, config_file }: DiagnoseOptions): Promise<Diagnosis> {
	const services = await loadServices(targets);
	const findings = [checkNode()];
	let settings: Settings | undefined;
	try {
		settings = loadSettings(services, env, config_file);
		findings.push(ok("configuration", "understood"));
	} catch (error) {
		findings.push(broken("configuration", reasonOf(error), "Correct it; what depends on it was not looked at."));
	}
	if (settings !== undefined) {
		const data_dir = resolve(settings.data.dir);
		const embedded = usesEmbedded(services, settings);
		const folder = await guarded("data directory", () => checkDataFolder(data_dir));
		const usable = folder.every(({ check, status }) => check !== "data directory" || status !== "failed");
		const holder = usable ? holderOf(data_dir) : undefined;
		const parts: [string, () => Promise<Finding[]> | Finding[]][] = [
			["memory", () => [checkMemory({ workers: workersOf(targets, settings), isRunning: holder !== undefined })]],
			["open files", () => [checkOpenFiles(settings.workers.concurrency)]],
			["master key", async () => (usable ? checkStoredData({ services, settings, data_dir, holder }) : [])],
			["server", () => checkDoors(targets, settings, holder, embedded)],
			[
				"connections",
				() => checkElsewhere({ rabbitmq: settings.rabbitmq.url, redis: settings.redis.url, peers: settings.peers }),
			],
			["workers", () => checkWorkers(workersOf(targets, settings), holder)],
		];
		findings.push(...folder);
		for (const [check, look] of parts) findings.push(...(await guarded(check, look)));
	}
	// Last, so that a jump during all of the above shows.
	findings.push(checkClock());
	const has = (status: Finding["status"]) => findings.some((finding) => finding.status === status);
	return { status: has("failed") ? "failed" : has("warning") ? "warning" : "ok", findings };
}

/** A check that fails itself is a finding, too, and keeps no other from being made. */
async function guarded(check: string, look: () => Promise<Finding[]> | Finding[]): Promise<Finding[]> {
	try {
		return await look();
	} catch (error) {
		return [broken(check, `could not be looked at: ${reasonOf(error)}`, "Run this as the user who runs the server.")];
	}
}

async function checkDoors(
	targets: readonly Target[],
	settings: Settings,
	holder: number | undefined,
	embedded: boolean,
): Promise<Finding[]> {
	const url = publicUrl(targets, settings);
	const findings: Finding[] = [];
	if (url !== undefined) {
		const { host, port, web_dir } = settings.sections.http as { host: string; port: number; web_dir?: string };
		findings.push(checkWebApp(web_dir), await checkDoor({ url, host, port, holder, embedded }));
	}
	const isRunning = holder !== undefined || findings.some(({ detail }) => detail.startsWith("runs"));
	return [...findings, ...(await checkInternalDoor(settings.internal, isRunning))];
}

function workersOf(targets: readonly Target[], { workers }: Settings): number {
	return targets.includes("tasks") ? workers.processes : 0;
}

/** Whether the worker processes that a running server keeps are there. */
function checkWorkers(wanted: number, holder: number | undefined): Finding[] {
	if (wanted === 0 || holder === undefined || process.platform !== "linux") return [];
	const running = workersBelow(holder);
	if (running >= wanted) return [ok("workers", `${running} running`)];
	return [
		warning(
			"workers",
			`${running} of ${wanted} worker processes run`,
			"One may just be starting; otherwise the server's log says why they end. `netconductor status` shows all that work.",
		),
	];
}

function workersBelow(pid: number): number {
	return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isWorkerOf(pid, name)).length;
}

function isWorkerOf(parent: number, pid: string): boolean {
	try {
		const stat = readFileSync(join("/proc", pid, "stat"), "utf8");
		// Fields after the name in parentheses, proc(5): state, parent.
		if (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] !== String(parent)) return false;
		return readFileSync(join("/proc", pid, "cmdline"), "utf8")
			.split("\0")
			.includes("--targets=worker");
	} catch {
		return false;
	}
}

const marks = { ok: "ok      ", warning: "warning ", failed: "FAILED  ", skipped: "skipped " };

/** The diagnosis as people read it. */
export function renderDiagnosis({ status, findings }: Diagnosis): string {
	const width = Math.max(...findings.map(({ check }) => check.length));
	const lines = findings.flatMap(({ check, status: each, detail, mend }) => {
		const indent = " ".repeat(marks.ok.length + width + 2);
		const [first = "", ...rest] = detail.split("\n");
		return [
			`${marks[each]}${check.padEnd(width)}  ${first}`,
			...rest.map((line) => `${indent}${line}`),
			...(mend === undefined ? [] : [`${indent}-> ${mend}`]),
		];
	});
	return `${lines.join("\n")}\n\n${summaries[status]}\n`;
}

const summaries = {
	ok: "Nothing is wrong.",
	warning: "It works; see the warnings.",
	failed: "NetConductor cannot work like this: mend what is marked FAILED.",
};
