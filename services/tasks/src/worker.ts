import thisProcess from "node:process";
import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { workerApi } from "@netconductor/contracts/tasks/worker-api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { workersConfig } from "@netconductor/runtime/runtime-config";
import { createDeviceAccess } from "./operations/device-access.ts";
import { executeOperation } from "./operations/execute-operation.ts";
import { createOperationStore } from "./operations/operation-store.ts";
import { createOutputStore } from "./output/output-store.ts";
import { createOutputWriter } from "./output/output-writer.ts";
import { createProgress } from "./progress.ts";
import { stepTypes } from "./steps/registry.ts";
import type { StepRegistry } from "./steps/step.ts";
import { createWorker } from "./workers/run-worker.ts";
import { takeOver } from "./workers/take-over.ts";
import { createWorkerStore } from "./workers/worker-store.ts";

/** A worker that knows these step types. It shares the schema of `tasks`, and needs a process to itself. */
export function createWorkerService(steps: StepRegistry) {
	return defineService({
		name: "worker",
		api: workerApi,
		schema: "tasks",
		config: workersConfig,
		needs: { devices: devicesApi, backup: backupApi, tasks: tasksApi },
		async setup({ db, outbox, ephemeral, clients, config, clock, log, ownAccount, process }) {
			const operations = createOperationStore(db, outbox);
			const progress = createProgress(ephemeral);
			const output = createOutputWriter({
				store: createOutputStore(db),
				clock,
				log,
				onStored: progress.output,
			});
			const access = createDeviceAccess({ devices: clients.devices, ownAccount, clock, log });
			const execute = executeOperation({
				store: operations,
				steps,
				output,
				access,
				backup: clients.backup,
				tasks: clients.tasks,
				ownAccount,
				clock,
				log,
				onChange: progress.operation,
			});
			const worker = createWorker({
				workers: createWorkerStore(db, (id) => announceChange(ephemeral, "workers", id)),
				operations,
				execute,
				takeOver: (worker_ids) => takeOver(worker_ids, { db, operations, ephemeral, onRunChanged: progress.run }),
				ephemeral,
				clock,
				log,
				settings: config,
				version: process.version,
				// As whoever started the process would end it. One of the server's is replaced; so is one under a service manager.
				onDrained: () => void thisProcess.kill(thisProcess.pid, "SIGTERM"),
			});
			return { operations: {}, start: worker.start, stop: worker.stop };
		},
	});
}

export const workerService = createWorkerService(stepTypes);
