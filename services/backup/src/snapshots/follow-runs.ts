import type { Consumers } from "@netconductor/runtime/bus/inbox";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { newId } from "@netconductor/runtime/id";
import { storable } from "@netconductor/runtime/text/lines";
import { and, eq, ne, sql } from "drizzle-orm";
import { backups, devices, runs, snapshots } from "../tables.ts";
import { rememberRuns } from "./known.ts";
import { countBackups, endedStatus, snapshotColumns } from "./snapshot-store.ts";

/** Keeps backups and snapshots in step with the runs that make them. Every consumer may see its event again, and late. */
export function followRuns({ outbox }: { outbox: Outbox }): Consumers {
	return {
		"run.started.v1": {
			async many(events, tx) {
				const started = events.filter(({ payload }) => payload.kind === "backup");
				if (started.length === 0) return;
				await rememberRuns(
					tx,
					started.map(({ payload: { run_id, started_by }, occurred_at }) => ({ run_id, started_by, at: occurred_at })),
				);
				const taken = started.flatMap(({ payload }) => {
					const id = snapshotOf(payload);
					return id === undefined ? [] : [{ id, run_id: payload.run_id }];
				});
				if (taken.length === 0) return;
				// Their starts were given up although they worked: the answers had been lost.
				await tx.execute(
					sql`update snapshots s set run_id = taken.run_id, status = 'running', error = null, pending = null, finished_at = null
						from jsonb_to_recordset(${jsonbText(taken)}::jsonb) as taken (id uuid, run_id uuid)
						where s.id = taken.id and s.run_id is null`,
				);
			},
		},

		/** A failed attempt is kept as a backup without content. */
		async "operation.finished.v1"(event, { tx }) {
			if (event.kind !== "backup" || event.step_type !== "collect_config") return;
			if (event.status !== "failed" && event.status !== "cancelled" && event.status !== "unknown") return;
			const error = event.error ?? {
				code: "device.cancelled",
				message: `The backup of ${event.device_name} was ${event.status}`,
			};
			// A device that was never seen here is noted, so that the retention finds its failed attempts too.
			await tx
				.insert(devices)
				.values({
					device_id: event.device_id,
					device_name: storable(event.device_name),
					device_type: "unknown",
				})
				.onConflictDoNothing();
			const [device] = await tx.select().from(devices).where(eq(devices.device_id, event.device_id));
			const [run] = await tx.select().from(runs).where(eq(runs.run_id, event.run_id));
			const id = newId();
			const device_name = storable(event.device_name);
			const snapshot_id = snapshotOf(event) ?? null;
			const inserted = await tx
				.insert(backups)
				.values({
					id,
					operation_id: event.operation_id,
					device_id: event.device_id,
					device_name,
					device_type: device?.device_type ?? "unknown",
					snapshot_id,
					run_id: event.run_id,
					status: "failed",
					error: storableJson(error),
					started_by: run?.started_by ?? "unknown",
					created_at: event.finished_at,
				})
				.onConflictDoNothing({ target: backups.operation_id })
				.returning({ id: backups.id });
			if (inserted.length === 0) return;
			await outbox.publish(tx, "backup.failed.v1", {
				backup_id: id,
				device_id: event.device_id,
				device_name,
				run_id: event.run_id,
				code: error.code,
			});
			if (snapshot_id !== null) await recount(tx, snapshot_id);
		},

		async "run.finished.v1"(event, { tx }) {
			if (event.kind !== "backup") return;
			const id = snapshotOf(event);
			if (id === undefined) return;
			const [snapshot] = await tx.select(snapshotColumns).from(snapshots).where(eq(snapshots.id, id)).for("update");
			if (snapshot === undefined) return;
			const counts = await countBackups(tx, id);
			const status = endedStatus(counts.succeeded, snapshot.devices);
			const failed = Math.max(0, snapshot.devices - counts.succeeded);
			await tx
				.update(snapshots)
				.set({
					...counts,
					status,
					failed,
					run_id: snapshot.run_id ?? event.run_id,
					error: null,
					pending: null,
					finished_at: event.finished_at,
				})
				.where(eq(snapshots.id, id));
			const { succeeded, changed } = counts;
			await outbox.publish(tx, "snapshot.completed.v1", {
				snapshot_id: id,
				run_id: event.run_id,
				status,
				succeeded,
				failed,
				changed,
			});
		},

		/** Its backups stay until their retention ends, but it is no longer part of today's configurations. */
		async "device.deleted.v1"(event, { tx, occurred_at }) {
			await tx
				.update(devices)
				.set({ deleted_at: occurred_at.toISOString() })
				.where(eq(devices.device_id, event.device_id));
		},

		async "device.updated.v1"(event, { tx }) {
			const device_name = storable(event.name);
			await tx
				.update(devices)
				.set({ device_name })
				.where(and(eq(devices.device_id, event.device_id), ne(devices.device_name, device_name)));
		},
	};
}

function snapshotOf({ subject }: { subject: { type: string; id: string } | null }): string | undefined {
	return subject?.type === "snapshot" ? subject.id : undefined;
}

/** Counts anew a snapshot that has ended already; one under way is counted when it is looked at. */
async function recount(tx: Tx, id: string): Promise<void> {
	const [snapshot] = await tx.select(snapshotColumns).from(snapshots).where(eq(snapshots.id, id)).for("update");
	if (snapshot === undefined || snapshot.status === "running") return;
	const counts = await countBackups(tx, id);
	const failed = Math.max(0, snapshot.devices - counts.succeeded);
	await tx
		.update(snapshots)
		.set({ ...counts, failed, status: endedStatus(counts.succeeded, snapshot.devices) })
		.where(eq(snapshots.id, id));
}

/** What a device said may hold what PostgreSQL's JSON cannot. */
function storableJson<T>(value: T): T {
	return JSON.parse(
		JSON.stringify(value, (_, inner: unknown) => (typeof inner === "string" ? storable(inner) : inner)),
	);
}
