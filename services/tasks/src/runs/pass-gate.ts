import type { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Gate, WaitingFor } from "@netconductor/contracts/tasks/model";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { rowsOf } from "../rows.ts";
import {
	type GateDecision,
	type GateFacts,
	type GateMove,
	type GateState,
	gateOf,
	heedsCalendars,
	nextMove,
	type Planned,
	planHash,
	sorted,
} from "./gate.ts";
import { askHold, type Held, type HoldNeeds } from "./hold.ts";
import { riskOf } from "./plan-risk.ts";
import { hasEnded } from "./run.ts";
import { coverOf } from "./run-scope.ts";
import type { RunStore } from "./run-store.ts";

export interface PassGateNeeds {
	db: Database;
	store: RunStore;
	alerts: Pick<Client<typeof alertsApi, CallerContext>, "requestApproval" | "getApprovalState" | "startApproved">;
	scheduling: HoldNeeds["scheduling"];
	ownAccount(): CallerContext;
	clock: Clock;
	/** Called after operations became ready. */
	onReady(run_id: string): void;
	/** Called after the run's state changed. */
	onChange(run_id: string): void;
}

type Row = Awaited<ReturnType<RunStore["lock"]>>;

/**
 * What a run does at its gate once nothing of it is under way: asks for an approval, waits for it or for a calendar, begins the next batch, or ends. Each move is one
 * transaction that holds the run's row and asks whether the gate still stands where it was seen: two who drive a run at once do it once.
 */
