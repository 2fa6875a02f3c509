import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { count, localTime } from "./output/words.ts";

const awaited: Record<NonNullable<Run["waiting_for"]>["kind"], string> = {
	approval: "approval",
	window: "its time",
	calendar: "calendar",
	resume: "resume",
	next_step: "next step",
	decision: "decision",
	time: "time",
	run: "another run",
};

/** `running`, or `waiting: approval` where somebody or something has to let it go on. */
export function statusWords({ status, waiting_for }: Pick<Run, "status" | "waiting_for">): string {
	return waiting_for === null ? status : `${status}: ${awaited[waiting_for.kind]}`;
}

/** What a run waits for and what lets it go on; empty for one that does not wait. */
export function waitingLines(run: Run): string {
	const unserved = run.unserved.map((waiting) => unservedWords(run, waiting)).join("\n");
	return [unserved, standstill(run)].filter((lines) => lines !== "").join("\n");
}

/** `12 operations wait for a worker of the pool dc2: none runs.` */
function unservedWords({ kind }: Run, { worker_pool, waiting }: Run["unserved"][number]): string {
	const what = kind === "mop" ? "The procedure" : count(waiting, "operation");
	return `${what} ${kind === "mop" || waiting === 1 ? "waits" : "wait"} for a worker of the pool ${worker_pool}: none runs.\n  Start one: \`netconductor serve --targets=worker --worker-pool=${worker_pool}\`   Which there are: \`netconductor workers pools\``;
}

function standstill({ id, kind, waiting_for, progress }: Run): string {
	if (waiting_for === null) return "";
	switch (waiting_for.kind) {
		case "approval": {
			const { approval_id } = waiting_for;
			if (approval_id === null) return "Waits for an approval, which is being asked for. Nothing was changed.";
			const plan = progress?.plan_sha256 == null ? "" : ` of plan ${progress.plan_sha256.slice(0, 12)}`;
			return `Waits for approval ${approval_id}${plan}. Nothing was changed.\n  Somebody else approves it: \`netconductor approvals approve ${approval_id}\``;
		}
		case "window":
			return `Approved; it begins at ${localTime(waiting_for.not_before)}.`;
		case "calendar": {
			const until = waiting_for.until === null ? "" : ` until ${localTime(waiting_for.until)}`;
			return `Held back${until}: ${visibleLine(waiting_for.why)}. Nothing more is changed before; it goes on by itself.\n  In an emergency: \`netconductor runs break-glass ${id} --reason '...'\`   Or end it: \`netconductor runs cancel ${id}\``;
		}
		case "resume": {
			const byItself = kind === "mop" ? "It is paused" : "Pauses after its first batch";
			const by = waiting_for.paused_by === null ? byItself : `${waiting_for.paused_by} paused it`;
			return `${by}${progress === null || kind === "mop" ? "" : `: ${progressWords(progress)}`}.\n  Let it go on: \`netconductor runs resume ${id}\`   Or end it: \`netconductor runs cancel ${id}\``;
		}
		case "next_step":
			return `Waits before step ${waiting_for.step}.\n  Carry it out: \`netconductor runs resume ${id} --until next-step\`   All the rest: \`netconductor runs resume ${id}\``;
		case "decision":
			return `Waits for a decision on step ${waiting_for.step}: ${visibleLine(waiting_for.message)}\n  Decide: \`netconductor mops override ${id} --action retry|succeed|rollback|stop --reason '...'\``;
		case "time":
			return `Step ${waiting_for.step} waits until ${localTime(waiting_for.until)}.`;
		case "run":
			return `Step ${waiting_for.step} waits for run ${waiting_for.run_id}.`;
	}
}

/** `batch 2, 3 of 10 devices begun`. */
export function progressWords({ batch, devices_begun, devices_total }: NonNullable<Run["progress"]>): string {
	return `${batch === 0 ? "no batch yet" : `batch ${batch}`}, ${devices_begun} of ${count(devices_total, "device")} begun`;
}
