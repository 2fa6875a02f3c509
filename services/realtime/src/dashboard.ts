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
import { hasCode } from "@netconductor/runtime/errors";
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
	watch(watcher: Watcher, actor: () => Actor, past_ms: number): void;
}

// What one operation changes is said by several services within some milliseconds: all who watch hear of it at once, and together.
const gather_ms = 50;
// A run of a thousand devices changes a thousand times; a person needs to hear of it once or twice a second.
const between_ms = 400;
const mostRunsKept = 100;

interface News {
	permission: string | null;
	text: string;
	/** What somebody hears whose role is limited to some devices; undefined: nothing. */
	limited(actor: Actor): string | undefined;
}

function textOf(message: DashboardMessage): string {
	return JSON.stringify(DashboardMessage.parse(message));
}

function limitOf({ device_groups }: Actor): string {
	return JSON.stringify(device_groups);
}

/** Whose role is limited hears that something changed, not what: it may be none of theirs. */
function newsOfChange(what: ChangeKind, id: string): News {
	const unnamed = textOf({ type: "changed", what, id: "" });
	return { permission: changeKinds[what], text: textOf({ type: "changed", what, id }), limited: () => unnamed };
}

/** Tells open pages that something changed, so that they read it again. What a page misses it reads when it reconnects. */
export function createDashboard({ tasks, account, ephemeral, clock, log }: Needs): Dashboard {
	const watchers = new Map<Watcher, () => Actor>();
	const changes = new Map<ChangeKind, string>();
	const runs = new Set<string>();
	/** When each kind changed last, and each run: for those who open their view a moment later. */
	const lastChanges = new Map<ChangeKind, number>();
	const lastRuns = new Map<string, number>();
	let timer: NodeJS.Timeout | undefined;
	let told_at = Number.NEGATIVE_INFINITY;
	const unsubscribes: (() => unknown)[] = [];

	function gather(add: () => void): void {
		if (watchers.size === 0) return;
		add();
		timer ??= setTimeout(
			() => {
				timer = undefined;
				told_at = clock.elapsed_ms();
				tell([...changes].map(([what, id]) => newsOfChange(what, id)));
				const told = [...runs].map(tellOfRun);
				changes.clear();
				runs.clear();
				void Promise.all(told).catch((err) => log.warn({ err }, "a change could not be shown live"));
			},
			Math.max(gather_ms, told_at + between_ms - clock.elapsed_ms()),
		);
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

	/** Each watcher gets what of it they may see. */
	function tell(news: readonly News[]): void {
		for (const [watcher, actorOf] of watchers) {
			// It reads everything again when it reconnects, so one that does not keep up loses nothing.
			if (watcher.backlog >= backlogLimitBytes) continue;
			const actor = actorOf();
			const seen = news.flatMap(({ permission, text, limited }) => {
				if (permission !== null && !isPermitted(actor, permission)) return [];
				return (actor.device_groups === undefined ? text : limited(actor)) ?? [];
			});
			if (seen.length > 0) watcher.sendTexts(seen);
		}
	}

	async function tellOfRun(id: string): Promise<void> {
		const permission = "runs:read";
		const told = [...watchers.values()].map((actorOf) => actorOf()).filter((actor) => isPermitted(actor, permission));
		if (told.length === 0) return;
		const text = textOf({ type: "run", run: await tasks.getRun({ params: { id } }, account) });
		// Those with the same groups see the same runs.
		const limits = Map.groupBy(
			told.filter(({ device_groups }) => device_groups !== undefined),
			limitOf,
		);
		const shown = new Set<string>();
		for (const [limit, [actor]] of limits) if (actor !== undefined && (await exists(id, actor))) shown.add(limit);
		tell([{ permission, text, limited: (actor) => (shown.has(limitOf(actor)) ? text : undefined) }]);
	}

	async function exists(run_id: string, actor: Actor): Promise<boolean> {
		try {
			await tasks.getRun({ params: { id: run_id } }, { actor });
			return true;
		} catch (error) {
			if (hasCode(error, "runs.not_found")) return false;
			throw error;
		}
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
