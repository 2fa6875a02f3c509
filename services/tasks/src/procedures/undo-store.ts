import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";

/** A device's normalised configuration before a step changed it, and after. */
export interface KeptConfiguration {
	before: string;
	/** Null while it is not known: nobody came to the end of the change. */
	after: string | null;
}

export const sealedUndos: SealedColumn = { table: "undos", column: "sealed", id_column: "operation_id" };

/** Keeps what procedures changed, so that it can be taken back. Configurations hold secrets: they are sealed. */
export function createUndoStore({ db, vault, clock }: { db: Database; vault: Vault; clock: Clock }) {
	return {
		/**
		 * What was there before the first try that wrote stays: a later one finds what that left. One that was taken back whole, kept with the
		 * same configuration after it as before, left nothing.
		 * @throws operations.not_found — it is not that worker's (any more)
		 */
		async keep(operation_id: string, worker_id: string, configuration: KeptConfiguration): Promise<void> {
			const [known] = await db.query<{ sealed: string }>(
				`select u.sealed from undos u join operations o on o.id = u.operation_id
				where o.id = $1 and o.worker_id = $2 and o.status = 'running' and o.write_started_at is not null`,
				[operation_id, worker_id],
			);
			const kept = known === undefined ? undefined : await open(operation_id, known.sealed);
			const before = kept === undefined || kept.after === kept.before ? configuration.before : kept.before;
			const sealed = await vault.seal(JSON.stringify({ ...configuration, before }), contextOf(operation_id));
			const rows = await db.query(
				`insert into undos (operation_id, run_id, device_id, sealed, created_at)
				select o.id, o.run_id, o.device_id, $3, $4 from operations o
				where o.id = $1 and o.worker_id = $2 and o.status = 'running'
				on conflict (operation_id) do update set sealed = excluded.sealed returning operation_id`,
				[operation_id, worker_id, sealed, clock.now()],
			);
			if (rows.length === 0) throw notFound(operation_id);
		},

		/** For the worker that conducts the run, or one begun from the run, in which it was changed. @throws operations.not_found */
		async reveal(operation_id: string, by: { worker_id: string; run_id: string }): Promise<KeptConfiguration> {
			const [row] = await db.query<{ sealed: string }>(
				`with recursive line (run_id) as (
					select p.run_id from procedures p where p.run_id = $2 and p.worker_id = $3
					union select (p.restarted ->> 'run_id')::uuid from procedures p join line on line.run_id = p.run_id where p.restarted is not null
				)
				select u.sealed from undos u join line on line.run_id = u.run_id where u.operation_id = $1`,
				[operation_id, by.run_id, by.worker_id],
			);
			if (row === undefined) throw notFound(operation_id);
			return open(operation_id, row.sealed);
		},
	};

	async function open(operation_id: string, sealed: string): Promise<KeptConfiguration> {
		return JSON.parse(await vault.openText(sealed, contextOf(operation_id)));
	}
}

function contextOf(operation_id: string): string {
	return sealedContext("undos", "sealed", operation_id);
}

function notFound(operation_id: string) {
	return failed("operations.not_found", {
		message: `Of the operation ${operation_id} there is nothing to take back for this worker`,
		details: { operation_id },
	});
}
