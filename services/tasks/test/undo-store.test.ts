import { systemClock } from "@netconductor/runtime/clock";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { testMaster } from "@netconductor/runtime/testing/master";
import { createVault } from "@netconductor/runtime/vault";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUndoStore, type KeptConfiguration } from "../src/procedures/undo-store.ts";
import { createWalkLab, step, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
let undos: ReturnType<typeof createUndoStore>;
beforeAll(async () => {
	lab = await createWalkLab();
	const log = createLog({ level: "silent" });
	const vault = await createVault({ db: lab.db, master: testMaster, service: "tasks", log });
	undos = createUndoStore({ db: lab.db, vault, clock: systemClock });
});
afterAll(() => lab?.stop());

/** A change of one device, try by try. */
async function change() {
	const { run_id } = await lab.start([step({ id: "change", type: "change" })]);
	const claimed = await lab.takeUp(run_id);
	const { worker_id } = claimed;
	const operation = {
		run_id,
		position: 0,
		step_index: 0,
		pass: 1,
		step_id: "change",
		step_type: "set_config",
		device_id: newId(),
		device_name: "r1",
	};
	let id: string | undefined;
	return {
		async try(before: string, { writes = true } = {}) {
			const begun = await lab.store.beginOperation(claimed, operation, id === undefined ? undefined : { id });
			if (typeof begun === "string") throw new Error(begun);
			id = begun.id;
			await undos.keep(id, worker_id, { before, after: null });
			if (writes) await lab.store.startWriting(id, worker_id);
		},
		keep: (configuration: KeptConfiguration) => undos.keep(id as string, worker_id, configuration),
		kept: () => undos.reveal(id as string, { worker_id, run_id }),
	};
}

test("a change whose first try wrote half of it is taken back to what was there before that try", async () => {
	const { try: tries, keep, kept } = await change();
	await tries("a\n");
	await tries("a\nhalf\n");
	expect(await kept()).toEqual({ before: "a\n", after: null });
	await keep({ before: "a\nhalf\n", after: "a\nhalf\nwhole\n" });
	expect(await kept()).toEqual({ before: "a\n", after: "a\nhalf\nwhole\n" });
});

test("a try that was itself taken back to what a half written one left leaves what that left", async () => {
	const { try: tries, keep, kept } = await change();
	await tries("a\n");
	await tries("a\nhalf\n");
	await keep({ before: "a\nhalf\n", after: "a\nhalf\n" });
	expect(await kept()).toEqual({ before: "a\n", after: "a\nhalf\n" });
});

test("what others changed after a try that wrote nothing, or was taken back whole, is not taken for ours", async () => {
	const { try: tries, keep, kept } = await change();
	await tries("a\n", { writes: false });
	await tries("a\nothers\n");
	await keep({ before: "a\nothers\n", after: "a\nothers\n" });
	await tries("a\nothers\nmore\n");
	await keep({ before: "a\nothers\nmore\n", after: "a\nothers\nmore\nours\n" });
	expect(await kept()).toEqual({ before: "a\nothers\nmore\n", after: "a\nothers\nmore\nours\n" });
});
