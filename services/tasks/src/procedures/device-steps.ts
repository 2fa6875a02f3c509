import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { areTrue, resolveForEach } from "@netconductor/templating/expressions";
import { type DeviceEnd, type DeviceRunner, type DeviceWork, hasEnded, type ProcedureDevice } from "./device-runner.ts";
import { Elsewhere } from "./ends.ts";
import type { ConductedProcedure, JournalRow, ProcedureStore, StepEnd } from "./procedure-store.ts";
import { pathsOf, poolOf } from "./program.ts";
import { errorOf } from "./server-runner.ts";
import type { StepJournal } from "./step-journal.ts";
import type { DeviceStepType } from "./step-type.ts";
import { together } from "./together.ts";
import type { Variables } from "./variables.ts";

export interface DeviceStepsNeeds {
	procedure: Procedure;
	claimed: ConductedProcedure;
	store: ProcedureStore;
	journal: StepJournal;
	engine: TemplateEngine;
	devices: DeviceRunner;
	/** What every template is told besides variables. */
	facts: Record<string, unknown>;
	cancelled: AbortSignal;
}

export type DeviceSteps = ReturnType<typeof createDeviceSteps>;

/** Carries out the steps of one procedure that are for devices, each with the values that are its own. */
export function createDeviceSteps(needs: DeviceStepsNeeds) {
	const { procedure, claimed, store, journal, engine, facts } = needs;
	const places = new Map(
		[...procedure.steps, ...procedure.rollback].flatMap(pathsOf).map((path, index): [string, number] => [path, index]),
	);

	/** Carries a step out on devices, and on those on which this time of it had begun already. @throws LetGo, Elsewhere */
	async function carryOut(
		step: ProgramStep,
		type: DeviceStepType,
		row: JournalRow,
		{ variables, devices: free, again }: { variables: Variables; devices: readonly ProcedureDevice[]; again: boolean },
	): Promise<StepEnd> {
		const before = again ? await store.operationsOf(claimed.run_id, row.seq) : [];
		// Whatever branches beside it did meanwhile, what has begun is brought to its end.
		const begun = new Set(before.map(({ device_id }) => device_id));
		const left = new Set(free.map(({ device_id }) => device_id));
		const all = procedure.targets.filter(({ device_id }) => begun.has(device_id) || left.has(device_id));
		if (all.length === 0) return { status: "skipped", skip_reason: "No device is left for it" };
		const at = step.path;
		const sets = (devices: readonly ProcedureDevice[]) =>
			devices.map(({ device_id, name, context }) => ({
				key: device_id,
				variables: { ...variables.forDevice(name), device: { id: device_id, name, ...context } },
			}));
		let devices = all;
		const errors = new Map<string, OperationError>();
		if (step.when !== null) {
			const answers = await areTrue(engine, step.when, sets(all), facts, { at: `${at}.when` });
			const isFor = (device_id: string) => begun.has(device_id) || answers.get(device_id)?.value === true;
			for (const [key, { error }] of answers) if (error !== undefined) errors.set(key, errorOf(error));
			devices = all.filter(({ device_id }) => errors.has(device_id) || isFor(device_id));
			if (devices.length === 0) return { status: "skipped", skip_reason: `Not when ${step.when}` };
		}
		let given = sets(devices);
		const own: Record<string, unknown>[] = [];
		if (Object.keys(step.locals).length > 0) {
			const locals = await resolveForEach(engine, step.locals, given, facts, { at });
			given = given.map(({ key, variables: around }) => {
				const found = locals.get(key);
				if (found?.error !== undefined) errors.set(key, errorOf(found.error));
				const values = (found?.value ?? {}) as Record<string, unknown>;
				own.push(values);
				return { key, variables: { ...around, ...values } };
			});
		}
		const secrets = journal.learn(own);
		const params = await resolveForEach(engine, step.with, given, facts, { at });
		const ends = await on(devices, { type, row, step, before }, (device_id) => {
			const error = errors.get(device_id) ?? (params.get(device_id)?.error && errorOf(params.get(device_id)?.error));
			return error === undefined ? { value: params.get(device_id)?.value } : { error };
		});
		const end = together(devices, ends, step.save_to_variable !== null);
		return { ...end, output: { ...end.output, secrets } };
	}

	/**
	 * So many devices at a time: those that this worker reaches, then a worker of another pool goes on with the others.
	 * @throws LetGo, or what the first of them could not go on for, once all that had begun have ended; Elsewhere
	 */
	async function on(
		devices: readonly ProcedureDevice[],
		work: {
			type: DeviceStepType;
			row: JournalRow;
			step: Pick<ProgramStep, "path" | "parallelism" | "retries" | "timeout_s">;
			before: Awaited<ReturnType<ProcedureStore["operationsOf"]>>;
		},
		paramsOf: (device_id: string) => DeviceWork["params"],
	): Promise<Map<string, DeviceEnd>> {
		const { type, row, step } = work;
		const before = new Map(work.before.map((operation) => [operation.device_id, operation]));
		const ends = new Map<string, DeviceEnd>();
		const isElsewhere = (device: ProcedureDevice): boolean => {
			const known = before.get(device.device_id);
			if (needs.cancelled.aborted || (known !== undefined && hasEnded(known, type))) return false;
			return poolOf(device) !== claimed.worker_pool;
		};
		const waiting = [...devices.entries()].filter(([, device]) => !isElsewhere(device));
		let letGo: unknown;
		const lane = async () => {
			for (let next = waiting.shift(); next !== undefined && letGo === undefined; next = waiting.shift()) {
				const [index, device] = next;
				const known = before.get(device.device_id);
				if (needs.cancelled.aborted && known === undefined) continue;
				try {
					const end = await needs.devices.carryOut(device, {
						type,
						params: paramsOf(device.device_id),
						operation: {
							run_id: claimed.run_id,
							position: row.seq * 5_000 + index,
							step_index: places.get(step.path) ?? places.size,
							pass: row.seq,
							step_id: step.path,
							step_type: type.type,
							device_id: device.device_id,
							device_name: device.name,
						},
						before: known,
						retries: step.retries,
						timeout_s: step.timeout_s,
					});
					ends.set(device.device_id, end);
				} catch (error) {
					letGo = error;
				}
			}
		};
		await Promise.all(Array.from({ length: Math.min(step.parallelism, devices.length) }, lane));
		if (letGo !== undefined) throw letGo;
		const [next, ...others] = devices.filter((device) => !ends.has(device.device_id) && isElsewhere(device));
		if (next === undefined) return ends;
		const { state, output } = row;
		const counts = together(
			devices.filter(({ device_id }) => ends.has(device_id)),
			ends,
			false,
		).devices;
		await journal.wait(row, {
			state,
			output,
			waits_for_run: null,
			devices: counts && { ...counts, pending: others.length + 1 },
		});
		throw new Elsewhere(poolOf(next));
	}

	return { carryOut, on };
}
