// The scheduling service in a process of its own, as the server starts it, on a clock that runs sixty times as fast.
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createInProcessCarrier } from "@netconductor/runtime/bus/in-process-carrier";
import { systemClock } from "@netconductor/runtime/clock";
import { loadConfig } from "@netconductor/runtime/config";
import { createHealth } from "@netconductor/runtime/health";
import { createHost } from "@netconductor/runtime/host/host";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { createMetrics } from "@netconductor/runtime/metrics";
import { testMaster } from "@netconductor/runtime/testing/master";
import { schedulingService } from "../src/service.ts";

const { TEST_DATABASE_URL: url = "", TEST_PEERS_URL, TEST_BEGAN = "0" } = process.env;
const began = Number(TEST_BEGAN);
const log = createLog({ level: "fatal", destination: { write: (line) => process.stderr.write(line) } });
const peers = TEST_PEERS_URL === undefined ? undefined : [TEST_PEERS_URL];
const host = await createHost({
	services: [schedulingService],
	config: loadConfig({ slices: [], env: {}, cwd: "/" }),
	master: testMaster,
	database: { urls: { scheduling: url }, pool_size: 5 },
	peers: { devices: peers, backup: peers, tasks: peers, auth: peers },
	internal: { host: "127.0.0.1", port: 0 },
	carrier: createInProcessCarrier({ services: [] }),
	openEphemeral: () => createPostgresEphemeral({ url, log }),
	process: {
		id: newId(),
		version: "0.0.0-test",
		data_dir: "/nonexistent",
		stands_on: { database: "external", events: "in this process", live: "PostgreSQL" },
	},
	clock: {
		now: () => new Date(began + (Date.now() - began) * 60),
		elapsed_ms: () => systemClock.elapsed_ms() * 60,
		sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
	},
	log,
	metrics: createMetrics({ process_metrics: false }),
	health: createHealth(),
});
await host.start();
// Ends with the test, whatever becomes of it.
process.on("disconnect", () => process.exit(1));
process.send?.(host.internal_url);
