import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Database } from "@netconductor/runtime/db/database";
import { toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import type { Handler } from "@netconductor/runtime/host/service";
import { storable } from "@netconductor/runtime/text/lines";
import { and, asc, count, desc, eq, ilike } from "drizzle-orm";
import { escapeLike } from "../backups/read-backups.ts";
import { removeBackups } from "../backups/remove-backups.ts";
import { restoreSearchTexts, type SearchTextNeeds } from "../search/search-texts.ts";
import { backups, snapshots } from "../tables.ts";
import {
	countBackups,
	countedNow,
	endedStatus,
	findSnapshot,
	type SnapshotRow,
	snapshotColumns,
	toSnapshot,
} from "./snapshot-store.ts";
import { type VisibleNeeds, visibleSnapshots } from "./visible-snapshots.ts";

type Operations = (typeof backupApi)["operations"];
interface Needs {
	db: Database;
}

/** Each is the order of an index, read forwards or backwards. */
const orders = {
	created_at: [asc(snapshots.created_at), asc(snapshots.id)],
	"-created_at": [desc(snapshots.created_at), desc(snapshots.id)],
	name: [asc(snapshots.name), asc(snapshots.id)],
	"-name": [desc(snapshots.name), desc(snapshots.id)],
};

export function listSnapshots(needs: VisibleNeeds): Handler<Operations["listSnapshots"]> {
	return async (call) => {
		const { query } = call;
		const { db } = needs;
		const visible = await visibleSnapshots(needs, call);
		const where = and(
			visible.exist,
			query.pinned === undefined ? undefined : eq(snapshots.pinned, query.pinned),
			query.q === undefined ? undefined : ilike(snapshots.name, `%${escapeLike(storable(query.q))}%`),
		);
		const rows = await db.orm
			.select(snapshotColumns)
			.from(snapshots)
			.where(where)
			.orderBy(...orders[query.sort])
			.limit(query.page_size)
			.offset((query.page - 1) * query.page_size);
		const [total] = await db.orm.select({ total: count() }).from(snapshots).where(where);
		const counted = await visible.counted(rows);
		return toPage(query, counted.map(toSnapshot), total?.total ?? 0);
	};
}

export function getSnapshot(needs: VisibleNeeds): Handler<Operations["getSnapshot"]> {
	return async (call) => toSnapshot(await (await visibleSnapshots(needs, call)).find(call.params.id));
}

export function updateSnapshot(needs: Needs): Handler<Operations["updateSnapshot"]> {
	return async ({ params, body, note }) => {
		const { before, after } = await needs.db.transaction(async (tx) => {
			const before = await findSnapshot(tx, params.id);
			const change = {
				...(body.name !== undefined && { name: storable(body.name) }),
				...(body.description !== undefined && { description: storable(body.description) }),
				...(body.pinned !== undefined && { pinned: body.pinned }),
			};
			if (Object.keys(change).length === 0) return { before, after: before };
			await tx.update(snapshots).set(change).where(eq(snapshots.id, params.id));
			return { before, after: await findSnapshot(tx, params.id) };
		});
		const about = ({ name, description, pinned }: SnapshotRow) => ({ name, description, pinned });
		note({
			resource_type: "snapshot",
			resource_id: params.id,
			resource_name: after.name,
			before: about(before),
			after: about(after),
		});
		return toSnapshot(await countedNow(needs.db.orm, after));
	};
}

/** Counts anew; the status of one that has ended follows the counts. */
export function recalculateSnapshot(needs: Needs): Handler<Operations["recalculateSnapshot"]> {
	return async ({ params, note }) => {
		const row = await needs.db.transaction(async (tx) => {
			const [locked] = await tx
				.select(snapshotColumns)
				.from(snapshots)
				.where(eq(snapshots.id, params.id))
				.for("update");
			if (locked === undefined) return findSnapshot(tx, params.id);
			const counts = await countBackups(tx, params.id);
			const ended = locked.status !== "running" && locked.run_id !== null;
			const change = {
				...counts,
				failed: ended ? Math.max(0, locked.devices - counts.succeeded) : locked.failed,
				status: ended ? endedStatus(counts.succeeded, locked.devices) : locked.status,
			};
			await tx.update(snapshots).set(change).where(eq(snapshots.id, params.id));
			return { ...locked, ...change };
		});
		note({ resource_type: "snapshot", resource_id: row.id, resource_name: row.name });
		return toSnapshot(await countedNow(needs.db.orm, row));
	};
}

/** Deletes a snapshot with its backups, also the newest of a device: a person asked for just this one. */
export function deleteSnapshot(needs: SearchTextNeeds): Handler<Operations["deleteSnapshot"]> {
	return async ({ params, query, note }) => {
		const { db } = needs;
		const snapshot = await findSnapshot(db.orm, params.id);
		note({ resource_type: "snapshot", resource_id: snapshot.id, resource_name: snapshot.name });
		if (snapshot.status === "running") {
			throw failed("snapshots.still_running", {
				message: `The snapshot ${snapshot.name} is still being taken. Wait for its run to end, or cancel it.`,
				details: { run_id: snapshot.run_id },
			});
		}
		const rows = await db.orm.select({ id: backups.id }).from(backups).where(eq(backups.snapshot_id, params.id));
		const ids = rows.map(({ id }) => id);
		const removed = await removeBackups(needs, ids, { dry_run: query.dry_run });
		if (!query.dry_run) {
			await db.orm.delete(snapshots).where(eq(snapshots.id, params.id));
			await restoreSearchTexts(needs);
		}
		return { dry_run: query.dry_run, snapshots: 1, ...removed };
	};
}
