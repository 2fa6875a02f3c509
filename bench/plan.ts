// How fast a change of a fleet is planned: the real product, a simulated fleet in a process of its own.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, runEnded } from "@netconductor/e2e/product";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { readOptions } from "./harness/options.ts";
import { importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Plans a stack on a simulated fleet with the real product: everything is rendered, every device is asked what would differ. Then a deployment of it
is started and timed until it waits for its approval.`,
	{
		devices: { is: 1_000, text: "size of the fleet" },
		interfaces: { is: 24, text: "interfaces that the template describes on each device" },
		"config-bytes": { is: 12_000, text: "size of a configuration" },
		sessions: { is: 50, text: "sessions that a worker holds at a time, as NETCONDUCTOR_WORKERS_CONCURRENCY" },
	},
);

const template = `{% for port in range(1, ports + 1) %}
interface GigabitEthernet1/0/{{ port }}
 description {{ device.name }} port {{ port }}
{% endfor %}
`;

interface Timed {
	wall_ms: number;
	cpu_ms: number;
}

async function timed({ cpu }: MeasuredProduct, work: () => Promise<void>): Promise<Timed> {
	const before = cpu();
	const started = performance.now();
	await work();
	const wall_ms = performance.now() - started;
	await sleep(1_000);
	const after = cpu();
	const cpu_ms = after.main + after.workers + after.postgres - before.main - before.workers - before.postgres;
	return { wall_ms, cpu_ms };
}

async function measure(measured: MeasuredProduct, fleet: FleetProcess) {
	const { api } = measured;
	await importFleet(api, fleet);
	// Configurations and keys of the simulated devices are made when first asked for: that is not the product's time.
	for (const { name } of fleet.devices) await fleet.config(name);
	const { id } = await api.config.createTemplate({ body: { name: "ports", source: template } });
	await api.config.createStack({
		body: {
			name: "ports",
			services: [{ name: "ports", template_id: id, targets: { all: true } }],
			variables: { ports: options.interfaces },
		},
	});
	const params = { id: "ports" };
	const planned = await timed(measured, async () => {
		const { run_id } = await api.config.planStack({ params, body: {} });
		const run = await runEnded(api, run_id, 3_600_000);
		if (run.status !== "succeeded") throw new Error(`the plan ended ${run.status}: ${JSON.stringify(run.counts)}`);
	});
	const waiting = await timed(measured, async () => {
		const { run_id } = await api.config.deployStack({ params, body: {} });
		await eventually(
			"the approval is asked for",
			async () => {
				const run = await api.tasks.getRun({ params: { id: run_id } });
				if (run.finished_at !== null) throw new Error(`ended: ${JSON.stringify(run)}`);
				return run.waiting_for?.kind === "approval" && run.waiting_for.approval_id !== null;
			},
			3_600_000,
		);
	});
	return { planned, waiting };
}

const fleet = await startFleetProcess({
	devices: { count: options.devices, platforms: ["cisco_ios"] },
	config_bytes: options["config-bytes"],
});
try {
	const measured = await startMeasuredProduct({
		env: { NETCONDUCTOR_WORKERS_CONCURRENCY: String(options.sessions) },
	});
	try {
		const { planned, waiting } = await measure(measured, fleet);
		const { devices } = options;
		printReport(
			{
				tables: [],
				figures: [
					{ name: `plan of ${devices} devices`, value: planned.wall_ms / 1_000, unit: "s", at_most: 60 },
					{ name: "CPU for a device of it", value: planned.cpu_ms / devices, unit: "ms" },
					{
						name: `${devices} devices backed up and planned, until the approval is asked for`,
						value: waiting.wall_ms / 1_000,
						unit: "s",
						at_most: 60,
					},
					{ name: "CPU for a device of it, with its backup", value: waiting.cpu_ms / devices, unit: "ms" },
				],
			},
			options,
		);
	} finally {
		await measured.stop();
	}
} finally {
	await fleet.stop();
}
