import type { Procedure } from "@netconductor/contracts/tasks/procedure";
import type { DeviceSteps } from "./device-steps.ts";
import { Stopped } from "./ends.ts";
import type { ConductedProcedure, JournalRow, ProcedureStore, StepEnd, Undo } from "./procedure-store.ts";
import { takeBackPath } from "./program.ts";
import { isOver, type StepJournal } from "./step-journal.ts";
import type { DeviceStepType } from "./step-type.ts";
import { together } from "./together.ts";

export interface TakeBackChangesNeeds {
	procedure: Procedure;
	claimed: ConductedProcedure;
	store: ProcedureStore;
	journal: StepJournal;
	deviceSteps: DeviceSteps;
	takeBack: DeviceStepType;
}

/** Key of the step that takes back. */
export const takeBackKey = `${takeBackPath}:1`;

/** Takes back on each device what steps of the run changed, the newest first. @throws Stopped where that could not be done everywhere; Elsewhere */
export function takeBackChanges({ procedure, claimed, store, journal, deviceSteps, takeBack }: TakeBackChangesNeeds) {
	const step = {
		path: takeBackPath,
		name: "Take back what was changed",
		type: takeBack.type,
		parallelism: 20,
		retries: { count: 5, delay_s: 2, backoff: 2 },
		timeout_s: null,
		save_to_variable: null,
		on_failure: "stop" as const,
	};

	/** What each device has to be taken back to is kept before the first is: taken up again, it is the same. */
	async function carryOut(known: JournalRow | undefined): Promise<JournalRow> {
		const row = await journal.begin(step, takeBackKey, "rollback", known);
		const undos = (known?.output?.evaluated as Undo[] | undefined) ?? (await store.undosOf(claimed.run_id));
		await journal.keep(row, { evaluated: undos });
		const changed = Map.groupBy(undos, ({ device_id }) => device_id);
		const devices = procedure.targets.filter(({ device_id }) => changed.has(device_id));
		const of = (id: string) => (changed.get(id) ?? []).map(({ operation_id }) => operation_id);
		const before = known === undefined ? [] : await store.operationsOf(claimed.run_id, row.seq);
		const ends = await deviceSteps.on(devices, { type: takeBack, row, step, before }, (id) => ({
			value: { operation_ids: of(id) },
		}));
		const isDone = (id: string) => ["succeeded", "skipped"].includes(ends.get(id)?.status ?? "");
		await store.markTakenBack([...changed.keys()].filter(isDone).flatMap(of));
		const end: StepEnd =
			devices.length === 0 ? { status: "skipped", skip_reason: "Nothing was changed" } : together(devices, ends, false);
		return journal.finish(step, row, end);
	}

	return async (): Promise<void> => {
		const known = journal.of(takeBackKey);
		const { status, error } = known !== undefined && isOver(known) ? known : await carryOut(known);
		const everywhere = "What was changed could not be taken back everywhere";
		if (status === "unknown") throw new Stopped("unknown", everywhere);
		if (status === "cancelled") throw new Stopped("cancelled", "It was cancelled while it took back what was changed");
		if (status === "failed") throw new Stopped("unknown", `${everywhere}: ${error?.message ?? ""}`);
	};
}
