import type { Backlog } from "./bus/backlog.ts";
import { redactText } from "./redact.ts";

/** Body of `/health/live` and `/health/ready`. */
export interface HealthReport {
	status: "ok" | "failed";
	checks: Record<string, HealthResult>;
}

export interface HealthResult {
	status: "ok" | "failed";
	/** For the person who looks: what is wrong, or a fact such as a version. */
	detail?: string;
	/** How long the check took, in milliseconds. */
	ms: number;
}

/** Throws when the dependency is not usable; a text it answers is shown. The signal aborts when nobody waits any more. */
export type HealthCheck = (signal: AbortSignal) => Promise<unknown>;

export type Phase = "starting" | "running" | "stopping";

export interface HealthRegistry {
	/** Adds a check of a dependency under a name such as `database` or `devices.database`. Answers how to take it out again. */
	register(name: string, check: HealthCheck, options?: { timeout_ms?: number }): () => void;
	/** Adds a service whose events may wait. */
	registerBacklog(service: string, read: () => Promise<Backlog>): void;
	/** What waits, by service; null where it cannot be told now. Has no part in `ready`: a service with much to do is none that is broken. */
	backlogs(): Promise<Record<string, Backlog | null>>;
	/** Says what the process is doing; it takes work only while it runs. New registries are starting. */
	enter(phase: Phase): void;
	/** Where it is stopping, whoever asks is to turn to another process. */
	phase(): Phase;
	/** Whether the process itself runs; asks no dependency, since a restart would not mend one. */
	live(): HealthReport;
	/** Whether the process can do its work now. Each check runs at most once a second however often this is asked. */
	ready(): Promise<HealthReport>;
}

interface Entry {
	check: HealthCheck;
	timeout_ms: number;
	asked_at: number;
	result?: Promise<HealthResult>;
}

const cache_ms = 1_000;

/** A registry of named checks. */
export function createHealth(): HealthRegistry {
	const entries = new Map<string, Entry>();
	const backlogs = new Map<string, () => Promise<Backlog>>();
	let phase: Phase = "starting";

	return {
		register(name, check, { timeout_ms = 2_000 } = {}) {
			if (entries.has(name)) throw new TypeError(`there is a health check ${name} already`);
			const entry: Entry = { check, timeout_ms, asked_at: Number.NEGATIVE_INFINITY };
			entries.set(name, entry);
			return () => {
				if (entries.get(name) === entry) entries.delete(name);
			};
		},
		registerBacklog: (service, read) => void backlogs.set(service, read),
		async backlogs() {
			const read = [...backlogs].map(async ([service, count]) => [service, await count().catch(() => null)] as const);
			return Object.fromEntries(await Promise.all(read));
		},
		enter(next) {
			phase = next;
		},
		phase: () => phase,
		live: () => ({ status: "ok", checks: {} }),
		async ready() {
			const now = performance.now();
			const results = await Promise.all(
				[...entries].map(async ([name, entry]) => {
					if (entry.result === undefined || now - entry.asked_at >= cache_ms) {
						entry.asked_at = now;
						entry.result = runCheck(entry);
					}
					return [name, await entry.result] as const;
				}),
			);
			const process: [string, HealthResult][] =
				phase === "running" ? [] : [["process", { status: "failed", detail: phase, ms: 0 }]];
			return summarize(Object.fromEntries([...process, ...results]));
		},
	};
}

/** A report is as good as its worst check. */
export function summarize(checks: Record<string, HealthResult>): HealthReport {
	return { status: Object.values(checks).every(({ status }) => status === "ok") ? "ok" : "failed", checks };
}

async function runCheck({ check, timeout_ms }: Entry): Promise<HealthResult> {
	const started = performance.now();
	const gone = new AbortController();
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(() => {
		const error = new Error(`no answer within ${timeout_ms} ms`);
		late.reject(error);
		gone.abort(error);
	}, timeout_ms);
	const ms = () => Math.round((performance.now() - started) * 10) / 10;
	try {
		const detail = await Promise.race([Promise.resolve(gone.signal).then(check), late.promise]);
		return { status: "ok", ...(typeof detail === "string" && { detail: redactText(detail) }), ms: ms() };
	} catch (error) {
		const detail = redactText(error instanceof Error ? error.message : String(error)).slice(0, 500);
		return { status: "failed", detail, ms: ms() };
	} finally {
		clearTimeout(timer);
	}
}