export function passGate(needs: PassGateNeeds) {
	const { db, store, alerts, ownAccount, clock, onReady, onChange } = needs;
	return async (run_id: string): Promise<void> => {
		const seen = await look(run_id);
		if (seen === undefined) return;
		const { run, state, facts } = seen;
		const found = gateOf(run.steps, state.step_index);
		if (found === undefined) throw new TypeError(`run ${run_id} stands still before a step without a gate`);
		const now = clock.now();
		let move = nextMove(found.gate, state, facts, now);
		if (move.do === "ask") {
			const asked = await ask(run, state, found.gate);
			if (asked === undefined) return;
			Object.assign(state, asked);
			move = nextMove(found.gate, state, facts, now);
		}
		if (move.do === "begin" && heedsCalendars(found.gate, state)) {
			const held = await holdOf(run_id, state);
			if (held !== undefined) move = { do: "wait", waiting_for: held.waiting_for };
		}
		if (move.do === "begin" && state.batch === 0 && state.approval?.id) {
			// Who approved may have been deleted since, or lost the right to.
			const body = { approval_id: state.approval.id, plan_sha256: state.plan_sha256 ?? "" };
			const { may_start, why_not, ask_again_at } = await alerts.startApproved({ body }, ownAccount());
			if (!may_start && ask_again_at !== null) {
				move = { do: "wait", waiting_for: { kind: "window", not_before: ask_again_at, since: now.toISOString() } };
			} else if (!may_start) {
				move = { do: "end", as: "cancelled", reason: why_not ?? "Its approval does not hold any more" };
			}
		}
		await make(run_id, state, move);
	};

	async function look(run_id: string): Promise<{ run: Row; state: GateState; facts: GateFacts } | undefined> {
		return db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status)) return undefined;
			const standing = await whereItStands(tx, run_id);
			if (standing === undefined) return undefined;
			const { step_index, waiting, of_wave, wave } = standing;
			const failed = await failedBeyond(tx, run_id, step_index);
			const failed_before = await failedBefore(tx, run_id, wave);
			const state =
				run.gate?.step_index === step_index
					? run.gate
					: await beforeGate(tx, run, { step_index, waiting, since: clock.now().toISOString() });
			return {
				run,
				state,
				facts: { waiting: of_wave, failed, failed_before, pause_requested_by: run.pause_requested_by },
			};
		});
	}

	/** Asks whether the plan needs an approval. Undefined when another did so meanwhile. */
	async function ask(
		run: Row,
		state: GateState,
		gate: Gate,
	): Promise<Pick<GateState, "approval" | "decision"> | undefined> {
		const planned = await plannedBefore(db, run.id, state.step_index);
		const rows = await db.query<{ device_id: string; name: string; groups: string[] | null }>(
			"select device_id, device_name as name, device_groups as groups from operations where run_id = $1 and step_index = $2 and status = 'pending' order by position",
			[run.id, state.step_index],
		);
		const devices = rows.map(({ groups, ...device }) => (groups === null ? device : { ...device, groups }));
		const cover = await coverOf(db, run.id);
		const names = new Map(devices.map(({ device_id, name }) => [device_id, name]));
		const answer = await alerts.requestApproval(
			{
				body: {
					key: `${run.id}/${state.step_id}`,
					run_id: run.id,
					kind: run.kind,
					title: run.title,
					requested_by: starterOf(run),
					plan_sha256: state.plan_sha256 ?? planHash(run.steps, planned),
					devices,
					...(cover && { cover }),
					risk_facts: riskOf(planned, names),
					not_after: gate.not_after ?? null,
				},
			},
			ownAccount(),
		);
		const approval = { id: answer.needed ? answer.approval_id : null };
		const kept = await db.query(
			`update runs set gate = gate || jsonb_build_object('approval', $3::jsonb)
			where id = $1 and (gate ->> 'step_index')::int = $2 and not gate ? 'approval' and finished_at is null returning id`,
			[run.id, state.step_index, jsonbText(approval)],
		);
		if (kept.length === 0) return undefined;
		if (!answer.needed) return { approval };
		// It may have been decided before we knew its name, when nobody could tell us.
		const { status, decided_by, ...now } = await alerts.getApprovalState(
			{ body: { approval_id: answer.approval_id } },
			ownAccount(),
		);
		if (status === "waiting") return { approval };
		const { reason, not_before, not_after } = now;
		const decision: GateDecision = { status, by: decided_by, reason, not_before, not_after };
		await db.query(
			"update runs set gate = gate || jsonb_build_object('decision', $2::jsonb) where id = $1 and gate #>> '{approval,id}' = $3",
			[run.id, jsonbText(decision), answer.approval_id],
		);
		return { approval, decision };
	}

	/** What holds back the devices on which the change has not begun; as calendars said a moment ago, where they did. */
	async function holdOf(run_id: string, { held, step_index }: GateState): Promise<Held | undefined> {
		if (held !== undefined && clock.now() < new Date(held.ask_again_at)) return held;
		const rows = await db.query<{ device_id: string }>(
			"select device_id from operations where run_id = $1 and step_index = $2 and status = 'pending'",
			[run_id, step_index],
		);
		const ids = rows.map(({ device_id }) => device_id);
		const now = await askHold(needs, ids, held?.waiting_for.since);
		if (held === undefined && now === undefined) return undefined;
		await db.query(
			`update runs set gate = case when $3::jsonb is null then gate - 'held' else gate || jsonb_build_object('held', $3::jsonb) end
			where id = $1 and (gate ->> 'step_index')::int = $2 and finished_at is null`,
			[run_id, step_index, now === undefined ? null : jsonbText(now)],
		);
		return now;
	}

	async function make(run_id: string, seen: GateState, move: GateMove): Promise<void> {
		const done = await db.transaction(async (tx) => {
			const run = await store.lock(tx, run_id);
			if (hasEnded(run.status) || run.gate?.step_index !== seen.step_index || run.gate.batch !== seen.batch)
				return "nothing";
			switch (move.do) {
				case "ask":
					return "nothing";
				case "wait":
					return (await wait(tx, run, move.waiting_for)) ? "waits" : "nothing";
				case "end":
					await endRest(tx, run_id, move);
					return "ended";
				case "begin": {
					if (run.cancel_requested_by !== null) return "nothing";
					const begun = await beginBatch(tx, run_id, seen.step_index, move.devices);
					const state: GateState = {
						...run.gate,
						batch: seen.batch + 1,
						devices_begun: run.gate.devices_begun + begun,
					};
					await rowsOf(tx, "update runs set gate = $2, status = 'running', waiting_for = null where id = $1", [
						run_id,
						jsonbText(state),
					]);
					return "begun";
				}
			}
		});
		if (done === "nothing") return;
		onChange(run_id);
		if (done === "begun") onReady(run_id);
	}
}

interface Standing {
	step_index: number;
	/** Devices on which the step has not begun. */
	waiting: number;
	/** The wave whose turn it is, and how many of those devices it has. */
	wave: number;
	of_wave: number;
}

