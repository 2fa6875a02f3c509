import type { Client } from "@netconductor/contracts/kernel/client";
import { DashboardMessage } from "@netconductor/contracts/realtime/messages";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Consumers } from "@netconductor/runtime/bus/inbox";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { backlogLimitBytes, type Watcher } from "./watcher.ts";

interface Needs {
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
	account: CallerContext;
	ephemeral: Ephemeral;
	log: Log;
}

export interface Dashboard {
	/** Events reach one process of this service; from there every process hears of them. */
	consumers: Consumers;
	start(): Promise<void>;
	stop(): Promise<void>;
	watch(watcher: Watcher): void;
}

const topic = "dashboard.changed";
// A run of a thousand devices changes a thousand times; a person needs to hear of it once or twice a second.
const gather_ms = 400;

/** Tells open pages that something changed, so that they read it again. What a page misses it reads when it reconnects. */
export function createDashboard({ tasks, account, ephemeral, log }: Needs): Dashboard {
	const watchers = new Set<Watcher>();
	const gathered = new Map<string, { kind: "run" | "changed"; what: string; id: string }>();
	let timer: NodeJS.Timeout | undefined;
	const unsubscribes: (() => unknown)[] = [];

	function gather(kind: "run" | "changed", what: string, id: string): void {
		if (watchers.size === 0) return;
		gathered.set(`${what} ${kind === "run" ? id : ""}`, { kind, what, id });
		timer ??= setTimeout(() => {
			timer = undefined;
			const news = [...gathered.values()];
			gathered.clear();
			void Promise.all(news.map(tell)).catch((err) => log.warn({ err }, "a change could not be shown live"));
		}, gather_ms);
	}

	async function tell({ kind, what, id }: { kind: "run" | "changed"; what: string; id: string }): Promise<void> {
		const message: unknown =
			kind === "run"
				? { type: "run", run: await tasks.getRun({ params: { id } }, account) }
				: { type: "changed", what, id };
		const text = JSON.stringify(DashboardMessage.parse(message));
		for (const watcher of watchers) {
			// It reads everything again when it reconnects, so one that does not keep up loses nothing.
			if (watcher.backlog < backlogLimitBytes) watcher.sendText(text);
		}
	}

	/** A page reads its whole list again, whichever of them changed: of many that changed at once the last is told. */
	const changed = (what: "devices" | "backups" | "snapshots", id: string | undefined) =>
		id === undefined ? Promise.resolve() : ephemeral.publish(topic, { what, id });

	return {
		consumers: {
			"device.created.v1": { many: (events) => changed("devices", events.at(-1)?.payload.device_id) },
			"device.updated.v1": { many: (events) => changed("devices", events.at(-1)?.payload.device_id) },
			"device.deleted.v1": { many: (events) => changed("devices", events.at(-1)?.payload.device_id) },
			"backup.completed.v1": { many: (events) => changed("backups", events.at(-1)?.payload.backup_id) },
			"backup.failed.v1": { many: (events) => changed("backups", events.at(-1)?.payload.backup_id) },
			"snapshot.completed.v1": { many: (events) => changed("snapshots", events.at(-1)?.payload.snapshot_id) },
			"run.started.v1": ({ run_id }) => ephemeral.publish("run.progress", { run_id, run: true }),
			"run.finished.v1": ({ run_id }) => ephemeral.publish("run.progress", { run_id, run: true }),
		},
		async start() {
			unsubscribes.push(
				await ephemeral.subscribe(topic, (payload) => {
					const { what, id } = payload as { what?: unknown; id?: unknown };
					if (typeof what === "string" && typeof id === "string") gather("changed", what, id);
				}),
				await ephemeral.subscribe("run.progress", (payload) => {
					const { run_id } = payload as { run_id?: unknown };
					if (typeof run_id === "string") gather("run", "run", run_id);
				}),
			);
		},
		async stop() {
			clearTimeout(timer);
			for (const unsubscribe of unsubscribes) await unsubscribe();
		},
		watch(watcher) {
			watchers.add(watcher);
			watcher.onEnd(() => void watchers.delete(watcher));
		},
	};
}
