// A worker in a process of its own, as the server starts them, that also knows the probe steps.
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createInProcessCarrier } from "@netconductor/runtime/bus/in-process-carrier";
import { systemClock } from "@netconductor/runtime/clock";
import { loadConfig } from "@netconductor/runtime/config";
import { createHealth } from "@netconductor/runtime/health";
import { createHost } from "@netconductor/runtime/host/host";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { createMetrics } from "@netconductor/runtime/metrics";
import { workersConfig } from "@netconductor/runtime/runtime-config";
import { createWorkerService } from "../src/worker.ts";
import { probeSteps } from "./probe-steps.ts";

const { TEST_DATABASE_URL: url = "", TEST_PEERS_URL: peers_url, TEST_LOG_LEVEL: level = "error", ...env } = process.env;
const log = createLog({ level: level as "error", destination: { write: (line) => process.stderr.write(line) } });
const host = await createHost({
	services: [createWorkerService(probeSteps)],
	config: loadConfig({ slices: [workersConfig], env, cwd: "/" }),
	master: { current: { id: "07070707", bytes: Buffer.alloc(32, 7), source: "test" }, previous: undefined },
	database: { urls: { tasks: url }, pool_size: 5 },
	peers: { devices: peers_url, backup: peers_url },
	internal: { host: "127.0.0.1", port: 0 },
	carrier: createInProcessCarrier({ services: [] }),
	openEphemeral: () => createPostgresEphemeral({ url, log }),
	process: { id: newId(), version: "0.0.0-test", data_dir: "/nonexistent" },
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
// Ends with the test, whatever becomes of it.
process.on("disconnect", () => process.exit(1));
process.send?.("ready");
