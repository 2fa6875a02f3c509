import { z } from "zod";
import { readForBackup, recordRead } from "../../steps/record-config.ts";
import { defineDeviceStep } from "../step-type.ts";

/** Backs devices up in the middle of a procedure. */
export const stepType = defineDeviceStep({
	type: "backup",
	label: "Back up",
	description:
		"Reads the configuration and stores it as a backup of the device. Result: `backup_id`, `changed` (since the backup before; null where there was none), `size_bytes`.",
	category: "devices",
	runs_on: "devices",
	mode: "read",
	params: z.strictObject({}),
	example: {},
	async run(context) {
		const raw = await readForBackup(await context.session(), context.log);
		const { started_by } = context.run;
		return { result: await recordRead(raw, { ...context, snapshot_id: null, started_by }) };
	},
});
