// The tasks service or a worker in a process of its own, as the server starts them, with the probe steps besides the product's.
import { BusMessage } from "@netconductor/runtime/bus/carrier";
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createInProcessCarrier } from "@netconductor/runtime/bus/in-process-carrier";
import { systemClock } from "@netconductor/runtime/clock";
import { loadConfig } from "@netconductor/runtime/config";
import { createHealth } from "@netconductor/runtime/health";
import { createHost } from "@netconductor/runtime/host/host";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { createMetrics } from "@netconductor/runtime/metrics";
import { outboundConfig, workersConfig } from "@netconductor/runtime/runtime-config";
import { testMaster } from "@netconductor/runtime/testing/master";
import { WorkerKeys } from "@netconductor/runtime/worker-keys";
import { loadStepTypes } from "../src/procedures/registry.ts";
import { createTasksService } from "../src/service.ts";
import { createWorkerService } from "../src/worker.ts";
import { probeSteps, probeTypes } from "./probe-steps.ts";

const {
	TEST_ROLE,
	TEST_DATABASE_URL: url = "",
	TEST_PEERS_URL,
	TEST_ALERTS_URL = TEST_PEERS_URL,
	TEST_TASKS_URL,
	TEST_PORT = "0",
	TEST_LOG_LEVEL,
	/** A worker that holds keys of its pool alone: those. */
	TEST_WORKER_KEYS,
	...env
} = process.env;
const log = createLog({
	level: (TEST_LOG_LEVEL as "info" | undefined) ?? "fatal",
	destination: { write: (line) => process.stderr.write(line) },
});
const carrier = createInProcessCarrier({ services: [] });
const loadTypes = async () => new Map([...(await loadStepTypes()), ...probeTypes]);
const config = loadConfig({ slices: [workersConfig, outboundConfig], env, cwd: "/" });
const addresses = (url: string | undefined) => (url === undefined ? undefined : [url]);
const host = await createHost({
	services: [
		TEST_ROLE === "tasks" ? createTasksService(probeSteps, loadTypes) : createWorkerService(probeSteps, loadTypes),
	],
	config,
	outbound: config.outbound,
	master: TEST_WORKER_KEYS === undefined ? testMaster : WorkerKeys.parse(JSON.parse(TEST_WORKER_KEYS)),
	...(TEST_ROLE === "worker" && { worker_pool: config.workers.pool }),
	database: { urls: { tasks: url }, pool_size: 5 },
	peers: {
		devices: addresses(TEST_PEERS_URL),
		backup: addresses(TEST_PEERS_URL),
		alerts: addresses(TEST_ALERTS_URL),
		config: addresses(TEST_PEERS_URL),
		scheduling: addresses(TEST_PEERS_URL),
		tasks: addresses(TEST_TASKS_URL),
	},
	internal: { host: "127.0.0.1", port: Number(TEST_PORT) },
	carrier,
	openEphemeral: () => createPostgresEphemeral({ url, log }),
	process: {
		id: newId(),
		version: "0.0.0-test",
		data_dir: "/nonexistent",
		stands_on: { database: "external", events: "in this process", live: "PostgreSQL" },
	},
	clock: systemClock,
	log,
	metrics: createMetrics({ process_metrics: false }),
	health: createHealth(),
});
await host.start();
process.on("SIGTERM", async () => {
	await host.stop();
	process.exit(0);
});
// An event that a service outside of the test would have published.
process.on("message", (event) => void carrier.publish([BusMessage.parse(event)]));
// Ends with the test, whatever becomes of it.
process.on("disconnect", () => process.exit(1));
process.send?.("ready");