/** The step before which the run stands still, and on how many devices; undefined when something is under way. */
async function whereItStands(tx: Tx, run_id: string): Promise<Standing | undefined> {
	const [row] = await rowsOf<Standing & { active: boolean }>(
		tx,
		`with open as (select step_index, wave, status, ready from operations where run_id = $1 and status in ('pending', 'running')),
			next as (select step_index, wave from open order by step_index, wave limit 1)
		select next.step_index::int, next.wave, bool_or(open.status = 'running' or open.ready) as active,
			count(*) filter (where open.step_index = next.step_index)::int as waiting,
			count(*) filter (where open.step_index = next.step_index and open.wave = next.wave)::int as of_wave
		from open cross join next group by next.step_index, next.wave`,
		[run_id],
	);
	return row?.active === false ? row : undefined;
}

async function failedBefore(tx: Tx, run_id: string, wave: number): Promise<number> {
	if (wave === 0) return 0;
	const [row] = await rowsOf<{ failed: number }>(
		tx,
		`select count(distinct device_id)::int as failed from operations
		where run_id = $1 and wave < $2 and status in ('failed', 'unknown')`,
		[run_id, wave],
	);
	return row?.failed ?? 0;
}

async function failedBeyond(tx: Tx, run_id: string, step_index: number): Promise<number> {
	const [row] = await rowsOf<{ failed: number }>(
		tx,
		`select count(distinct device_id)::int as failed from operations
		where run_id = $1 and step_index >= $2 and status in ('failed', 'unknown')`,
		[run_id, step_index],
	);
	return row?.failed ?? 0;
}

async function plannedBefore(on: Database | Tx, run_id: string, step_index: number): Promise<Planned[]> {
	return rowsOf<{ device_id: string; step_id: string; result: unknown }>(
		on,
		`select p.device_id, p.step_id, p.result from operations p
		where p.run_id = $1 and p.step_index < $2 and p.status = 'succeeded'
			and exists (select from operations g where g.run_id = $1 and g.device_id = p.device_id and g.step_index = $2 and g.status = 'pending')`,
		[run_id, step_index],
	);
}

/** The run comes to a gate: what was planned is fixed with its hash. */
async function beforeGate(
	tx: Tx,
	run: Row,
	{ step_index, waiting, since }: { step_index: number; waiting: number; since: string },
): Promise<GateState> {
	const wants_approval = run.steps[step_index]?.gate?.approval === true;
	const state: GateState = {
		step_index,
		step_id: run.steps[step_index]?.id ?? "",
		since,
		plan_sha256: wants_approval ? planHash(run.steps, await plannedBefore(tx, run.id, step_index)) : null,
		batch: 0,
		devices_begun: 0,
		devices_total: waiting,
		resumed_after: 0,
	};
	await rowsOf(tx, "update runs set gate = $2 where id = $1", [run.id, jsonbText(state)]);
	return state;
}

async function wait(tx: Tx, run: Row, waiting_for: WaitingFor): Promise<boolean> {
	const { since: _, ...now } = waiting_for;
	const { since: __, ...before } = run.waiting_for ?? { since: "" };
	// PostgreSQL has the fields in an order of its own.
	if (run.status === "waiting" && JSON.stringify(sorted(now)) === JSON.stringify(sorted(before))) return false;
	await rowsOf(tx, "update runs set status = 'waiting', waiting_for = $2 where id = $1", [
		run.id,
		jsonbText(waiting_for),
	]);
	return true;
}

async function endRest(
	tx: Tx,
	run_id: string,
	{ as, reason }: { as: "cancelled" | "skipped"; reason: string },
): Promise<void> {
	await rowsOf(
		tx,
		"update operations set status = $2, skip_reason = $3, finished_at = now() where run_id = $1 and status = 'pending'",
		[run_id, as, reason],
	);
	await rowsOf(tx, "update runs set end_reason = $2, status = 'running', waiting_for = null where id = $1", [
		run_id,
		reason,
	]);
}

/** Makes the step ready on the next devices: those of the lowest wave, in the order of the plan. Answers on how many. */
async function beginBatch(tx: Tx, run_id: string, step_index: number, devices: number): Promise<number> {
	const begun = await rowsOf(
		tx,
		`update operations set ready = true,
			turn = coalesce((select min(turn) from operations where status = 'pending' and ready), 0)
		where id in (
			select id from operations where run_id = $1 and step_index = $2 and status = 'pending'
				and wave = (select min(wave) from operations where run_id = $1 and step_index = $2 and status = 'pending')
			order by position limit $3
		) returning id`,
		[run_id, step_index, devices],
	);
	return begun.length;
}

function starterOf(run: Row): Actor {
	return {
		kind: run.started_by_kind as Actor["kind"],
		id: run.started_by_id,
		name: run.started_by_name,
		permissions: [],
	};
}
