import type { Connection } from "@netconductor/contracts/devices/connection";
import { openSession, type Session } from "@netconductor/driver-core/session";
import { maskSecrets } from "@netconductor/runtime/config-text";
import { newId } from "@netconductor/runtime/id";
import { loadStepTypes } from "../src/procedures/registry.ts";
import type { DeviceStepContext, DeviceStepResult, DeviceStepType } from "../src/procedures/step-type.ts";
import { takeBack } from "../src/procedures/take-back.ts";

type Undo = { before: string; after: string | null };
type Backup = Parameters<DeviceStepContext<unknown>["backup"]["recordBackup"]>[0]["body"];

/** A step as it was carried out on a device. */
interface Done extends DeviceStepResult {
	operation_id: string;
	/** The run's output. */
	output: string;
	/** How often a write was announced. */
	writes: number;
	backups: Backup[];
}

export interface StepLab {
	/** @throws what the step throws */
	run(type: string, connection: Connection, params: unknown, signal?: AbortSignal): Promise<Done>;
	undoOf(operation_id: string): Undo;
	close(): Promise<void>;
}

/** Carries steps out one by one on real sessions, which stay open from step to step as in a procedure. */
export async function createStepLab(): Promise<StepLab> {
	const types = new Map([...(await loadStepTypes()), [takeBack.type, takeBack]]);
	const sessions = new Map<string, Session>();
	const undos = new Map<string, Undo>();

	async function drop(connection: Connection): Promise<void> {
		await sessions.get(connection.name)?.close();
		sessions.delete(connection.name);
	}

	return {
		async run(name, connection, given, signal = new AbortController().signal) {
			const type = types.get(name) as DeviceStepType;
			const operation_id = newId();
			const output: string[] = [];
			const backups: Backup[] = [];
			let writes = 0;
			const context: DeviceStepContext<unknown> = {
				params: type.params.parse(given),
				operation: { id: operation_id, run_id: newId(), device_id: connection.device_id, device_name: connection.name },
				run: {
					id: newId(),
					title: "A procedure",
					reason: "",
					started_by: "somebody",
					mop: { id: newId(), name: "A procedure", version: 1 },
					procedure_sha256: "",
				},
				connection,
				signal,
				session_options: { signal },
				async session() {
					const held = sessions.get(connection.name);
					if (held !== undefined && held.mode !== "config") return held;
					await drop(connection);
					const session = await openSession(connection, { signal });
					sessions.set(connection.name, session);
					return session;
				},
				async beforeWriting() {
					writes++;
				},
				async keepUndo(configuration) {
					undos.set(operation_id, configuration);
				},
				async revealUndo(id) {
					const undo = undos.get(id);
					if (undo === undefined) throw new Error(`operation ${id} changed nothing`);
					return undo;
				},
				log: (line) => output.push(line),
				show: (text) => output.push(maskSecrets(text, connection.platform)),
				backup: {
					async recordBackup({ body }) {
						backups.push(body);
						return { backup_id: newId(), changed: null, size_bytes: Buffer.from(body.content_base64, "base64").length };
					},
				},
			};
			try {
				const done = await type.run(context);
				if (done.error !== undefined) await drop(connection);
				return { ...done, operation_id, output: output.join("\n"), writes, backups };
			} catch (error) {
				await drop(connection);
				throw error;
			}
		},
		undoOf(operation_id) {
			const undo = undos.get(operation_id);
			if (undo === undefined) throw new Error(`operation ${operation_id} changed nothing`);
			return undo;
		},
		async close() {
			for (const session of sessions.values()) await session.close();
			sessions.clear();
		},
	};
}
