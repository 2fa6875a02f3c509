import { collectConfig as readConfig } from "@netconductor/driver-core/collect-config";
import { openSession } from "@netconductor/driver-core/session";
import { z } from "zod";
import { defineStep } from "./step.ts";

/** Reads the device's configuration and hands it to backup. What was read is no output of the run: it holds secrets. */
export const collectConfig = defineStep({
	type: "collect_config",
	category: "backup",
	mode: "read",
	params: z.object({}),
	outcome: ({ changed }) => (changed === null ? "first" : changed === true ? "changed" : "unchanged"),
	async run({ connection, session_options, operation, run, backup, log }) {
		const session = await openSession(connection, session_options);
		let raw: Buffer;
		try {
			log(`connected to ${connection.host}:${connection.port}, host key ${session.host_key.fingerprint}`);
			const started = performance.now();
			({ raw } = await readConfig(session));
			const commands = connection.platform.config.commands.join(", ");
			log(`${commands}: ${raw.length.toLocaleString("en")} bytes in ${Math.round(performance.now() - started)} ms`);
		} finally {
			await session.close();
		}
		const recorded = await backup.recordBackup({
			body: {
				operation_id: operation.id,
				run_id: operation.run_id,
				device_id: operation.device_id,
				device_name: operation.device_name,
				device_type: connection.platform.id,
				snapshot_id: run.subject?.type === "snapshot" ? run.subject.id : null,
				started_by: run.started_by,
				collected_at: new Date().toISOString(),
				content_base64: raw.toString("base64"),
			},
		});
		log(
			recorded.changed === null ? "stored, the first one" : recorded.changed ? "stored, changed" : "stored, unchanged",
		);
		return { result: { ...recorded } };
	},
});
