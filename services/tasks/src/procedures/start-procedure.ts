import { createHash } from "node:crypto";
import type { RunCover } from "@netconductor/contracts/alerts/approvals";
import { isOpenTo, whyNotOpen } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Procedure, ProgramStep, RunProcedure } from "@netconductor/contracts/tasks/procedure";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { currentTraceparent } from "@netconductor/runtime/telemetry";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import { rowsOf } from "../rows.ts";
import { sorted } from "../runs/gate.ts";
import { operationsOf } from "../runs/run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { newJournalKey } from "./journal-seal.ts";
import { homePool, takeBackPath } from "./program.ts";
import type { StepTypes } from "./registry.ts";

export interface StartProcedureNeeds {
	db: Database;
	outbox: Outbox;
	store: RunStore;
	types: StepTypes;
	vault: Vault;
	clock: Clock;
	/** Called after the run is there for good. */
	onStarted(run_id: string): void;
}

export interface ProcedureRequest {
	idempotency_key: string;
	procedure: Procedure;
	started_by: Actor;
	/** Run that it is begun from, and what its journal has already. */
	from?: {
		restarted: NonNullable<RunProcedure["restarted"]>;
		/** Copies what has been done, sealed as it is, into the journal of the new run; answers the greatest `seq`. */
		carry(tx: Tx, run_id: string): Promise<number>;
	};
}

export const sealedProcedures: SealedColumn = { table: "procedures", column: "sealed", id_column: "run_id" };

/**
 * Accepts a procedure: run, program and event in one transaction. A worker takes it up. The same key answers the run that is there.
 * @throws runs.unknown_step
 * @throws runs.not_permitted — a step needs a permission that whoever starts it does not hold
 */
export function startProcedure(needs: StartProcedureNeeds) {
	const { db, outbox, store, vault, clock, onStarted } = needs;
	return async ({ idempotency_key, procedure, started_by, from }: ProcedureRequest): Promise<{ run_id: string }> => {
		const known = await store.idByKey(db, idempotency_key);
		if (known !== undefined) return { run_id: known };
		check(procedure, started_by, needs.types);
		const { mop, title, skipped, mode } = procedure;
		const steps = [
			...[...procedure.steps, ...procedure.rollback].flatMap(stepsOf),
			{ id: takeBackPath, type: "take_back", params: {} },
		];
		const run_id = newId();
		const text = JSON.stringify(procedure);
		const journal_key = from === undefined ? newJournalKey() : await journalKeyOf(needs, from.restarted.run_id);
		const sealed = await vault.seal(JSON.stringify({ procedure, journal_key }), contextOf(run_id));
		// The order of keys is nobody's doing.
		const sha256 = createHash("sha256")
			.update(JSON.stringify([sorted(JSON.parse(text)), from?.restarted ?? null]))
			.digest("hex");
		return db.transaction(async (tx) => {
			const plan = { kind: "mop" as const, title, steps, targets: [], skipped, subject: { type: "mop", id: mop.id } };
			const left_out = operationsOf({ steps: steps.slice(0, 1), targets: [], skipped });
			const created_at = clock.now();
			const run = {
				id: run_id,
				idempotency_key,
				plan,
				started_by,
				retry_of: from?.restarted.run_id ?? null,
				traceparent: currentTraceparent(),
				created_at,
			};
			const ids = left_out.map(() => newId());
			if (!(await store.insert(tx, run, left_out, ids, []))) {
				return { run_id: (await store.idByKey(tx, idempotency_key)) as string };
			}
			const carried = (await from?.carry(tx, run_id)) ?? 0;
			await rowsOf(
				tx,
				`insert into procedures (run_id, sealed, sha256, shown, starter, mode, may_begin, begun, restarted, wake_at, worker_pool, device_ids)
				values ($1, $2, $3, $4, $5, $6, $7, $7, $8, now(), $9, $10)`,
				[
					run_id,
					sealed,
					sha256,
					jsonbText(shownOf(procedure)),
					jsonbText(started_by),
					mode,
					carried,
					from === undefined ? null : jsonbText(from.restarted),
					homePool(procedure),
					devicesOf(procedure),
				],
			);
			await outbox.publish(tx, "run.started.v1", {
				run_id,
				kind: "mop",
				subject: plan.subject,
				title,
				total: left_out.length,
				started_by: started_by.name,
			});
			afterCommit(tx, () => onStarted(run_id));
			return { run_id };
		});
	};
}

export type NamesDevices = Pick<Procedure, "targets" | "skipped" | "steps" | "rollback">;

