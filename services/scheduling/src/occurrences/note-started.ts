import { createBatch } from "@netconductor/runtime/batch";
import type { Database } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";

/** The run of an occurrence that was started, an instant as ISO text. */
export interface Started {
	id: string;
	run_id: string;
	at: string;
	/** Its schedule, where that said why the run before was refused. */
	healed: string | null;
}

export type NoteStarted = (started: Started) => Promise<void>;

/** Notes in the history what was started: those that start at nearly one moment share a statement. */
export function createNoteStarted(db: Database): NoteStarted {
	return createBatch<Started, void>({
		max: 200,
		async perform(started) {
			await db.query(
				`update occurrences o set status = 'running', run_id = started.run_id, started_at = started.at, looked_at = started.at,
					work = null, try_at = null, claimed_until = null
				from jsonb_to_recordset($1::jsonb) as started (id uuid, run_id uuid, at timestamptz)
				where o.id = started.id and o.status in ('due', 'waiting')`,
				[jsonbText(started)],
			);
			const healed = started.flatMap((one) => (one.healed === null ? [] : [one.healed]));
			if (healed.length > 0) await db.query("update schedules set problem = null where id = any($1::uuid[])", [healed]);
			return started.map(() => undefined);
		},
	});
}
