import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import {
	type ChangeKind,
	changeKinds,
	DashboardMessage,
	DashboardNews,
	dashboardTopic,
	longestPast_ms,
} from "@netconductor/contracts/realtime/messages";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChanges } from "@netconductor/runtime/bus/announce-change";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Consumers } from "@netconductor/runtime/bus/inbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { backlogLimitBytes, type Watcher } from "./watcher.ts";

interface Needs {
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
	account: CallerContext;
	ephemeral: Ephemeral;
	clock: Clock;
	log: Log;
}

export interface Dashboard {
	/** Events reach one process of this service; from there every process hears of them. */
	consumers: Consumers;
	start(): Promise<void>;
	stop(): Promise<void>;
	/**
	 * Tells a watcher of what they may see, and first of what changed in the last `past_ms`. `actor` is asked each time: what somebody may do
	 * changes while they watch.
	 */
	watch(watcher: Watcher, actor: () => Pick<Actor, "permissions">, past_ms: number): void;
}

// A run of a thousand devices changes a thousand times; a person needs to hear of it once or twice a second.
const gather_ms = 400;
const mostRunsKept = 100;

/** Tells open pages that something changed, so that they read it again. What a page misses it reads when it reconnects. */
export function createDashboard({ tasks, account, ephemeral, clock, log }: Needs): Dashboard {
	const watchers = new Map<Watcher, () => Pick<Actor, "permissions">>();
	const changes = new Map<ChangeKind, string>();
	const runs = new Set<string>();
	/** When each kind changed last, and each run: for those who open their view a moment later. */
	const lastChanges = new Map<ChangeKind, number>();
	const lastRuns = new Map<string, number>();
	let timer: NodeJS.Timeout | undefined;
	const unsubscribes: (() => unknown)[] = [];

	function gather(add: () => void): void {
		if (watchers.size === 0) return;
		add();
		timer ??= setTimeout(() => {
			timer = undefined;
			const told = [
				...[...changes].map(([what, id]) => tell({ type: "changed", what, id }, changeKinds[what])),
				...[...runs].map(tellOfRun),
			];
			changes.clear();
			runs.clear();
			void Promise.all(told).catch((err) => log.warn({ err }, "a change could not be shown live"));
		}, gather_ms);
	}

	function gatherChanges(changed: DashboardNews["changed"]): void {
		for (const { what } of changed) lastChanges.set(what, clock.elapsed_ms());
		gather(() => {
			for (const { what, id } of changed) changes.set(what, id);
		});
	}

	function gatherRun(id: string): void {
		// Last in the order of the map, too.
		lastRuns.delete(id);
		lastRuns.set(id, clock.elapsed_ms());
		if (lastRuns.size > mostRunsKept) lastRuns.delete(lastRuns.keys().next().value as string);
		gather(() => runs.add(id));
	}

	function allowed(permission: string | null): Watcher[] {
		return [...watchers].flatMap(([watcher, actor]) =>
			permission === null || isPermitted(actor(), permission) ? [watcher] : [],
		);
	}

	function tell(message: DashboardMessage, permission: string | null): void {
		const text = JSON.stringify(DashboardMessage.parse(message));
		for (const watcher of allowed(permission)) {
			// It reads everything again when it reconnects, so one that does not keep up loses nothing.
			if (watcher.backlog < backlogLimitBytes) watcher.sendText(text);
		}
	}

	async function tellOfRun(id: string): Promise<void> {
		if (allowed("runs:read").length === 0) return;
		tell({ type: "run", run: await tasks.getRun({ params: { id } }, account) }, "runs:read");
	}

	/** A page reads its whole list again, whichever of them changed: of many that changed at once the last is told. */
	const announce = async (...changed: DashboardNews["changed"]) => announceChanges(ephemeral, changed);

	return {
		consumers: {
			"backup.completed.v1": {
				many: (events) => announce({ what: "backups", id: events.at(-1)?.payload.backup_id ?? "" }),
			},
			"backup.failed.v1": {
				many: (events) => announce({ what: "backups", id: events.at(-1)?.payload.backup_id ?? "" }),
			},
			"snapshot.completed.v1": ({ snapshot_id }) => announce({ what: "snapshots", id: snapshot_id }),
			"device.host_key_changed.v1": ({ device_id }) =>
				announce({ what: "host_keys", id: device_id }, { what: "devices", id: device_id }),
			"run.started.v1": ({ run_id }) => ephemeral.publish("run.progress", { run_id, run: true }),
			"run.finished.v1": ({ run_id }) => ephemeral.publish("run.progress", { run_id, run: true }),
		},
		async start() {
			// What was said while the connection was down is not known: who comes back reads everything that they show.
			const onGap = () => {
				for (const watcher of watchers.keys()) watcher.end(1012, "news were missed");
			};
			unsubscribes.push(
				await ephemeral.subscribe(
					dashboardTopic,
					(payload) => {
						const news = DashboardNews.safeParse(payload);
						if (news.success) gatherChanges(news.data.changed);
						else log.warn("news of a change are not valid");
					},
					onGap,
				),
				await ephemeral.subscribe("run.progress", (payload) => {
					const { run_id } = payload as { run_id?: unknown };
					if (typeof run_id === "string") gatherRun(run_id);
				}),
			);
		},
		async stop() {
			clearTimeout(timer);
			for (const unsubscribe of unsubscribes) await unsubscribe();
		},
		watch(watcher, actor, past_ms) {
			watchers.set(watcher, actor);
			watcher.onEnd(() => void watchers.delete(watcher));
			const say = (message: DashboardMessage) => watcher.send(message);
			say({ type: "ready" });
			const since = clock.elapsed_ms() - Math.min(past_ms, longestPast_ms);
			for (const [what, at] of lastChanges) {
				const permission = changeKinds[what];
				if (at < since || (permission !== null && !isPermitted(actor(), permission))) continue;
				say({ type: "changed", what, id: "" });
			}
			// Runs tell of themselves to all who watch: another time does no harm.
			for (const [id, at] of lastRuns) if (at >= since) gather(() => runs.add(id));
		},
	};
}
