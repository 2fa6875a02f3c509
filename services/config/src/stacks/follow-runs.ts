import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Consumers } from "@netconductor/runtime/bus/inbox";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import { afterCommit, type Database, type Tx } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { outcomeOf } from "../instances/outcome.ts";
import { settle } from "../instances/settle.ts";
import { serviceInstances } from "../instances/tables.ts";
import type { ConfigOperation } from "../operation.ts";
import { noteRetry, noteRun } from "./run-stack.ts";
import { stateAfter } from "./stack.ts";
import { findStack } from "./stack-store.ts";
import { stackRuns, stacks, stackTemplates } from "./tables.ts";

type Subject = { type: string; id: string } | null;

/** Keeps stacks in step with the runs on them, and with their templates. Every consumer may see its event again, and late. */
export function followRuns({
	outbox,
	onChange,
	onEnded,
}: {
	outbox: Outbox;
	onChange(stack_id: string): void;
	/** A run of a stack has ended: what became of its services can be read from it. */
	onEnded(): void;
}): Consumers {
	return {
		/** A run that started although the answer to its start was lost, or that repeats one. */
		async "run.started.v1"({ run_id, kind, subject, retry_of, started_by }, { tx, occurred_at }) {
			const id = stackOf(subject);
			if (id === undefined) return;
			if (retry_of != null) {
				await noteRetry(tx, { run_id, retry_of, by: started_by, at: occurred_at.toISOString() });
				afterCommit(tx, () => onChange(id));
				return;
			}
			const [stack] = await tx.select().from(stacks).where(eq(stacks.id, id)).for("update");
			if (stack?.starting?.kind !== kind) return;
			await noteRun(tx, { run_id, stack_id: id, ...stack.starting });
		},

		async "operation.finished.v1"({ run_id, subject, step_type, status, result, ...ended }, { tx }) {
			const id = stackOf(subject);
			const state = outcomeOf({ step_type, status, result });
			if (id === undefined || state === undefined) return;
			const touched = step_type === "apply_change" && (result !== null || status === "unknown");
			const [run] = touched
				? await tx.update(stackRuns).set({ touched }).where(eq(stackRuns.run_id, run_id)).returning()
				: await tx.select().from(stackRuns).where(eq(stackRuns.run_id, run_id));
			// What a run that has ended did is read from the run itself.
			if (run === undefined || run.finished_at !== null) return;
			const { device_id, error, finished_at: at } = ended;
			await settle(tx, run, [{ device_id, state, error: error?.message ?? null, at }]);
			afterCommit(tx, () => onChange(id));
		},

		async "run.finished.v1"({ run_id, subject, status, finished_at }, { tx }) {
			const id = stackOf(subject);
			if (id === undefined) return;
			const [stack] = await tx.select().from(stacks).where(eq(stacks.id, id)).for("update");
			const [run] = await tx
				.update(stackRuns)
				.set({ status, finished_at, settle_due: sql`${stackRuns.kind} in ('deploy', 'delete')` })
				.where(eq(stackRuns.run_id, run_id))
				.returning();
			if (stack === undefined || run === undefined) return;
			const { kind, part, touched, state_before: before, version } = run;
			afterCommit(tx, onEnded);
			if (kind !== "deploy" && kind !== "delete") return;
			// A later run has the last word.
			if (stack.last_run_id !== run_id) return;
			// On devices that a removal left out, disabled ones, it stands as before.
			const standing = kind === "delete" && (await tx.$count(serviceInstances, eq(serviceInstances.stack_id, id))) > 0;
			const state = stateAfter({ kind, status, before, part: part || standing, touched });
			const deployed =
				kind === "delete"
					? state === "pending" && { deployed_version: null, deployed_at: null, templates_changed: false }
					: status === "succeeded" &&
						!part && { deployed_version: version, deployed_at: finished_at, templates_changed: false };
			await tx
				.update(stacks)
				.set({ state, starting: null, ...deployed })
				.where(eq(stacks.id, id));
			if (state !== stack.state) {
				await outbox.publish(tx, "stack.state_changed.v1", { stack_id: id, name: stack.name, state, run_id });
			}
			afterCommit(tx, () => onChange(id));
		},

		async "approval.decided.v1"({ run_id, status, decided_by }, { tx }) {
			if (status === "bypassed") await noteBypass(tx, run_id, decided_by.join(", "));
		},

		async "run.glass_broken.v1"({ run_id, by }, { tx }) {
			await noteBypass(tx, run_id, by.name);
		},

		/** What stands on devices is not what the template would make now. */
		async "template.updated.v1"({ template_id }, { tx }) {
			const changed = await tx
				.update(stacks)
				.set({ templates_changed: true })
				.where(
					and(
						sql`${stacks.deployed_version} is not null`,
						sql`${stacks.id} in (select ${stackTemplates.stack_id} from ${stackTemplates} where ${stackTemplates.template_id} = ${template_id})`,
					),
				)
				.returning({ id: stacks.id });
			for (const { id } of changed) afterCommit(tx, () => onChange(id));
		},
	};

	async function noteBypass(tx: Tx, run_id: string, bypassed_by: string): Promise<void> {
		const [marked] = await tx
			.update(stackRuns)
			.set({ bypassed_by })
			.where(eq(stackRuns.run_id, run_id))
			.returning({ stack_id: stackRuns.stack_id });
		if (marked !== undefined) afterCommit(tx, () => onChange(marked.stack_id));
	}
}

function stackOf(subject: Subject): string | undefined {
	return subject?.type === "stack" ? subject.id : undefined;
}

const runKey = [
	{ column: stackRuns.started_at, schema: z.iso.datetime() },
	{ column: stackRuns.run_id, schema: z.uuid() },
] as const;

export function listStackRuns({
	db,
	tasks,
	ownAccount,
}: {
	db: Database;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "getRun">;
	ownAccount(): CallerContext;
}): ConfigOperation<"listStackRuns"> {
	return async ({ params, query }) => {
		const stack = await findStack(db.orm, params.id);
		const { where, order_by, limit } = cursorWindow(query, { key: runKey, direction: "descending" });
		const rows = await db.orm
			.select({
				run_id: stackRuns.run_id,
				kind: stackRuns.kind,
				status: stackRuns.status,
				version: stackRuns.version,
				started_by: stackRuns.started_by,
				reason: stackRuns.reason,
				bypassed_by: stackRuns.bypassed_by,
				started_at: stackRuns.started_at,
				finished_at: stackRuns.finished_at,
			})
			.from(stackRuns)
			.where(and(eq(stackRuns.stack_id, stack.id), where))
			.orderBy(...order_by)
			.limit(limit);
		const { items, next_cursor } = toCursorPage(rows, query.limit, (row) => [row.started_at, row.run_id]);
		// How far a run is that has not ended only the engine knows; on a stack there are few of them.
		const now = items.map(async (row) =>
			row.finished_at !== null
				? row
				: { ...row, status: (await tasks.getRun({ params: { id: row.run_id } }, ownAccount())).status },
		);
		return { items: await Promise.all(now), next_cursor };
	};
}
