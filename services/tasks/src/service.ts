import { alertsApi } from "@netconductor/contracts/alerts/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { ListOperations } from "@netconductor/contracts/tasks/model";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { type CallContext, defineService } from "@netconductor/runtime/host/service";
import { workersConfig } from "@netconductor/runtime/runtime-config";
import { afterRestore } from "./after-restore.ts";
import { tryDeviceType } from "./device-types/try-device-type.ts";
import { groupOperations } from "./operations/group-operations.ts";
import { createOperationStore } from "./operations/operation-store.ts";
import { createOutputStore } from "./output/output-store.ts";
import { outputAsText, readOutput } from "./output/read-output.ts";
import { checkSteps, describeStepTypes } from "./procedures/describe.ts";
import { stepTypeHints } from "./procedures/hints.ts";
import { overrideStep } from "./procedures/override-step.ts";
import { getRunProcedure, listRunSteps } from "./procedures/read-procedure.ts";
import { loadStepTypes, type StepTypes } from "./procedures/registry.ts";
import { restartRun } from "./procedures/restart-run.ts";
import { devicesOf, revealProcedure, sealedProcedures, startProcedure } from "./procedures/start-procedure.ts";
import { createUndoStore, sealedUndos } from "./procedures/undo-store.ts";
import { createProgress, drainTopic, progressTopic, runOf, workTopic } from "./progress.ts";
import { breakGlass } from "./runs/break-glass.ts";
import { cancelRun } from "./runs/cancel-run.ts";
import { decideRun } from "./runs/decide-run.ts";
import { createRunDriver } from "./runs/drive-run.ts";
import { followApprovals } from "./runs/follow-approvals.ts";
import { followCalendars } from "./runs/follow-calendars.ts";
import { openInput, sealedInputs } from "./runs/inputs.ts";
import { passGate } from "./runs/pass-gate.ts";
import { pauseRun, resumeRun } from "./runs/pause-run.ts";
import { retryRun } from "./runs/retry-run.ts";
import { hasEnded } from "./runs/run.ts";
import { createRunScope } from "./runs/run-scope.ts";
import { createRunStore } from "./runs/run-store.ts";
import { startRun } from "./runs/start-run.ts";
import { toTask } from "./runs/task.ts";
import { stepTypes } from "./steps/registry.ts";
import type { StepRegistry } from "./steps/step.ts";
import { superviseWorkers } from "./workers/supervise-workers.ts";
import { takeOver } from "./workers/take-over.ts";
import { createWorkerStore, idlePools } from "./workers/worker-store.ts";

