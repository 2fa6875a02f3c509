import type { RunOperation } from "@netconductor/contracts/tasks/model";
import type { DeviceStats } from "@netconductor/lab/sim/device";
import type { SimPlatformId } from "@netconductor/lab/sim/platforms";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { type Clients, eventually, type Product } from "../src/product.ts";
import { hearConfigs } from "./fleet.ts";

/** Platforms that a deployment of a round goes to: changed line by line, through a candidate, and with a confirmation that the device waits for. */
const platforms: SimPlatformId[] = ["cisco_ios", "arista_eos", "juniper_junos", "cisco_nxos", "vyos"];

/** So that writing to a device takes long enough for something to happen meanwhile. */
const latency_ms = 100;
const batch_size = 4;
const approver = { username: "chaos-approver", password: "the approver has a long password" };

const template = `{% if device.device_type == "juniper_junos" %}
set interfaces lo0 unit 77 description "{{ words }}"
{% elif device.device_type == "vyos" %}
set interfaces dummy dum77 description "{{ words }}"
{% else %}
interface Loopback77
 description {{ words }}
{% endif %}
`;

/** What a deployment writes to each device. */
const words = "written once";

/** Devices of a round that are changed. They are its own: pushes count from nothing, and what a change leaves behind goes with them. */
export interface ChangedFleet {
	fleet: FleetProcess;
	/** What each answered before. */
	before: Map<string, string>;
}

/** What the devices tell of a deployment. */
export interface ChangedDevice {
	device: string;
	/** Changes that anybody made on it. */
	pushes: number;
	/** Whether what was to be written stands there. */
	written: boolean;
	before: string;
}

export async function startChangedFleet(count: number, seed: number): Promise<ChangedFleet> {
	const devices = Array.from({ length: count }, (_, i) => {
		const platform = platforms[i % platforms.length] as SimPlatformId;
		return { name: `changed-${i + 1}`, platform };
	});
	const fleet = await startFleetProcess({ devices, seed: `chaos changes ${seed}`, config_bytes: 3_000 });
	const before = await hearConfigs(fleet.devices);
	await eventually("the fleet is alone", async () => (await fleet.totalStats()).open_connections === 0);
	return { fleet, before };
}

/** A deployment to all of these devices that was planned and waits for its approval. */
export interface PlannedDeployment {
	run_id: string;
	/** From then on devices are written to, batch after batch. */
	approve(): Promise<void>;
}

export async function inviteApprover(api: Clients): Promise<void> {
	await api.auth.createUser({ body: { ...approver, role: "manager", must_change_password: false } });
}

export async function planDeployment(
	product: Product,
	api: Clients,
	{ fleet }: ChangedFleet,
): Promise<PlannedDeployment> {
	const { id: template_id } = await api.config.createTemplate({ body: { name: "loopback", source: template } });
	await api.config.createStack({
		body: {
			name: "loopbacks",
			services: [{ name: "loopback", template_id, targets: { names: fleet.devices.map(({ name }) => name) } }],
			variables: { words },
			rollout: { batch_sizes: [batch_size], most_failures: 50_000 },
			confirm_within_s: 60,
		},
	});
	const { run_id } = await api.config.deployStack({ params: { id: "loopbacks" }, body: {} });
	const { progress } = await eventually("the deployment waits for its approval", async () => {
		const run = await api.tasks.getRun({ params: { id: run_id } });
		if (run.finished_at !== null) throw new Error(`the deployment ended before its approval: ${JSON.stringify(run)}`);
		return run.waiting_for?.kind === "approval" && run.progress?.approval_id != null && run;
	});
	const approving = product.as(await product.login(approver.username, approver.password));
	return {
		run_id,
		async approve() {
			for (const { name } of fleet.devices) await fleet.setLatency(name, latency_ms);
			await approving.alerts.approve({
				params: { id: progress?.approval_id ?? "" },
				body: { plan_sha256: progress?.plan_sha256 ?? "" },
			});
		},
	};
}

export async function lookAtChanged({ fleet, before }: ChangedFleet): Promise<ChangedDevice[]> {
	return Promise.all(
		fleet.devices.map(async ({ name }) => {
			const [stats, config]: [DeviceStats, string] = await Promise.all([fleet.stats(name), fleet.config(name)]);
			return { device: name, pushes: stats.pushes, written: config.includes(words), before: before.get(name) ?? "" };
		}),
	);
}

/**
 * What is wrong with what was written: pushes that no write explains, and results that the devices contradict. A write that was taken up twice is none
 * of it: who loses a lease before the first line was sent leaves it to the next one.
 */
export function changeFaults(
	deployments: readonly { operations: RunOperation[] }[],
	devices: readonly ChangedDevice[],
) {
	const writes = deployments
		.flatMap(({ operations }) => operations)
		.filter(({ step_type }) => step_type === "apply_change");
	return devices.flatMap(({ device, pushes, written }) => {
		const own = writes.filter(({ device_name }) => device_name === device);
		if (pushes > own.length) return [`${device} was pushed to ${pushes} times by ${own.length} writes`];
		if (own.length !== 1) return [];
		const status = own[0]?.status ?? "";
		if (status === "succeeded" && (pushes !== 1 || !written)) {
			return [
				`${device} succeeded with ${pushes} pushes, and what was to be written ${written ? "stands" : "is not"} there`,
			];
		}
		if (status === "failed" && written) return [`${device} failed, and what was to be written stands there`];
		if (["pending", "skipped", "cancelled"].includes(status) && pushes > 0)
			return [`${device} is ${status} and was pushed to`];
		return [];
	});
}
