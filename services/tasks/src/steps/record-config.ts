import type { Connection } from "@netconductor/contracts/devices/connection";
import { collectConfig } from "@netconductor/driver-core/collect-config";
import type { Session } from "@netconductor/driver-core/session";
import type { StepContext } from "./step.ts";

/** Reads the whole configuration as backup wants it. @throws device.empty_config, device.truncated_config, device.* */
export async function readForBackup(session: Session, log: (line: string) => void): Promise<Buffer> {
	const started = performance.now();
	const { raw } = await collectConfig(session);
	const commands = session.platform.definition.config.commands.join(", ");
	log(`${commands}: ${raw.length.toLocaleString("en")} bytes in ${Math.round(performance.now() - started)} ms`);
	return raw;
}

interface Recording extends Pick<StepContext<unknown>, "operation" | "log"> {
	backup: Pick<StepContext<unknown>["backup"], "recordBackup">;
	connection: Connection;
	snapshot_id: string | null;
	started_by: string;
}

/** Hands what was just read to backup. `changed`: since the backup before, null where there was none. */
export async function recordRead(
	raw: Buffer,
	{ operation, connection, backup, log, snapshot_id, started_by }: Recording,
): Promise<{ backup_id: string; changed: boolean | null; size_bytes: number }> {
	const recorded = await backup.recordBackup({
		body: {
			operation_id: operation.id,
			run_id: operation.run_id,
			device_id: operation.device_id,
			device_name: operation.device_name,
			device_type: connection.platform.id,
			snapshot_id,
			started_by,
			collected_at: new Date().toISOString(),
			content_base64: raw.toString("base64"),
		},
	});
	log(recorded.changed === null ? "stored, the first one" : recorded.changed ? "stored, changed" : "stored, unchanged");
	return recorded;
}
