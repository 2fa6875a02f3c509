// What the gateway adds to a request where every service is a process of its own.

import { startProduct } from "@netconductor/e2e/product";
import { createServiceTokens } from "@netconductor/runtime/host/service-token";
import { deriveKey, loadMasterKeys } from "@netconductor/runtime/master-key";
import { Pool } from "undici";
import { quantile } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { cpuOf } from "./harness/processes.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Starts every service as a process of its own, with RabbitMQ and Redis, and asks for the same page of devices by turns: at the gateway with an
access token, and at the devices service itself with a service token, as the gateway asks it. One request at a time, each over a connection that
stays open. What the gateway adds is the difference.`,
	{
		devices: { is: 1_000, text: "devices in the inventory" },
		pairs: { is: 2_000, text: "requests each way" },
		path: { is: "/api/devices?page_size=50", text: "what to ask for" },
	},
);

const warmUp = 300;
const admin = {
	kind: "user" as const,
	id: "00000000-0000-7000-8000-000000000001",
	name: "bench",
	permissions: ["*"],
};

const product = await startProduct(
	{ NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "10000000", NETCONDUCTOR_WORKERS_PROCESSES: "0" },
	undefined,
	{ distributed: true },
);
try {
	const rows = Array.from({ length: options.devices }, (_, i) => ({
		name: `sw-${i}`,
		host: `10.0.${i >> 8}.${i & 255}`,
		device_type: "cisco_ios",
	}));
	await product
		.as(product.admin_token)
		.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });

	const { current } = await loadMasterKeys({ data_dir: product.data_dir });
	const tokens = createServiceTokens("gateway", deriveKey(current, "service tokens"));
	const ways = {
		gateway: { pool: new Pool(product.url, { connections: 1 }), token: async () => product.admin_token },
		direct: {
			pool: new Pool(product.internalUrl("devices"), { connections: 1 }),
			token: () => tokens.issue("devices", admin),
		},
	};
	const pidOf = (name: string) => product.server.processes().find(({ target }) => target === name)?.pid ?? 0;
	const cpu = () => ({ gateway: cpuOf(pidOf("gateway")), devices: cpuOf(pidOf("devices")) });

	async function ask({ pool, token }: (typeof ways)["gateway" | "direct"]): Promise<{ ms: number; bytes: number }> {
		const headers = { authorization: `Bearer ${await token()}` };
		const started = performance.now();
		const { statusCode, body } = await pool.request({ method: "GET", path: options.path, headers });
		const bytes = (await body.arrayBuffer()).byteLength;
		if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
		return { ms: performance.now() - started, bytes };
	}

	for (let time = 0; time < warmUp; time++) for (const way of Object.values(ways)) await ask(way);
	const times: Record<keyof typeof ways, number[]> = { gateway: [], direct: [] };
	let bytes = 0;
	const before = cpu();
	for (let pair = 0; pair < options.pairs; pair++) {
		// Who goes first changes, so that neither always finds what the other one warmed.
		const order = pair % 2 === 0 ? (["gateway", "direct"] as const) : (["direct", "gateway"] as const);
		for (const way of order) {
			const answer = await ask(ways[way]);
			times[way].push(answer.ms);
			bytes = answer.bytes;
		}
	}
	const after = cpu();
	await Promise.all(Object.values(ways).map(({ pool }) => pool.close()));
	const added = times.gateway.map((ms, i) => ms - (times.direct[i] ?? Number.NaN));
	const row = (name: string, values: number[]) => [
		name,
		quantile(values, 0.5),
		quantile(values, 0.9),
		quantile(values, 0.99),
		quantile(values, 1),
	];
	printReport(
		{
			tables: [
				{
					title: `GET ${options.path}, ${options.devices} devices, ${Math.round(bytes / 1_024)} KiB, ${options.pairs} pairs, ms`,
					columns: ["", "p50", "p90", "p99", "longest"],
					rows: [
						row("at the gateway", times.gateway),
						row("at the devices service", times.direct),
						row("difference within a pair", added),
					],
				},
			],
			figures: [
				{
					name: "the gateway adds, at the median",
					value: quantile(times.gateway, 0.5) - quantile(times.direct, 0.5),
					unit: "ms",
					at_most: 2,
				},
				{
					name: "CPU of the gateway for a request",
					value: (after.gateway - before.gateway) / options.pairs,
					unit: "ms",
				},
				{
					name: "CPU of the devices service for a request",
					value: (after.devices - before.devices) / options.pairs / 2,
					unit: "ms",
				},
			],
		},
		options,
	);
} finally {
	await product.dispose();
}
