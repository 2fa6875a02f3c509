import type { OperationRecord } from "@netconductor/contracts/audit/events";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import { redactSecrets } from "@netconductor/contracts/kernel/secret";
import { sql } from "drizzle-orm";
import { createBatch } from "../batch.ts";
import type { Outbox } from "../bus/outbox.ts";
import type { Clock } from "../clock.ts";
import type { Database, Tx } from "../db/database.ts";
import { jsonbText } from "../db/jsonb.ts";
import { makeTables } from "../db/migrate.ts";
import { type AppError, failed } from "../errors.ts";
import { newId } from "../id.ts";
import type { Log } from "../log.ts";
import { currentTraceId, currentTraceparent } from "../telemetry.ts";
import type { CallerContext, ChangeNote, RawCall } from "./call.ts";

/** A change that is recorded as begun. */
interface Intent {
	/** Turns it into an audit record. An outcome that cannot be stored now is stored later, as `unknown`. */
	finish(outcome: "succeeded" | "failed", notes: ChangeNote, error_code?: string): Promise<void>;
}

export interface AuditTrail {
	/** @throws audit.unavailable — the change must then not happen */
	begin(name: string, operation: Operation, raw: RawCall, caller: CallerContext): Promise<Intent>;
	recordDenied(name: string, operation: Operation, caller: CallerContext, denial: AppError): Promise<void>;
	/** Records as `unknown` what a process that died left begun. Returns how many. */
	sweep(): Promise<number>;
}

export const auditTable = [
	`create table if not exists audit_intents (
		id uuid primary key,
		record jsonb not null,
		expires_at timestamptz not null
	)`,
	"create index if not exists audit_intents_by_expiry on audit_intents (expires_at)",
];

/** Creates the table of begun changes in a service's schema. */
export async function ensureAuditTable(db: Database): Promise<void> {
	await makeTables(db, auditTable);
}

const longestBodyKept = 16_384;
const mostAtOnce = 200;

/** A row of the table of begun changes. */
interface Stored {
	id: string;
	record: Omit<OperationRecord, "outcome">;
	expires_at: Date;
}

/** A change that ended, or was refused before it began. */
interface Ended {
	intent_id: string | undefined;
	record: OperationRecord;
	traceparent: string | undefined;
}

/**
 * Fail-closed audit: what is about to change is stored before it changes, and becomes an audit record with its outcome after.
 * A process that dies in between leaves the intent, which `sweep` records with the outcome `unknown`.
 */
export function createAuditTrail(needs: {
	service: string;
	db: Database;
	outbox: Outbox;
	clock: Clock;
	log: Log;
}): AuditTrail {
	const { service, db, outbox, clock, log } = needs;
	const table = sql`${sql.identifier(db.schema)}.audit_intents`;

	function describe(name: string, operation: Operation, caller: CallerContext): Omit<OperationRecord, "outcome"> {
		const { kind, id, name: actorName, ip } = caller.actor;
		const trace_id = currentTraceId();
		return {
			occurred_at: clock.now().toISOString(),
			service,
			operation: name,
			summary: operation.summary,
			actor: { kind, id, name: actorName, ...(ip !== undefined && { ip }) },
			...(caller.request_id !== undefined && { request_id: caller.request_id }),
			...(trace_id !== undefined && { trace_id }),
		};
	}

	// Whoever waits for a commit shares it with all that came meanwhile.
	const store = createBatch<Stored, void>({
		max: mostAtOnce,
		async perform(intents) {
			await db.orm.execute(
				sql`insert into ${table} (id, record, expires_at) select id, record, expires_at
					from jsonb_to_recordset(${jsonbText(intents)}::jsonb) as given (id uuid, record jsonb, expires_at timestamptz)`,
			);
			return intents.map(() => undefined);
		},
	});

	const publish = createBatch<Ended, void>({
		max: mostAtOnce,
		async perform(ended) {
			const ids = ended.flatMap(({ intent_id }) => (intent_id === undefined ? [] : [intent_id]));
			await db.transaction(async (tx) => {
				// What another process swept meanwhile is recorded already: one record for one change.
				const gone = new Set(ids.length === 0 ? [] : await removeIntents(tx, ids));
				const recorded = ended.filter(({ intent_id }) => intent_id === undefined || gone.has(intent_id));
				await outbox.publishAll(
					tx,
					"audit.operation_recorded.v1",
					recorded.map(({ record }) => record),
					recorded.map(({ traceparent }) => traceparent),
				);
			});
			return ended.map(() => undefined);
		},
	});

	async function removeIntents(tx: Tx, ids: string[]): Promise<string[]> {
		const { rows } = await tx.execute<{ id: string }>(
			sql`delete from ${table} where id = any(${sql.param(ids)}::uuid[]) returning id`,
		);
		return rows.map(({ id }) => id);
	}

	return {
		async begin(name, operation, raw, caller) {
			const begun = { ...describe(name, operation, caller), request: maskedRequest(operation, raw) };
			const id = newId();
			const longest_ms = (operation.timeout_ms ?? 30_000) + 600_000;
			try {
				await store({ id, record: begun, expires_at: new Date(clock.now().getTime() + longest_ms) });
			} catch (cause) {
				throw failed("audit.unavailable", {
					message: "The audit trail cannot be written, so nothing was changed. Try again when the database is back.",
					cause,
				});
			}
			return {
				async finish(outcome, notes, error_code) {
					const { actor, ...about } = notes;
					const record = { ...begun, ...about, ...(actor && { actor: { ...begun.actor, ...actor } }), outcome };
					try {
						await publish({
							intent_id: id,
							record: { ...record, ...(error_code !== undefined && { error_code }) },
							traceparent: currentTraceparent(),
						});
					} catch (err) {
						log.error({ err, operation: name }, "the outcome of a change could not be recorded; its start is");
					}
				},
			};
		},

		async recordDenied(name, operation, caller, denial) {
			const record = { ...describe(name, operation, caller), outcome: "denied" as const, error_code: denial.code };
			await publish({ intent_id: undefined, record, traceparent: currentTraceparent() });
		},

		async sweep() {
			const left = await db.query<{ id: string; record: OperationRecord }>(
				"select id, record from audit_intents where expires_at < $1 order by id limit 1000",
				[clock.now()],
			);
			await Promise.all(
				left.map(({ id, record }) =>
					publish({ intent_id: id, record: { ...record, outcome: "unknown" }, traceparent: currentTraceparent() }),
				),
			);
			return left.length;
		},
	};
}

/** What was asked for, secrets masked by the contract, cut to a length that a person would read. */
function maskedRequest(operation: Operation, raw: RawCall): Record<string, unknown> {
	const request: Record<string, unknown> = {};
	for (const part of ["params", "query", "body"] as const) {
		const schema = operation[part];
		if (schema === undefined) continue;
		const masked = redactSecrets(schema, raw[part]);
		const length = JSON.stringify(masked)?.length ?? 0;
		if (length > 2) request[part] = length > longestBodyKept ? `[${length} characters]` : masked;
	}
	return request;
}
