import { statfs } from "node:fs/promises";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Backlog } from "@netconductor/runtime/bus/backlog";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Database } from "@netconductor/runtime/db/database";
import type { HealthRegistry, HealthReport, HealthResult } from "@netconductor/runtime/health";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { ProcessFacts } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { redactText } from "@netconductor/runtime/redact";
import { z } from "zod";
import type { Places } from "../places.ts";
import { type Finding, judgeDisk, judgeWorkers, worst } from "./health.ts";

export interface LookNeeds {
	db: Database;
	health: Pick<HealthRegistry, "ready" | "backlogs">;
	places: Places;
	ephemeral: Ephemeral;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getWorkerStats">;
	process: ProcessFacts;
	ownAccount(): CallerContext;
}

export interface ServiceFinding extends Finding {
	place: "here" | "elsewhere";
	checks: Map<string, Finding>;
	backlog: Backlog | null;
}

export interface Findings {
	services: Map<string, ServiceFinding>;
	dependencies: Map<string, Finding>;
}

/** A process that answers later than this is as good as gone. */
const patience_ms = 3_000;

const Report = z.object({
	status: z.enum(["ok", "failed"]),
	checks: z.record(
		z.string(),
		z.object({ status: z.enum(["ok", "failed"]), detail: z.string().optional(), ms: z.number() }),
	),
});
const Backlogs = z.record(
	z.string(),
	z.object({ outgoing: z.int(), incoming: z.int(), put_aside: z.int() }).nullable(),
);

/** What one process says of itself. */
interface Said {
	report: HealthReport;
	backlogs: Record<string, Backlog | null>;
	ms: number | null;
}

/** Looks at every service and at what all of them stand on. Never throws: what cannot be looked at is a finding, too. */
export async function look(needs: LookNeeds): Promise<Findings> {
	const here: Said = { report: await needs.health.ready(), backlogs: await needs.health.backlogs(), ms: null };
	const [services, dependencies] = await Promise.all([
		lookAtServices(needs, here),
		lookAtDependencies(needs, here.report),
	]);
	return { services, dependencies };
}

async function lookAtServices({ places }: LookNeeds, here: Said): Promise<Map<string, ServiceFinding>> {
	// One question to each process, however many services it runs.
	const asked = new Map<string, Promise<Said | Error>>();
	const ask = (address: string) => {
		const answer = asked.get(address) ?? askProcess(address);
		asked.set(address, answer);
		return answer;
	};
	const found = await Promise.all(
		places.all.map(async (service): Promise<[string, ServiceFinding]> => {
			if (places.isHere(service)) return [service, judgeService(service, "here", here)];
			const addresses = places.addressesOf(service);
			if (addresses === undefined) {
				const detail = `runs in another process, whose address is not known here: set NETCONDUCTOR_${service.toUpperCase()}_URL`;
				return [service, { ...silent, state: "unknown", detail }];
			}
			return [service, judgeAll(service, await Promise.all(addresses.map(ask)))];
		}),
	);
	return new Map(found);
}

const silent = { place: "elsewhere", checks: new Map(), backlog: null, ms: null } as const;

/** Of several processes the one that is worst off says how the service is; some that are silent make it slower, not absent. */
function judgeAll(service: string, said: readonly (Said | Error)[]): ServiceFinding {
	const silentOnes = said.filter((one) => one instanceof Error);
	const judged = said.flatMap((one) => (one instanceof Error ? [] : [judgeService(service, "elsewhere", one)]));
	const state = worst(judged.map((one) => one.state));
	const shown = judged.find((one) => one.state === state);
	if (shown === undefined) return { ...silent, state: "failed", detail: silentOnes[0]?.message ?? "" };
	if (silentOnes.length === 0) return shown;
	const away = `${silentOnes.length} of its ${said.length} processes do not answer`;
	const detail = shown.state === "ok" ? away : `${away}; ${shown.detail}`;
	return { ...shown, state: worst([state, "degraded"]), detail };
}

