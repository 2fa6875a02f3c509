import type { Consumers } from "@netconductor/runtime/bus/inbox";
import { afterCommit, type Tx } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { eq } from "drizzle-orm";
import { approvals, glassNotices } from "../tables.ts";

type Notice = Omit<typeof glassNotices.$inferInsert, "id" | "next_try_at">;

/** Has those told who are to know of each time that somebody breaks the glass: of an approval, or of what a calendar holds back. */
export function followBrokenGlass({ onBroken }: { onBroken(): void }): Consumers {
	async function note(tx: Tx, notice: Notice): Promise<void> {
		await tx.insert(glassNotices).values({ ...notice, id: newId(), next_try_at: notice.at });
		afterCommit(tx, onBroken);
	}

	return {
		async "approval.decided.v1"({ approval_id, run_id, status, decided_by, reason, decided_at: at }, { tx }) {
			if (status !== "bypassed") return;
			const [approval] = await tx
				.select({ title: approvals.title })
				.from(approvals)
				.where(eq(approvals.id, approval_id));
			const passed_over = "The approval that it needs was not given";
			const title = approval?.title ?? run_id;
			await note(tx, { run_id, title, by: decided_by.join(", "), reason: reason ?? "", passed_over, at });
		},

		async "run.glass_broken.v1"({ run_id, title, by, reason, why, at }, { tx }) {
			await note(tx, { run_id, title, by: by.name, reason, passed_over: why, at });
		},
	};
}