/** What a limited role has to cover for the run to exist for it; undefined: it exists for none. */
export function coverOf(procedure: NamesDevices, { device_groups }: Actor): RunCover | undefined {
	return device_groups === undefined ? undefined : { device_ids: devicesOf(procedure), device_groups };
}

/** Ids of all devices that it is for, those that are left out, too. */
export function devicesOf({ targets, skipped, steps, rollback }: NamesDevices): string[] {
	const named = [...steps, ...rollback].flatMap(targetsIn);
	return [...new Set([...[...targets, ...skipped].map(({ device_id }) => device_id), ...named])];
}

function targetsIn({ targets, blocks }: ProgramStep): string[] {
	return [...(targets ?? []), ...blocks.flatMap(({ steps }) => steps.flatMap(targetsIn))];
}

/** What is sealed of a procedure. */
interface Sealed {
	procedure: Procedure;
	/** Of `JournalSeal`. */
	journal_key: string;
}

/** @throws vault.cannot_open */
async function open(vault: Vault, run_id: string, sealed: string): Promise<Sealed> {
	return JSON.parse(await vault.openText(sealed, contextOf(run_id)));
}

/** @throws vault.cannot_open */
export async function openProcedure(vault: Vault, run_id: string, sealed: string): Promise<Procedure> {
	return (await open(vault, run_id, sealed)).procedure;
}

async function journalKeyOf({ db, vault }: Pick<StartProcedureNeeds, "db" | "vault">, run_id: string): Promise<string> {
	const [row] = await db.query<{ sealed: string }>("select sealed from procedures where run_id = $1", [run_id]);
	if (row === undefined) {
		throw failed("runs.not_found", { message: `There is no procedure of the run ${run_id}`, details: { run_id } });
	}
	return (await open(vault, run_id, row.sealed)).journal_key;
}

/**
 * A procedure with its values and the key of its journal, for the worker that conducts it.
 * @throws runs.not_found — it is not that worker's (any more)
 */
export async function revealProcedure(
	{ db, vault }: Pick<StartProcedureNeeds, "db" | "vault">,
	run_id: string,
	worker_id: string,
): Promise<Sealed> {
	const [row] = await db.query<{ sealed: string }>(
		"select sealed from procedures where run_id = $1 and worker_id = $2 and ended is null",
		[run_id, worker_id],
	);
	if (row === undefined) {
		throw failed("runs.not_found", {
			message: `The worker ${worker_id} conducts no run ${run_id}`,
			details: { run_id },
		});
	}
	return open(vault, run_id, row.sealed);
}

function contextOf(run_id: string): string {
	return sealedContext("procedures", "sealed", run_id);
}

/** What people may see of a procedure. */
function shownOf({ mop, reason, steps, rollback, variables, secret_variables, targets }: Procedure) {
	const secret = new Set(secret_variables);
	return {
		mop,
		reason,
		steps,
		rollback,
		variables: Object.fromEntries(
			Object.entries(variables).map(([name, value]) => [name, secret.has(name) ? null : value]),
		),
		secret_variables,
		devices: targets.length,
	};
}

function stepsOf(step: ProgramStep): { id: string; type: string; params: Record<string, unknown> }[] {
	return [
		{ id: step.path, type: step.type, params: {} },
		...step.blocks.flatMap(({ steps }) => steps.flatMap(stepsOf)),
	];
}

/** @throws runs.not_permitted — one of these steps, or one in them, needs a permission that they do not hold, or that is not open to their role */
export function assertPermitted(steps: readonly ProgramStep[], by: Actor, types: StepTypes): void {
	for (const { id: path, type } of steps.flatMap(stepsOf)) {
		const permission = types.get(type)?.permission;
		if (permission === undefined || isOpenTo(by, permission)) continue;
		throw failed("runs.not_permitted", {
			message: `Step ${path} (${type}) takes the permission ${permission}, ${whyNotOpen(by, permission)}`,
			details: { path, permission },
		});
	}
}

function check(procedure: Procedure, by: Actor, types: StepTypes): void {
	assertPermitted([...procedure.steps, ...procedure.rollback], by, types);
	const paths = new Set<string>();
	for (const { id: path, type: name } of [...procedure.steps, ...procedure.rollback].flatMap(stepsOf)) {
		const type = types.get(name);
		if (type === undefined) {
			throw failed("runs.unknown_step", { message: `Step ${path} is of the type ${name}, which there is not` });
		}
		if (paths.has(path)) throw failed("runs.bad_procedure", { message: `Two steps have the path ${path}` });
		paths.add(path);
	}
}
