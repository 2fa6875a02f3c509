import type { ServiceHealth, SystemCheck, SystemHealth, SystemState } from "@netconductor/contracts/system/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Log } from "@netconductor/runtime/log";
import { type Finding, worst } from "./health.ts";
import type { Findings } from "./look.ts";

export interface HealthWatch {
	/** As it is now: looked at within the last second. */
	now(): Promise<SystemHealth>;
	start(): void;
	stop(): Promise<void>;
}

interface Needs {
	look(): Promise<Findings>;
	/** Told when something is in another state than at the look before. */
	onChange(): void;
	clock: Clock;
	log: Log;
}

const every_ms = 15_000;
const settle_ms = 5_000;
const fresh_ms = 1_000;

/** Looks four times a minute, so that it is known since when something is as it is, and open pages hear of it. */
export function createHealthWatch({ look, onChange, clock, log }: Needs): HealthWatch {
	const known = new Map<string, { state: SystemState; since: string }>();
	const stopping = new AbortController();
	let running: Promise<void> | undefined;
	let latest: { at: number; health: Promise<SystemHealth> } | undefined;

	function now(): Promise<SystemHealth> {
		if (latest === undefined || clock.elapsed_ms() - latest.at >= fresh_ms) {
			latest = { at: clock.elapsed_ms(), health: look().then(describe) };
		}
		return latest.health;
	}

	function describe({ services, dependencies }: Findings): SystemHealth {
		const at = clock.now().toISOString();
		let changed = false;
		const dated = (key: string, name: string, { state, detail, ms }: Finding): SystemCheck => {
			const before = known.get(key);
			changed ||= before !== undefined && before.state !== state;
			const since = before?.state === state ? before.since : at;
			known.set(key, { state, since });
			return { name, state, detail, since, ms };
		};
		const described: ServiceHealth[] = [...services].map(([name, found]) => ({
			...dated(`service ${name}`, name, found),
			place: found.place,
			checks: [...found.checks].map(([check, finding]) => dated(`service ${name} ${check}`, check, finding)),
			backlog: found.backlog,
		}));
		const checks = [...dependencies].map(([name, finding]) => dated(`dependency ${name}`, name, finding));
		if (changed) onChange();
		return {
			state: worst([...described, ...checks].map(({ state }) => state)),
			checked_at: at,
			services: described,
			dependencies: checks,
		};
	}

	async function watch(): Promise<void> {
		// The rest of the process, and its workers, are still on their way up.
		await clock.sleep(settle_ms, stopping.signal).catch(() => {});
		while (!stopping.signal.aborted) {
			await now().catch((err: unknown) => log.error({ err }, "the health of the system could not be looked at"));
			await clock.sleep(every_ms, stopping.signal).catch(() => {});
		}
	}

	return {
		now,
		start() {
			running ??= watch();
		},
		async stop() {
			stopping.abort();
			await running;
		},
	};
}
