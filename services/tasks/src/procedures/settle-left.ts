import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { writeUnknown } from "../operations/operation-store.ts";
import { rowsOf } from "../rows.ts";
import { subjectOf } from "../runs/run-store.ts";

interface LeftRow {
	id: string;
	step_type: string;
	device_id: string;
	device_name: string;
	status: "pending" | "unknown";
	subject_type: string | null;
	subject_id: string | null;
	finished_at: Date | null;
}

/**
 * Settles operations of a procedure of this worker's that are under way according to the tables and nowhere else: their end could not be recorded.
 * Nobody knows what came of a write; what only read may be carried out again.
 */
export async function settleLeft(
	tx: Tx,
	outbox: Outbox,
	{ run_id, worker_id }: { run_id: string; worker_id: string },
): Promise<void> {
	const left = await rowsOf<LeftRow>(
		tx,
		`update operations o set status = case when o.write_started_at is null then 'pending' else 'unknown' end,
			error = case when o.write_started_at is null then null else $3::jsonb end,
			finished_at = case when o.write_started_at is null then null else now() end,
			duration_ms = case when o.write_started_at is null then null else (extract(epoch from now() - o.started_at) * 1000)::int end
		from procedures p join runs r on r.id = p.run_id
		where o.run_id = $1 and o.status = 'running' and p.run_id = o.run_id and p.worker_id = $2 and p.ended is null
		returning o.id, o.step_type, o.device_id, o.device_name, o.status, o.finished_at, r.subject_type, r.subject_id`,
		[run_id, worker_id, jsonbText(writeUnknown)],
	);
	await outbox.publishAll(
		tx,
		"operation.finished.v1",
		left.flatMap(({ id: operation_id, step_type, device_id, device_name, status, finished_at, ...run }) =>
			finished_at === null
				? []
				: {
						run_id,
						kind: "mop" as const,
						subject: subjectOf(run),
						operation_id,
						step_type,
						device_id,
						device_name,
						status,
						result: null,
						error: writeUnknown,
						finished_at: finished_at.toISOString(),
					},
		),
	);
}
