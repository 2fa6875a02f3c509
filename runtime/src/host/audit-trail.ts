import type { OperationRecord } from "@netconductor/contracts/audit/events";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import { redactSecrets } from "@netconductor/contracts/kernel/secret";
import { sql } from "drizzle-orm";
import type { Outbox } from "../bus/outbox.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { jsonbText } from "../db/jsonb.ts";
import { type AppError, failed } from "../errors.ts";
import { newId } from "../id.ts";
import type { Log } from "../log.ts";
import { currentTraceId } from "../telemetry.ts";
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

/** Creates the table of begun changes in a service's schema. */
export async function ensureAuditTable(db: Database): Promise<void> {
	await db.query(`create table if not exists audit_intents (
		id uuid primary key,
		record jsonb not null,
		expires_at timestamptz not null
	)`);
	await db.query("create index if not exists audit_intents_by_expiry on audit_intents (expires_at)");
}

const longestBodyKept = 16_384;

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

	async function publish(record: OperationRecord, intent_id?: string): Promise<void> {
		await db.transaction(async (tx) => {
			if (intent_id !== undefined) {
				const removed = await tx.execute(sqlDeleteIntent(intent_id));
				// Another process swept it meanwhile: one record for one change.
				if (removed.rowCount === 0) return;
			}
			await outbox.publish(tx, "audit.operation_recorded.v1", record);
		});
	}

	return {
		async begin(name, operation, raw, caller) {
			const begun = { ...describe(name, operation, caller), request: maskedRequest(operation, raw) };
			const id = newId();
			const longest_ms = (operation.timeout_ms ?? 30_000) + 600_000;
			try {
				await db.query("insert into audit_intents (id, record, expires_at) values ($1, $2, $3)", [
					id,
					jsonbText(begun),
					new Date(clock.now().getTime() + longest_ms),
				]);
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
						await publish({ ...record, ...(error_code !== undefined && { error_code }) }, id);
					} catch (err) {
						log.error({ err, operation: name }, "the outcome of a change could not be recorded; its start is");
					}
				},
			};
		},

		async recordDenied(name, operation, caller, denial) {
			await publish({ ...describe(name, operation, caller), outcome: "denied", error_code: denial.code });
		},

		async sweep() {
			const left = await db.query<{ id: string; record: OperationRecord }>(
				"select id, record from audit_intents where expires_at < $1 order by id limit 1000",
				[clock.now()],
			);
			for (const { id, record } of left) await publish({ ...record, outcome: "unknown" }, id);
			return left.length;
		},
	};
}

function sqlDeleteIntent(id: string) {
	return sql`delete from audit_intents where id = ${id}`;
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
