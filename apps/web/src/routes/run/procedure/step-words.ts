import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { RunOperation } from "@netconductor/contracts/tasks/model";
import type {
	OnFailure,
	OnSuccess,
	OverrideAction,
	ProgramStep,
	RunProcedure,
	RunStep,
	RunStepStatus,
} from "@netconductor/contracts/tasks/procedure";
import { type Look, operationLooks } from "../../../ui/state.tsx";
import { count } from "../../../ui/words.ts";

export const stepLooks: Record<RunStepStatus, Look> = {
	...operationLooks,
	waiting: { tone: "warn", icon: "clock", word: "Waiting" },
};

/** What people call a step. */
export function nameOf({ name, path }: { name: string | null; path: string }): string {
	return visibleLine(name ?? path.split(".").at(-1)?.replaceAll("_", " ") ?? path);
}

/** `check, round 2 of each`: which time of which step a key means. */
export function keyWords(key: string): string {
	const parts = key.split("/");
	const step = parts.at(-1) ?? key;
	const [id = step, time = "1"] = step.split(":");
	const again = time === "1" ? "" : ` (time ${time})`;
	const before = parts.slice(0, -1).map((part) => part.split(":")[0]);
	return visibleLine(`${id}${again}${before.length === 0 ? "" : ` in ${before.join(" / ")}`}`);
}

export const actionWords: Record<Extract<OverrideAction, string>, { label: string; means: string; was: string }> = {
	retry: { label: "Retry", means: "The step is carried out again.", was: "had it carried out again" },
	succeed: {
		label: "Counts as done",
		means: "The step counts as succeeded, and the procedure goes on after it. Nothing is sent to any device for it.",
		was: "said that it counts as done",
	},
	rollback: {
		label: "Roll back",
		means:
			"What the procedure changed is taken back on each device, then its steps for that are carried out. It ends as failed.",
		was: "had everything taken back",
	},
	stop: {
		label: "Stop",
		means: "The procedure ends as failed. What is done stays done.",
		was: "stopped the procedure",
	},
};

/** What somebody decided on a step, after their name. */
export function decidedWords({ action }: NonNullable<RunStep["decision"]>): string {
	return typeof action === "string" ? actionWords[action].was : `sent it on to ${visibleLine(action.goto)}`;
}

const failureWords: Record<Extract<OnFailure, string>, string> = {
	stop: "the procedure stops",
	continue: "it goes on",
	drop_devices: "it goes on without the devices that failed",
	rollback: "what was changed is taken back",
	ask: "a person decides",
};

export function afterFailure(then: OnFailure): string {
	return typeof then === "string" ? failureWords[then] : `it goes on at ${visibleLine(then.goto)}`;
}

export function afterSuccess(then: OnSuccess): string | undefined {
	if (then === "next") return undefined;
	return then === "stop" ? "the procedure ends" : `it goes on at ${visibleLine(then.goto)}`;
}

/** `2 more times, 5 s apart`. */
export function retryWords({ retries }: ProgramStep): string | undefined {
	const { count: times, delay_s, backoff } = retries;
	if (times === 0) return undefined;
	const longer = backoff > 1 ? `, each wait ${backoff} times as long` : "";
	return `${count(times, "more time")}, ${delay_s} s apart${longer}`;
}

/** `3 of 10 devices, 1 failed`; undefined of a step that is for none. */
export function deviceWords({ devices }: Pick<RunStep, "devices">): string | undefined {
	if (devices === null) return undefined;
	const total = Object.values(devices).reduce((sum, amount) => sum + amount, 0);
	const { succeeded = 0, skipped = 0, failed = 0, unknown = 0 } = devices;
	const done = succeeded + skipped;
	return [
		done === total ? count(total, "device") : `${done} of ${count(total, "device")}`,
		failed > 0 && `${failed} failed`,
		unknown > 0 && `${unknown} unknown`,
		skipped > 0 && `${skipped} left out`,
	]
		.filter(Boolean)
		.join(", ");
}

/** How far devices are of the steps that are under way, by the step's id: `3 done, 2 under way, 1 failed`. */
export function underWay(
	steps: readonly RunStep[],
	operations: ReadonlyMap<string, RunOperation> | undefined,
): ReadonlyMap<string, string> {
	const words = new Map<string, string>();
	if (operations === undefined) return words;
	for (const { id, path, status, devices, started_at } of steps) {
		if (status !== "running" || devices !== null || started_at === null) continue;
		let [done, busy, bad] = [0, 0, 0];
		for (const operation of operations.values()) {
			// Of an earlier time of the same step it is known already what it came to.
			if (operation.step_id !== path || (operation.started_at ?? started_at) < started_at) continue;
			if (operation.status === "running" || operation.status === "pending") busy += 1;
			else if (operation.status === "failed" || operation.status === "unknown") bad += 1;
			else done += 1;
		}
		const parts = [done > 0 && `${done} done`, busy > 0 && `${busy} under way`, bad > 0 && `${bad} failed`];
		const said = parts.filter(Boolean).join(", ");
		if (said !== "") words.set(id, said);
	}
	return words;
}

export function restartWords({ what, path }: NonNullable<RunProcedure["restarted"]>): string {
	if (what === "rollback") return "Takes back what an earlier run changed";
	const step = visibleLine(path ?? "its first step");
	return what === "from_step" ? `Begun anew from ${step}` : `Begun anew after ${step}`;
}