function judgeService(service: string, place: ServiceFinding["place"], { report, backlogs, ms }: Said): ServiceFinding {
	const checks = new Map<string, Finding>();
	for (const [name, check] of Object.entries(report.checks)) {
		// What a process here stands on is told once, for all of its services.
		const common = name === "process" || (place === "elsewhere" && !name.includes("."));
		if (common || name.startsWith(`${service}.`)) checks.set(name, toFinding(check));
	}
	const backlog = backlogs[service] ?? null;
	const aside = backlog?.put_aside ?? 0;
	const failing = [...checks].filter(([, { state }]) => state === "failed");
	const state = worst([...checks.values()].map(({ state }) => state).concat(aside > 0 ? ["degraded"] : []));
	const detail = [
		...failing.map(([name, { detail }]) => `${name}: ${detail}`),
		...(aside > 0
			? [
					`${aside} events were put aside: their consumer did not succeed; see \`netconductor system dead-letters list\``,
				]
			: []),
	].join("; ");
	return { place, state, detail: detail || "answers", ms, checks, backlog };
}

async function askProcess(address: string): Promise<Said | Error> {
	const started = performance.now();
	try {
		const read = async (path: string) => {
			const response = await fetch(new URL(path, address), { signal: AbortSignal.timeout(patience_ms) });
			return (await response.json()) as unknown;
		};
		const [report, backlogs] = await Promise.all([
			read("/health/ready").then((answer) => Report.parse(answer)),
			read("/health/backlogs").then(
				(answer) => Backlogs.parse(answer),
				() => ({}),
			),
		]);
		return { report, backlogs, ms: rounded(performance.now() - started) };
	} catch {
		// The reason names addresses, which not everybody who may see the health needs to know.
		return new Error("its process does not answer");
	}
}

async function lookAtDependencies(needs: LookNeeds, report: HealthReport): Promise<Map<string, Finding>> {
	const { db, process: facts, tasks, ownAccount } = needs;
	const { stands_on } = facts;
	const events = report.checks.events;
	return new Map(
		await Promise.all([
			found("database", async () => {
				const [row] = await db.query<{ version: string }>("select current_setting('server_version') as version");
				return { state: "ok", detail: `PostgreSQL ${row?.version}, ${stands_on.database}` };
			}),
			found("events", async () => {
				const { state, detail } = toFinding(events ?? { status: "ok", ms: 0 });
				return { state, detail: state === "ok" ? stands_on.events : detail };
			}),
			found("live output", async () => {
				await echo(needs.ephemeral);
				return { state: "ok", detail: stands_on.live };
			}),
			found("disk", async () => {
				const { bavail, blocks, bsize } = await statfs(facts.data_dir);
				return judgeDisk({ free_bytes: bavail * bsize, total_bytes: blocks * bsize });
			}),
			found("workers", async () => judgeWorkers(await tasks.getWorkerStats({}, ownAccount()))),
		]),
	);
}

async function found(name: string, work: () => Promise<Omit<Finding, "ms">>): Promise<[string, Finding]> {
	const started = performance.now();
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(() => late.reject(new Error(`no answer within ${patience_ms} ms`)), patience_ms);
	try {
		const finding = await Promise.race([work(), late.promise]);
		return [name, { ...finding, ms: rounded(performance.now() - started) }];
	} catch (error) {
		const detail = redactText(error instanceof Error ? error.message : String(error)).slice(0, 500);
		return [name, { state: "failed", detail, ms: rounded(performance.now() - started) }];
	} finally {
		clearTimeout(timer);
	}
}

/** Sends a word round and waits until it is heard here. */
async function echo(ephemeral: Ephemeral): Promise<void> {
	const topic = `system.echo.${newId()}`;
	const heard = Promise.withResolvers<void>();
	const unsubscribe = await ephemeral.subscribe(topic, () => heard.resolve());
	try {
		await ephemeral.publish(topic, {});
		await Promise.race([
			heard.promise,
			new Promise((_, reject) => {
				setTimeout(() => reject(new Error("what was sent was not heard")), patience_ms - 500).unref();
			}),
		]);
	} finally {
		await unsubscribe();
	}
}

function toFinding({ status, detail, ms }: HealthResult): Finding {
	return { state: status, detail: detail ?? (status === "ok" ? "answers" : "does not answer"), ms };
}

function rounded(ms: number): number {
	return Math.round(ms * 10) / 10;
}
