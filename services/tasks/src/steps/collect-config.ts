import { openSession } from "@netconductor/driver-core/session";
import { z } from "zod";
import { readForBackup, recordRead } from "./record-config.ts";
import { defineStep } from "./step.ts";

/** Reads the device's configuration and hands it to backup. What was read is no output of the run: it holds secrets. */
export const collectConfig = defineStep({
	type: "collect_config",
	category: "backup",
	mode: "read",
	params: z.object({}),
	outcome: ({ changed }) => (changed === null ? "first" : changed === true ? "changed" : "unchanged"),
	async run(context) {
		const { connection, session_options, run, log } = context;
		const session = await openSession(connection, session_options);
		let raw: Buffer;
		try {
			log(`connected to ${connection.host}:${connection.port}, host key ${session.host_key.fingerprint}`);
			raw = await readForBackup(session, log);
		} finally {
			await session.close();
		}
		const snapshot_id = run.subject?.type === "snapshot" ? run.subject.id : null;
		return { result: await recordRead(raw, { ...context, snapshot_id, started_by: run.started_by }) };
	},
});