/** The service that accepts plans with these steps and procedures with these step types, drives runs and looks after workers. */
export function createTasksService(steps: StepRegistry, loadTypes: () => Promise<StepTypes> = loadStepTypes) {
	return defineService({
		name: "tasks",
		api: tasksApi,
		migrations: new URL("../migrations", import.meta.url),
		after_restore: afterRestore,
		examinations: [idlePools],
		config: workersConfig,
		needs: { alerts: alertsApi, scheduling: schedulingApi, devices: devicesApi },
		starts_before: ["scheduling", "devices"],
		async setup({ db, vault, outbox, ephemeral, clients, config, clock, log, metrics, ownAccount }) {
			const store = createRunStore(db);
			const scope = createRunScope({ db, devices: clients.devices });
			const operations = createOperationStore(db, outbox);
			const output = createOutputStore(db);
			const workers = createWorkerStore(db, (id) => announceChange(ephemeral, "workers", id));
			const progress = createProgress(ephemeral);
			const onChange = progress.run;
			const onReady = (run_id: string) => {
				onChange(run_id);
				void ephemeral.publish(workTopic, {}).catch(() => {});
			};
			const { alerts, scheduling } = clients;
			const pass = passGate({ db, store, alerts, scheduling, ownAccount, clock, onReady, onChange });
			const driver = createRunDriver({ db, outbox, store, clock, log, onChange, passGate: pass });
			const onStarted = (run_id: string) => {
				driver.ring(run_id);
				void ephemeral.publish(workTopic, {}).catch(() => {});
			};
			const start = startRun({ db, outbox, store, onStarted, steps, vault, clock });
			const cancel = cancelRun({ db, store, operations, ephemeral, clock, onChange });
			const retry = retryRun({ db, store, operations, start, vault });
			const pause = pauseRun({ db, store, onChange });
			const resume = resumeRun({ db, store, onChange: onReady });
			const broken = breakGlass({ db, outbox, store, clock, onBroken: onStarted });
			const types = await loadTypes();
			const procedure = startProcedure({ db, outbox, store, types, vault, clock, onStarted });
			const restart = restartRun({ db, store, vault, alerts, ownAccount, clock, start: procedure });
			const undos = createUndoStore({ db, vault, clock });
			const override = overrideStep({
				db,
				store,
				types,
				clock,
				onDecided(run_id) {
					progress.steps(run_id);
					onStarted(run_id);
				},
			});
			const groups = groupOperations(db);
			const decide = decideRun({
				db,
				outbox,
				store,
				clock,
				onDecided(run_id, operation_ids, runs_on) {
					for (const id of operation_ids) progress.operation(run_id, id);
					onChange(run_id);
					if (runs_on) onStarted(run_id);
				},
			});
			const supervision = superviseWorkers({
				workers,
				takeOver: (worker_ids) => takeOver(worker_ids, { db, operations, ephemeral, onRunChanged: onChange }),
				clock,
				log,
				lease_ms: config.lease_ms,
			});
			metrics.gauge({
				name: "operations_open",
				help: "Operations that wait for a worker or run on one",
				labels: ["status"],
				async collect(gauge) {
					const { pending, running } = await workers.stats();
					gauge.set({ status: "pending" }, pending);
					gauge.set({ status: "running" }, running);
				},
			});
			metrics.gauge({
				name: "workers_online",
				help: "Worker processes that hold a lease",
				collect: async (gauge) => gauge.set({}, (await workers.stats()).workers_online),
			});
			let unsubscribe: (() => Promise<void>) | undefined;

			/** What is asked of one run: it has to exist for whom it is asked. */
			function ofRun<C extends CallContext & { params: { id: string } }, Answer>(handle: (call: C) => Promise<Answer>) {
				return async (call: C): Promise<Answer> => {
					await scope.require(call.params.id, call);
					return handle(call);
				};
			}

			/** What was accepted is answered again, also when a device has left since. @throws devices.not_found */
			async function requireNew(key: string, device_ids: readonly string[], call: CallerContext): Promise<void> {
				const isLimited = call.actor.device_groups !== undefined;
				if (isLimited && (await store.idByKey(db, key)) === undefined) await scope.requireDevices(device_ids, call);
			}

			return {
				operations: {
					listRuns: async (call) => store.list(call.query, await scope.of(call)),
					getRun: ofRun(async ({ params }) => store.get(params.id)),
					listOperations: ofRun(async ({ params, query }) => {
						await store.get(params.id);
						return operations.list(params.id, query);
					}),
					listOperationGroups: ofRun(async ({ params, query }) => {
						await store.get(params.id);
						return groups(params.id, query);
					}),
					readOutput: ofRun(async ({ params, query }) => {
						// Read first: what is stored after the end was seen cannot be missed.
						const run = await store.get(params.id);
						const { complete, ...part } = await readOutput(output, params.id, query);
						return { ...part, ended: hasEnded(run.status) && complete };
					}),
					downloadOutput: ofRun(async ({ params, query }) => {
						await store.get(params.id);
						return outputAsText(output, params.id, query);
					}),
					cancelRun: ofRun(async ({ params, actor, note }) => {
						const run = await cancel(params.id, actor);
						note({ resource_type: "run", resource_id: run.id, resource_name: run.title });
						return run;
					}),
					pauseRun: ofRun(async ({ params, actor, note }) => {
						const run = await pause(params.id, actor);
						note({ resource_type: "run", resource_id: run.id, resource_name: run.title });
						return run;
					}),
					resumeRun: ofRun(async ({ params, body, note }) => {
						const run = await resume(params.id, body.until);
						note({ resource_type: "run", resource_id: run.id, resource_name: run.title, after: body });
						return run;
					}),
					async breakGlass({ params, body, actor, note }) {
						const run = await broken(params.id, body.reason, actor);
						note({ resource_type: "run", resource_id: run.id, resource_name: run.title, after: body });
						return run;
					},
					listRunSteps: ofRun(async ({ params, query }) => {
						return listRunSteps(db, await store.get(params.id), query);
					}),
					getRunProcedure: ofRun(async ({ params }) => {
						return getRunProcedure(db, await store.get(params.id));
					}),
					overrideStep: ofRun(async ({ params: { id, step_id }, body, actor, note }) => {
						const step = await override({ run_id: id, step_id }, body, actor);
						note({
							resource_type: "run",
							resource_id: id,
							resource_name: step.path,
							after: { ...body, step: step.key },
						});
						return step;
					}),
					restartRun: ofRun(async ({ params: { id }, body, actor, request_id, note }) => {
						const started = await restart(id, body, actor, request_id);
						note({ resource_type: "run", resource_id: started.run_id, after: { ...body, restarted: id } });
						return started;
					}),
					retryRun: ofRun(async ({ params, actor, request_id, note }) => {
						const started = await retry(params.id, actor, request_id);
						note({ resource_type: "run", resource_id: started.run_id, after: { retry_of: params.id } });
						return started;
					}),
					decideOperation: ofRun(async ({ params: { id, operation_id }, body, actor, note }) => {
						await decide({ run_id: id, operation_id, ...body }, actor);
						const operation = await operations.get(id, operation_id);
						note({
							resource_type: "run",
							resource_id: id,
							resource_name: operation.device_name,
							after: { ...body, operation_id, status: operation.status },
						});
						return operation;
					}),
					decideRun: ofRun(async ({ params: { id }, body, actor, note }) => {
						const decided = await decide({ run_id: id, ...body }, actor);
						const run = await store.get(id);
						note({
							resource_type: "run",
							resource_id: id,
							resource_name: run.title,
							after: { ...body, decided: decided.length, status: run.status },
						});
						return { decided: decided.length, run };
					}),

					async listTasks(call) {
						const { items, next_cursor } = await store.list(call.query, await scope.of(call));
						return { items: items.map(toTask), next_cursor };
					},
					getTask: ofRun(async ({ params }) => toTask(await store.get(params.id))),
					getTaskResult: ofRun(async ({ params, query }) => {
						const run = await store.get(params.id);
						const { page, page_size, q } = query;
						const found = await operations.list(run.id, ListOperations.parse({ page, page_size, q }));
						return {
							task_id: run.id,
							status: run.status,
							counts: run.counts,
							results: found.items,
							page: found.page,
							page_size: found.page_size,
							total: found.total,
						};
					}),
					cancelTask: ofRun(async ({ params, actor, note }) => {
						const run = await cancel(params.id, actor);
						note({ resource_type: "run", resource_id: run.id, resource_name: run.title });
						return toTask(run);
					}),

					listWorkers: ({ query }) => workers.list(query),
					getWorkerStats: () => workers.stats(),
					listQueue: ({ query }) => workers.queue(query),
					async drainWorker({ params: { id }, note }) {
						const worker = await workers.drain(id);
						note({
							resource_type: "worker",
							resource_id: id,
							resource_name: worker.hostname,
							after: { status: worker.status },
						});
						await ephemeral.publish(drainTopic, { worker_id: id }).catch(() => {});
						return worker;
					},

					tryDeviceType: tryDeviceType(),

					async startRun(call) {
						const { body, actor, note } = call;
						const asked = body.plan.targets.map(({ device_id }) => device_id);
						await requireNew(body.idempotency_key, asked, call);
						const started = await start({ ...body, started_by: actor });
						note({ resource_type: "run", resource_id: started.run_id, resource_name: body.plan.title });
						return started;
					},
					async startProcedure(call) {
						const { body, actor, note } = call;
						await requireNew(body.idempotency_key, devicesOf(body.procedure), call);
						const started = await procedure({ ...body, started_by: actor });
						note({ resource_type: "run", resource_id: started.run_id, resource_name: body.procedure.title });
						return started;
					},
					describeStepTypes: async () => ({ types: describeStepTypes(types), hints: [...stepTypeHints] }),
					checkSteps: async ({ body }) => checkSteps(types, body.steps),
					revealProcedure: ({ params, body }) => revealProcedure({ db, vault }, params.id, body.worker_id),
					async keepUndo({ params, body: { worker_id, before, after } }) {
						await undos.keep(params.id, worker_id, { before, after });
						return undefined;
					},
					revealUndo: ({ params, body }) => undos.reveal(params.id, body),
					async revealInput({ params, body }) {
						const sealed = await operations.inputOf(params.id, body);
						return { input: sealed === undefined ? {} : await openInput(vault, sealed) };
					},
					listRunsOfSubjects: async (call) => store.listOfSubjects(call.body, await scope.of(call)),
					listNewestRuns: async (call) => ({ runs: await store.listNewest(call.body, await scope.of(call)) }),
				},

				consumers: { ...followApprovals({ onDecided: onStarted }), ...followCalendars({ onChanged: onStarted }) },
				sealed: [sealedInputs, sealedProcedures, sealedUndos],

				async start() {
					unsubscribe = await ephemeral.subscribe(
						progressTopic,
						(payload) => {
							const run_id = runOf(payload);
							if (run_id !== undefined) driver.ring(run_id);
						},
						driver.ringAll,
					);
					driver.start();
					supervision.start();
				},

				async stop() {
					await unsubscribe?.();
					await supervision.stop();
					await driver.stop();
				},
			};
		},
	});
}

export const tasksService = createTasksService(stepTypes);
