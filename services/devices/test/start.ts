import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan } from "@netconductor/contracts/tasks/model";
import { openDatabase } from "@netconductor/runtime/db/database";
import { defineService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { devicesService } from "../src/service.ts";

export type Started = Awaited<ReturnType<typeof startDevices>>;

/** The devices service on its own database; `db` is for looking into it. Runs that it starts are kept in `plans`, changed host keys that it announces in `announced`, audit records in `recorded`. */
export async function startDevices(env: Record<string, string> = {}, log_level: "error" | "silent" = "error") {
	const plans: Plan[] = [];
	const tasks = peer(tasksApi, {
		startRun: async ({ body }) => {
			plans.push(body.plan);
			return { run_id: newId() };
		},
	});
	const announced: { device_id: string; presented_fingerprint: string }[] = [];
	const recorded: OperationRecord[] = [];
	const listener = defineService({
		name: "listener",
		api: defineApi("listener", {}),
		setup: () => ({
			operations: {},
			consumers: {
				"device.host_key_changed.v1": async (event) => void announced.push(event),
				"audit.operation_recorded.v1": async (record) => void recorded.push(record),
			},
		}),
	});
	const host: TestHost = await startTestHost({ services: [devicesService, listener], peers: [tasks], env, log_level });
	// As the superuser: the role and its password are the host's, and other test files' hosts have the same role.
	const db = openDatabase({ url: host.database.url, schema: "devices", application_name: "test", max: 2 });
	return {
		db,
		plans,
		announced,
		recorded,
		api: host.client(devicesApi),
		clientOf: host.client,
		/** As another of our services calls it. */
		service: host.host.client(devicesApi),
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}

/** Code and message of the error that `call` ends with. */
export async function failureOf(call: Promise<unknown>): Promise<{ code?: string; message: string }> {
	try {
		await call;
	} catch (error) {
		const { code, message } = error as { code?: string; message: string };
		return { ...(code !== undefined && { code }), message };
	}
	return { message: "it did not fail" };
}

export const reveal = (started: Started, id: string, request?: { credential_id?: string }) =>
	started.api.revealConnection({ params: { id }, body: { run_id: newId(), operation_id: newId(), request } });
