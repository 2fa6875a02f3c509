import type { InstanceState } from "@netconductor/contracts/config/instances";
import type { StackState } from "@netconductor/contracts/config/stacks";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import { startWorkLoop, type WorkLoop } from "@netconductor/runtime/bus/work-loop";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Log } from "@netconductor/runtime/log";
import { and, eq, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { stackRuns, stacks } from "../stacks/tables.ts";
import { markGone } from "./mark-gone.ts";
import { outcomeOf } from "./outcome.ts";
import { sentServices, serviceInstances } from "./tables.ts";

export type StackRunRow = typeof stackRuns.$inferSelect;

/** What became of the services that a run sent to one device. */
export interface DeviceOutcome {
	device_id: string;
	state: InstanceState;
	error: string | null;
	at: string;
}

/**
 * Notes what became of the services on devices. Repeated it changes nothing; a run that was started before the one that an instance tells of has
 * nothing to say.
 */
export async function settle(
	tx: Statements,
	{ run_id, start_key, kind, version, started_at }: StackRunRow,
	outcomes: readonly DeviceOutcome[],
): Promise<void> {
	if (outcomes.length === 0 || (kind !== "deploy" && kind !== "delete")) return;
	const column = <K extends keyof DeviceOutcome>(key: K) => sql.param(outcomes.map((outcome) => outcome[key]));
	const sent = sql`sent_services s
		join unnest(${column("device_id")}::uuid[], ${column("state")}::text[], ${column("error")}::text[], ${column("at")}::timestamptz[])
			as o (device_id, state, error, at) using (device_id)
		cross join lateral jsonb_array_elements(s.services) as v`;
	if (kind === "deploy") {
		await tx.execute(sql`
			insert into service_instances as i (id, stack_id, service, device_id, device_name, template_id, template_name, template_version, state,
				error, text, stack_version, deployed_at, run_id, run_started_at, updated_at)
			select gen_random_uuid(), s.stack_id, v ->> 'name', s.device_id, s.device_name, (v ->> 'template_id')::uuid, v ->> 'template_name',
				(v ->> 'template_version')::int, o.state, o.error, v ->> 'text',
				case when o.state = 'deployed' then ${version}::int end, case when o.state = 'deployed' then o.at end,
				${run_id}::uuid, ${started_at}::timestamptz, o.at
			from ${sent} where s.start_key = ${start_key} and v -> 'gone' is null
			on conflict (stack_id, device_id, service) do update set
				state = excluded.state, error = excluded.error, device_name = excluded.device_name, run_id = excluded.run_id,
				run_started_at = excluded.run_started_at, updated_at = excluded.updated_at,
				template_id = case when excluded.state = 'deployed' or i.stack_version is null then excluded.template_id else i.template_id end,
				template_name = case when excluded.state = 'deployed' or i.stack_version is null then excluded.template_name else i.template_name end,
				template_version = case when excluded.state = 'deployed' or i.stack_version is null then excluded.template_version else i.template_version end,
				text = case when excluded.state = 'deployed' or i.stack_version is null then excluded.text else i.text end,
				stack_version = coalesce(excluded.stack_version, i.stack_version),
				deployed_at = coalesce(excluded.deployed_at, i.deployed_at)
			where i.run_started_at <= excluded.run_started_at`);
		return;
	}
	await markGone(
		tx,
		sql`select s.stack_id, s.device_id, v ->> 'name' as service, ${started_at}::timestamptz as since
			from ${sent} where s.start_key = ${start_key} and o.state = 'deployed'`,
	);
	const concerned = sql`i.stack_id = s.stack_id and i.device_id = s.device_id and i.service = v ->> 'name'
		and s.start_key = ${start_key} and i.run_started_at <= ${started_at}::timestamptz`;
	await tx.execute(sql`delete from service_instances i using ${sent} where ${concerned} and o.state = 'deployed'`);
	await tx.execute(
		sql`update service_instances i set state = o.state, error = o.error, run_id = ${run_id}::uuid,
				run_started_at = ${started_at}::timestamptz, updated_at = o.at
			from ${sent} where ${concerned} and o.state <> 'deployed'`,
	);
}

/** Whether a run that repeats another in part has brought to an end what that one began: all that was to be sent stands on its device. */
async function completes(tx: Statements, run: StackRunRow, stack: typeof stacks.$inferSelect): Promise<boolean> {
	const unfinished = stack.state === "partial" || stack.state === "failed";
	if (run.kind !== "deploy" || !run.whole || !unfinished || stack.last_run_id !== run.run_id) return false;
	const { rows } = await tx.execute(
		sql`select 1 from sent_services s cross join lateral jsonb_array_elements(s.services) as v
			where s.start_key = ${run.start_key} and not exists (
				select from service_instances i where i.stack_id = s.stack_id and i.device_id = s.device_id and i.service = v ->> 'name'
					and i.state = 'deployed' and i.stack_version = ${run.version})
			limit 1`,
	);
	return rows.length === 0;
}

interface SettleNeeds {
	db: Database;
	outbox: Outbox;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "listOperations">;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
	onChange(stack_id: string): void;
}

/** Between two looks for runs of which no word came, in milliseconds. */
const rest_ms = 30_000;
const pageSize = 500;

/**
 * Reads from runs that have ended what became of the services on each device: the last word, also after a crash, and after a person decided on what
 * was unknown. Which runs these are stands in their rows.
 */
export function settleRuns({ db, outbox, tasks, ownAccount, clock, log, onChange }: SettleNeeds): {
	start(): WorkLoop;
} {
	async function step(): Promise<boolean> {
		const [run] = await db.orm.select().from(stackRuns).where(eq(stackRuns.settle_due, true)).limit(1);
		if (run === undefined) return false;
		const outcomes = await outcomesOf(run.run_id);
		await db.transaction(async (tx) => {
			const [stack] = await tx.select().from(stacks).where(eq(stacks.id, run.stack_id)).for("update");
			// Its status is another when a person decided meanwhile: then it is looked at again.
			await tx
				.update(stackRuns)
				.set({ settle_due: false })
				.where(and(eq(stackRuns.run_id, run.run_id), eq(stackRuns.status, run.status)));
			if (stack === undefined) return;
			await settle(tx, run, outcomes);
			const turnTo = async (state: StackState, deployed: Partial<typeof stacks.$inferInsert>) => {
				const { id: stack_id, name } = stack;
				await tx
					.update(stacks)
					.set({ state, ...deployed })
					.where(eq(stacks.id, stack_id));
				await outbox.publish(tx, "stack.state_changed.v1", { stack_id, name, state, run_id: run.run_id });
			};
			if (run.status === "succeeded" && (await completes(tx, run, stack))) {
				await turnTo("deployed", { deployed_version: run.version, deployed_at: run.finished_at });
			}
			// What failed may be repeated, and of what is unknown a person may decide.
			if (run.status === "succeeded") await tx.delete(sentServices).where(eq(sentServices.start_key, run.start_key));
			const took = run.kind === "delete" && outcomes.some(({ state }) => state === "deployed");
			const left = await tx.$count(serviceInstances, eq(serviceInstances.stack_id, stack.id));
			if (took && left === 0 && stack.state === "partial") {
				await turnTo("pending", { deployed_version: null, deployed_at: null, templates_changed: false });
			}
		});
		onChange(run.stack_id);
		return true;
	}

	async function outcomesOf(run_id: string): Promise<DeviceOutcome[]> {
		const found = new Map<string, DeviceOutcome>();
		for (const step_id of ["plan", "apply"]) {
			for (let page = 1; ; page++) {
				const query = { page, page_size: pageSize, step_id };
				const { items, total } = await tasks.listOperations({ params: { id: run_id }, query }, ownAccount());
				for (const operation of items) {
					const state = outcomeOf(operation);
					if (state === undefined) continue;
					const { device_id, error, finished_at } = operation;
					const at = finished_at ?? clock.now().toISOString();
					found.set(device_id, { device_id, state, error: state === "deployed" ? null : (error?.message ?? null), at });
				}
				if (items.length === 0 || page * pageSize >= total) break;
			}
		}
		return [...found.values()];
	}

	return {
		start: () =>
			startWorkLoop({
				step,
				rest_ms,
				clock,
				onError(err, failures) {
					// A service that is away for a moment is everyday; the next look makes up for it.
					if (!isAppError(err) || failures > 3)
						log.error({ err }, "what runs did to services could not be read; trying again");
				},
			}),
	};
}
