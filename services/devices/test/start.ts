import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Plan } from "@netconductor/contracts/tasks/model";
import { newId } from "@netconductor/runtime/id";
import { peer, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { devicesService } from "../src/service.ts";

export type Started = Awaited<ReturnType<typeof startDevices>>;

/** The devices service on its own database; runs that it starts are kept in `plans`. */
export async function startDevices(env: Record<string, string> = {}) {
	const plans: Plan[] = [];
	const tasks = peer(tasksApi, {
		startRun: async ({ body }) => {
			plans.push(body.plan);
			return { run_id: newId() };
		},
	});
	const host: TestHost = await startTestHost({ services: [devicesService], peers: [tasks], env });
	return { host, plans, api: host.client(devicesApi), stop: () => host.stop() };
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
