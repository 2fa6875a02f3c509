import type { Selection, Target } from "@netconductor/contracts/devices/model";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { resolveConnection } from "../connection/connection.ts";
import { loadLayers } from "../connection/connection-store.ts";
import { findDevice, noDevice } from "../devices/device-store.ts";
import { requireSome, targetsOf } from "../devices/selection.ts";
import type { DevicesOperation } from "../operation.ts";

interface Needs {
	db: Database;
	tasks: Clients<{ tasks: typeof tasksApi }>["tasks"];
}

/** Tests one device. What can be known to fail before a run starts is said at once. */
export function testDevice({ db, tasks }: Needs): DevicesOperation<"testDevice"> {
	return async (call) => {
		const { id } = call.params;
		await findDevice(db.orm, id, call.actor);
		const layersOf = await loadLayers(db.orm, [id], call.actor);
		const target = layersOf(id);
		if (target === undefined) throw noDevice(id);
		const { name } = resolveConnection(target, layersOf);
		call.note({ resource_type: "device", resource_id: id, resource_name: name });
		// Each request is a test of its own: asking again later must look again.
		const test = {
			key: newId(),
			title: `Connection test of ${name}`,
			targets: [{ device_id: id, name, worker_pool: target.worker_pool.name }],
			skipped: [],
		};
		return startTest(tasks, test, call);
	};
}

export function testDevices({ db, tasks }: Needs): DevicesOperation<"testDevices"> {
	return async (call) => {
		const started = await startSelected({ db, tasks }, call.body.select, newId(), call);
		call.note({ resource_type: "device", resource_name: `${started.tested} devices` });
		return { run_id: started.run_id };
	};
}

/** For a service that may ask again after a crash. */
export function startTestOnce(needs: Needs): DevicesOperation<"startTest"> {
	return async (call) => {
		const { run_id } = await startSelected(needs, call.body.select, call.body.key, call);
		return { run_id };
	};
}

async function startSelected({ db, tasks }: Needs, select: Selection, key: string, call: CallerContext) {
	const selected = requireSome(await targetsOf(db.orm, select, call.actor));
	const targets = selected.filter(({ enabled }) => enabled);
	if (targets.length === 0) {
		throw failed("devices.disabled", {
			message:
				selected.length === 1
					? `${selected[0]?.name} is disabled (${selected[0]?.disabled_reason}). Nothing was started.`
					: `All ${selected.length} devices of the selection are disabled. Nothing was started.`,
			details: { devices: selected.slice(0, 20).map(({ name }) => name) },
		});
	}
	const { run_id } = await startTest(
		tasks,
		{
			key,
			title: `Connection test of ${targets.length === 1 ? targets[0]?.name : `${targets.length} devices`}`,
			targets,
			skipped: selected.filter(({ enabled }) => !enabled),
		},
		call,
	);
	return { run_id, tested: targets.length };
}

function startTest(
	tasks: Needs["tasks"],
	test: {
		key: string;
		title: string;
		targets: Pick<Target, "device_id" | "name" | "worker_pool">[];
		skipped: Target[];
	},
	call: CallerContext,
) {
	return tasks.startRun(
		{
			body: {
				idempotency_key: `connectivity_test:${test.key}`,
				plan: {
					kind: "connectivity_test",
					title: test.title.slice(0, 200),
					steps: [{ id: "test", type: "test_connection" }],
					targets: test.targets.map(({ device_id, name, worker_pool }) => ({ device_id, name, worker_pool })),
					skipped: test.skipped.map(({ device_id, name, disabled_reason }) => ({
						device_id,
						name,
						reason: `disabled: ${disabled_reason}`,
					})),
				},
			},
		},
		call,
	);
}
