import { sql } from "drizzle-orm";
import type { Consumer } from "../bus/inbox.ts";
import type { Outbox } from "../bus/outbox.ts";
import type { Clock } from "../clock.ts";
import { afterCommit, type Database } from "../db/database.ts";
import { makeTables } from "../db/migrate.ts";
import type { Log } from "../log.ts";
import type { Vault } from "../vault.ts";
import type { SealedColumn } from "../vault-rotation.ts";

export const rotationTable = [
	"create table if not exists key_rotations (rotation_id uuid primary key, requested_at timestamptz not null default now())",
];

export async function ensureRotationTable(db: Database): Promise<void> {
	await makeTables(db, rotationTable);
}

export interface KeyRotation {
	/** Takes the request down in the event's transaction; the work begins after. */
	consumer: Consumer<"keys.rotation_requested.v1">;
	/** Goes on with rotations that a stopped process left. */
	start(): void;
	stop(): Promise<void>;
}

/** Rotates a service's data key when it is asked for: durable, so that a crash in the middle only delays it. */
export function createKeyRotation(needs: {
	service: string;
	db: Database;
	vault: Vault;
	sealed: readonly SealedColumn[];
	outbox: Outbox;
	clock: Clock;
	log: Log;
}): KeyRotation {
	const { service, db, vault, sealed, outbox, clock, log } = needs;
	const stopping = new AbortController();
	let working: Promise<void> = Promise.resolve();

	async function work(): Promise<void> {
		while (!stopping.signal.aborted) {
			const [next] = await db.query<{ rotation_id: string }>(
				"select rotation_id from key_rotations order by requested_at limit 1",
			);
			if (next === undefined) return;
			const { key_id, resealed, unreadable } = await vault.rotate({ columns: sealed, signal: stopping.signal });
			for (const row of unreadable) log.error({ ...row }, "a stored secret does not open; it keeps its old key");
			await db.transaction(async (tx) => {
				await tx.execute(sql`delete from key_rotations where rotation_id = ${next.rotation_id}`);
				await outbox.publish(tx, "keys.rotated.v1", {
					rotation_id: next.rotation_id,
					service,
					key_id,
					resealed,
					finished_at: clock.now().toISOString(),
				});
			});
			log.info({ key_id, resealed }, "encryption key rotated");
		}
	}

	function start(): void {
		working = working.then(work).catch(async (err) => {
			if (stopping.signal.aborted) return;
			log.error({ err }, "key rotation failed; it is tried again in a minute");
			await clock.sleep(60_000, stopping.signal).catch(() => {});
			start();
		});
	}

	return {
		async consumer({ rotation_id }, { tx }) {
			await tx.execute(sql`insert into key_rotations (rotation_id) values (${rotation_id}) on conflict do nothing`);
			afterCommit(tx, start);
		},
		start,
		async stop() {
			stopping.abort();
			await Promise.race([working, clock.sleep(5_000)]);
		},
	};
}
