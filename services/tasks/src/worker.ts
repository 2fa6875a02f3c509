import thisProcess from "node:process";
import { alertsApi } from "@netconductor/contracts/alerts/api";
import { backupApi } from "@netconductor/contracts/backup/api";
import { configApi } from "@netconductor/contracts/config/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { workerApi } from "@netconductor/contracts/tasks/worker-api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { workersConfig } from "@netconductor/runtime/runtime-config";
import { createTemplateEngine } from "@netconductor/templating/engine";
import { createDeviceAccess } from "./operations/device-access.ts";
import { executeOperation } from "./operations/execute-operation.ts";
import { createOperationStore } from "./operations/operation-store.ts";
import { createOutputStore } from "./output/output-store.ts";
import { createOutputWriter } from "./output/output-writer.ts";
import { conduct } from "./procedures/conduct.ts";
import { createProcedureStore } from "./procedures/procedure-store.ts";
import { loadStepTypes, type StepTypes } from "./procedures/registry.ts";
import { takeBack } from "./procedures/take-back.ts";
import { createProgress, workTopic } from "./progress.ts";
import { stepTypes } from "./steps/registry.ts";
import type { StepRegistry } from "./steps/step.ts";
import { rehome } from "./workers/rehome.ts";
import { createWorker } from "./workers/run-worker.ts";
import { takeOver } from "./workers/take-over.ts";
import { createWorkerStore } from "./workers/worker-store.ts";

/** A worker that knows these steps and step types. It shares the schema of `tasks`, and needs a process to itself. */
export function createWorkerService(steps: StepRegistry, loadTypes: () => Promise<StepTypes> = loadStepTypes) {
	return defineService({
		name: "worker",
		api: workerApi,
		schema: "tasks",
		config: workersConfig,
		needs: {
			devices: devicesApi,
			backup: backupApi,
			tasks: tasksApi,
			config: configApi,
			alerts: alertsApi,
			scheduling: schedulingApi,
		},
		async setup({ db, outbox, ephemeral, clients, config, clock, log, ownAccount, outbound, process }) {
			const operations = createOperationStore(db, outbox);
			const progress = createProgress(ephemeral);
			const onMoved = () => void ephemeral.publish(workTopic, {}).catch(() => {});
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
				onMoved,
			});
			const procedures = createProcedureStore(db, outbox);
			const engine = createTemplateEngine({ threads: 1 });
			const conductOne = conduct({
				store: procedures,
				types: await loadTypes(),
				takeBack,
				engine,
				output,
				access,
				outbound,
				clients,
				ownAccount,
				clock,
				log,
				onOperation: progress.operation,
				onRun: progress.run,
				onSteps: progress.steps,
				onMoved,
			});
			const worker = createWorker({
				workers: createWorkerStore(db, (id) => announceChange(ephemeral, "workers", id)),
				operations,
				execute,
				procedures,
				conduct: conductOne,
				takeOver: (worker_ids) => takeOver(worker_ids, { db, operations, ephemeral, onRunChanged: progress.run }),
				rehome: rehome({ db, devices: clients.devices, ownAccount, onMoved }),
				ephemeral,
				clock,
				log,
				settings: config,
				version: process.version,
				// As whoever started the process would end it. One of the server's is replaced; so is one under a service manager.
				onDrained: () => void thisProcess.kill(thisProcess.pid, "SIGTERM"),
			});
			return {
				operations: {},
				start: worker.start,
				async stop() {
					await worker.stop();
					await engine.close();
				},
			};
		},
	});
}

export const workerService = createWorkerService(stepTypes);
