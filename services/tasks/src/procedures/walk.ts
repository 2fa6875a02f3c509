import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { areTrue, isTrue, resolveForEach, resolveValues } from "@netconductor/templating/expressions";
import type { StepOutput } from "../tables.ts";
import type { DeviceEnd, DeviceRunner, ProcedureDevice } from "./device-runner.ts";
import { LetGo, RollBack, Stopped, Suspended, weightiest } from "./ends.ts";
import type { ClaimedProcedure, NewStep, ProcedureStore, StepEnd, StepRow } from "./procedure-store.ts";
import type { StepTypes } from "./registry.ts";
import { errorOf, runServerStep, type ServerStepNeeds } from "./server-runner.ts";
import type { DeviceStepType, FlowStepType, ProcedureRun, ServerStepType } from "./step-type.ts";
import { createVariables, type Variables } from "./variables.ts";

export interface WalkNeeds extends ServerStepNeeds {
	procedure: Procedure;
	claimed: ClaimedProcedure;
	run: ProcedureRun;
	types: StepTypes;
	store: ProcedureStore;
	/** Steps that have begun, by key. */
	journal: Map<string, StepRow>;
	engine: TemplateEngine;
	devices: DeviceRunner;
	takeBack: DeviceStepType;
	/** Aborts when this worker may not go on. */
	gone: AbortSignal;
	/** Aborts when no further step is to begin here: the worker ends, another goes on. */
	leaving: AbortSignal;
	cancelled: AbortSignal;
	hide<T>(shown: T): T;
	onSteps(): void;
	clock: Clock;
}

export interface Walk {
	/** Carries out the steps. @throws what `ends.ts` says */
	main(): Promise<void>;
	/** Takes back what was changed, then carries out the steps for after that. @throws what `ends.ts` says */
	rollBack(): Promise<void>;
}

/** What a step stands in. */
interface Scope {
	/** Before the keys of its steps. */
	key: string;
	variables: Variables;
	/** Ids of devices; undefined: all of the procedure's. */
	devices: ReadonlySet<string> | undefined;
	phase: NewStep["phase"];
	/** A branch beside it came to an end that ends them all. */
	halted: () => boolean;
}

/** Rounds of a loop that says no bound itself. */
const mostRounds = 1_000;
/** Name of the step that takes back; no document can have it. */
export const takeBackPath = "~rollback";

/**
 * Walks through a procedure from its first step. What the journal says of a step that has ended is taken as it is, so that whoever takes a procedure
 * up after another worker, or after a wait, comes to the same place with the same variables and carries out nothing twice.
 */
export function createWalk(needs: WalkNeeds): Walk {
	const { procedure, claimed, types, store, journal, engine, clock, hide } = needs;
	const stop = AbortSignal.any([needs.gone, needs.cancelled]);
	const places = new Map(
		[...procedure.steps, ...procedure.rollback].flatMap(pathsOf).map((path, index): [string, number] => [path, index]),
	);
	const byId = new Map(procedure.targets.map((device) => [device.device_id, device]));
	const dropped = new Set<string>();
	const facts = {
		run: { id: claimed.run_id, title: claimed.title, reason: procedure.reason, started_by: claimed.starter.name },
	};

	async function walkList(steps: readonly ProgramStep[], scope: Scope): Promise<void> {
		const times = new Map<string, number>();
		for (let at = 0; at < steps.length; ) {
			const step = steps[at] as ProgramStep;
			if (scope.halted()) return;
			const time = (times.get(step.id) ?? 0) + 1;
			times.set(step.id, time);
			const row = await walkStep(step, `${scope.key}${step.id}:${time}`, scope);
			const goto = onward(step, row, scope);
			at = goto === undefined ? at + 1 : steps.findIndex(({ id }) => id === goto);
			if (at < 0) throw new Stopped("failed", `Step ${step.path} goes to ${goto}, which is not in its list`);
		}
	}

	/** Where the procedure goes on after a step; undefined: with the next one. @throws what ends it */
	function onward(step: ProgramStep, row: StepRow, scope: Scope): string | undefined {
		const decided = row.decision?.action;
		const why = `Step ${nameOf(step)} failed${row.error === null ? "" : `: ${row.error.message}`}`;
		if (row.status === "unknown") throw new Stopped("unknown", why);
		if (row.status === "cancelled") throw new Stopped("cancelled", "It was cancelled");
		if (row.status === "skipped") return undefined;
		if (row.status === "succeeded") {
			if (typeof step.on_success === "object") return step.on_success.goto;
			if (step.on_success === "stop") throw new Stopped("succeeded", `Step ${nameOf(step)} ended the procedure`);
			return undefined;
		}
		const action = decided === undefined || decided === "retry" || decided === "succeed" ? step.on_failure : decided;
		if (typeof action === "object") return action.goto;
		switch (action) {
			case "continue":
				return undefined;
			case "drop_devices": {
				for (const device_id of row.output?.failed_devices ?? []) dropped.add(device_id);
				const left = devicesOf(step, scope).length;
				if (left === 0) throw new Stopped("failed", `${why}. No device is left`);
				return undefined;
			}
			case "rollback":
				if (scope.phase === "main") throw new RollBack(why);
				throw new Stopped("failed", why);
			default:
				throw new Stopped("failed", why);
		}
	}

	async function walkStep(step: ProgramStep, key: string, scope: Scope): Promise<StepRow> {
		const type = types.get(step.type);
		if (type === undefined) throw new Stopped("failed", `This worker does not know the step type ${step.type}`);
		const known = journal.get(key);
		if (type.runs_on === "flow") return walkFlow(step, type, key, scope);
		if (known !== undefined && isOver(known)) {
			if (known.asks) throw asking(known);
			if (known.saved_variable !== null && known.output !== null && known.status === "succeeded") {
				scope.variables.save(known.saved_variable, known.output);
			}
			return known;
		}
		const waited = known?.status === "waiting" ? known : undefined;
		const row = waited ?? (await begin(step, key, scope, known));
		const end =
			type.runs_on === "server"
				? await onServer(step, type, row, scope)
				: await onDevices(step, type, row, scope, known !== undefined);
		return finish(step, row, end, scope);
	}

	async function begin(
		step: Pick<ProgramStep, "path" | "name" | "type">,
		key: string,
		{ phase }: Scope,
		again: StepRow | undefined,
		flow = false,
	): Promise<StepRow> {
		if (again === undefined && journal.size >= procedure.max_steps) {
			const most = `${procedure.max_steps} steps`;
			throw new Stopped(
				"failed",
				`It was to carry out more than ${most} (\`settings.max_steps\`). Is there a loop without an end?`,
			);
		}
		if (needs.gone.aborted) throw new LetGo();
		const now = clock.now();
		if (needs.leaving.aborted) throw new Suspended({ wake_at: now, waits_for_run: null, waiting_for: null });
		const { path, name, type } = step;
		const begun = await store.beginStep(claimed, { key, path, name, type, phase, flow }, again);
		if ("refused" in begun) {
			if (begun.refused === "gone") throw new LetGo();
			if (begun.refused === "cancelled") throw new Stopped("cancelled", "It was cancelled");
			const since = now.toISOString();
			const waiting_for =
				begun.refused === "paused"
					? { kind: "resume" as const, paused_by: null, since }
					: { kind: "next_step" as const, step: path, since };
			throw new Suspended({ wake_at: null, waits_for_run: null, waiting_for });
		}
		const row: StepRow = {
			...(again ?? empty),
			id: begun.id,
			run_id: claimed.run_id,
			seq: begun.seq,
			key,
			path,
			name,
			type,
			phase,
			status: "running",
			attempts: (again?.attempts ?? 0) + 1,
			started_at: now.toISOString(),
		};
		journal.set(key, row);
		needs.onSteps();
		return row;
	}

	async function finish(step: ProgramStep, row: StepRow, end: StepEnd, scope: Scope): Promise<StepRow> {
		const asks = end.status === "failed" && step.on_failure === "ask";
		const saves = end.status === "succeeded" && step.save_to_variable !== null && end.output != null;
		const shown = {
			...end,
			result: hide(end.result ?? null),
			error: hide(end.error ?? null),
			skip_reason: hide(end.skip_reason ?? null),
			saved_variable: saves ? step.save_to_variable : null,
			asks,
		};
		if (!(await store.finishStep(claimed, row.id, shown))) throw new LetGo();
		const ended: StepRow = {
			...row,
			...shown,
			devices: end.devices ?? null,
			output: end.output ?? row.output,
			state: null,
		};
		journal.set(row.key, ended);
		needs.onSteps();
		if (asks) throw asking(ended);
		if (saves && end.output) scope.variables.save(step.save_to_variable as string, end.output);
		return ended;
	}

	async function onServer(step: ProgramStep, type: ServerStepType, row: StepRow, scope: Scope): Promise<StepEnd> {
		const { variables } = scope;
		const at = step.path;
		let seen = { ...variables.forAll(), ...facts };
		let given: unknown;
		try {
			if (row.state === null && step.when !== null && !(await isTrue(engine, step.when, seen, { at: `${at}.when` }))) {
				return { status: "skipped", skip_reason: `Not when ${step.when}` };
			}
			const locals = await resolveValues(engine, step.locals, seen, { at });
			seen = { ...seen, ...(locals as Record<string, unknown>) };
			given = await resolveValues(engine, step.with, seen, { at });
		} catch (error) {
			return { status: "failed", error: errorOf(error) };
		}
		const end = await runServerStep(needs, {
			step: { id: step.id, path: step.path, key: keyOutside(row), name: step.name },
			type,
			given,
			state: row.state ?? undefined,
			retries: step.retries,
			timeout_s: step.timeout_s,
			started_at: new Date(row.started_at ?? clock.now()),
			devices: devicesOf(step, scope),
			isTrue: (expression) => isTrue(engine, expression, { ...seen, ...variables.forAll() }),
			stop,
		});
		if (needs.gone.aborted) throw new LetGo();
		if ("wait" in end) {
			const { state, until, waiting_for } = end.wait;
			if (!(await store.finishStep(claimed, row.id, { status: "waiting", state }))) throw new LetGo();
			journal.set(row.key, { ...row, status: "waiting", state });
			needs.onSteps();
			const since = row.started_at ?? clock.now().toISOString();
			throw new Suspended({
				wake_at: until ?? null,
				waits_for_run: waiting_for.kind === "run" ? waiting_for.run_id : null,
				waiting_for: { step: step.path, ...waiting_for, since } as Suspended["wait"]["waiting_for"],
			});
		}
		if (needs.cancelled.aborted && end.error !== undefined) return { status: "cancelled", result: end.result };
		if (end.error !== undefined) return { status: "failed", result: end.result, error: end.error };
		return { status: "succeeded", result: end.result, output: { value: end.result } };
	}

	/** Names what a step asks of others, so that it is not asked for twice: the same after a crash, another where a person has it done again. */
	function keyOutside({ carried_from, key, decision }: StepRow): string {
		const again = decision?.action === "retry" ? `@${decision.at}` : "";
		return `${carried_from ?? claimed.run_id}/${key}${again}`;
	}

	function devicesOf(step: Pick<ProgramStep, "targets">, scope: Scope): ProcedureDevice[] {
		const wanted = step.targets === null ? scope.devices : new Set(step.targets);
		return procedure.targets.filter(
			({ device_id }) => (wanted === undefined || wanted.has(device_id)) && !dropped.has(device_id),
		);
	}

	async function onDevices(
		step: ProgramStep,
		type: DeviceStepType,
		row: StepRow,
		scope: Scope,
		again: boolean,
	): Promise<StepEnd> {
		const all = devicesOf(step, scope);
		if (all.length === 0) return { status: "skipped", skip_reason: "No device is left for it" };
		const at = step.path;
		const sets = (devices: readonly ProcedureDevice[]) =>
			devices.map(({ device_id, name, context }) => ({
				key: device_id,
				variables: { ...scope.variables.forDevice(name), device: { id: device_id, name, ...context } },
			}));
		let devices = all;
		const errors = new Map<string, OperationError>();
		if (step.when !== null) {
			const answers = await areTrue(engine, step.when, sets(all), facts, { at: `${at}.when` });
			for (const [key, { error }] of answers) if (error !== undefined) errors.set(key, errorOf(error));
			devices = all.filter(({ device_id }) => errors.has(device_id) || answers.get(device_id)?.value === true);
			if (devices.length === 0) return { status: "skipped", skip_reason: `Not when ${step.when}` };
		}
		let given = sets(devices);
		if (Object.keys(step.locals).length > 0) {
			const locals = await resolveForEach(engine, step.locals, given, facts, { at });
			given = given.map(({ key, variables }) => {
				const found = locals.get(key);
				if (found?.error !== undefined) errors.set(key, errorOf(found.error));
				return { key, variables: { ...variables, ...(found?.value as Record<string, unknown> | undefined) } };
			});
		}
		const params = await resolveForEach(engine, step.with, given, facts, { at });
		const before = again ? await store.operationsOf(claimed.run_id, row.seq) : [];
		return runOn(devices, { type, row, step, before }, (device_id) => {
			const error = errors.get(device_id) ?? (params.get(device_id)?.error && errorOf(params.get(device_id)?.error));
			return error === undefined ? { value: params.get(device_id)?.value } : { error };
		});
	}

	async function runOn(
		devices: readonly ProcedureDevice[],
		work: {
			type: DeviceStepType;
			row: StepRow;
			step: Pick<ProgramStep, "path" | "parallelism" | "retries" | "timeout_s" | "save_to_variable">;
			before: Awaited<ReturnType<ProcedureStore["operationsOf"]>>;
		},
		paramsOf: (
			device_id: string,
		) => { value: unknown; error?: undefined } | { value?: undefined; error: OperationError },
	): Promise<StepEnd> {
		const { type, row, step, before } = work;
		const ends = new Map<string, DeviceEnd>();
		const waiting = [...devices.entries()];
		let letGo: unknown;
		const lane = async () => {
			for (let next = waiting.shift(); next !== undefined && letGo === undefined; next = waiting.shift()) {
				const [index, device] = next;
				const known = before.find(({ device_id }) => device_id === device.device_id);
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
		return together(devices, ends, step.save_to_variable !== null);
	}

	async function walkFlow(step: ProgramStep, type: FlowStepType, key: string, scope: Scope): Promise<StepRow> {
		const { variables } = scope;
		const known = journal.get(key);
		if (known?.asks) throw asking(known);
		const over = known !== undefined && isOver(known);
		if (known?.status === "skipped") return known;
		const row = known !== undefined && known.status !== "pending" ? known : await begin(step, key, scope, known, true);
		const settle = async (end: StepEnd): Promise<StepRow> => {
			// A person's decision on it outweighs what it came to.
			if (over && known.decision !== null) return known;
			if (over && known.status === end.status) {
				if (end.output && known.saved_variable !== null) variables.save(known.saved_variable, end.output);
				return known;
			}
			return finish(step, row, end, scope);
		};
		const seen = { ...variables.forAll(), ...facts };
		try {
			if (step.when !== null && !(await isTrue(engine, step.when, seen, { at: `${step.path}.when` }))) {
				return await settle({ status: "skipped", skip_reason: `Not when ${step.when}` });
			}
		} catch (error) {
			return settle({ status: "failed", error: errorOf(error) });
		}
		try {
			const output = await within(step, type, { ...scope, key: `${key}/` }, seen);
			return await settle({ status: "succeeded", ...output });
		} catch (end) {
			if (end instanceof Stopped && end.status === "failed") {
				return settle({ status: "failed", error: { code: "procedure.step_failed", message: end.message } });
			}
			if (end instanceof RollBack || (end instanceof Stopped && end.status === "unknown")) {
				await settle({ status: "failed", error: { code: "procedure.step_failed", message: end.message } }).catch(
					() => {},
				);
			} else if (end instanceof Stopped && !over) {
				await store.finishStep(claimed, row.id, { status: end.status === "succeeded" ? "succeeded" : "cancelled" });
			}
			if (!isEnd(end)) return settle({ status: "failed", error: errorOf(end) });
			throw end;
		}
	}

	/** Carries out what stands in a step. */
	async function within(
		step: ProgramStep,
		{ type, params: schema, own_templates = [] }: FlowStepType,
		scope: Scope,
		seen: Record<string, unknown>,
	): Promise<Pick<StepEnd, "result" | "output">> {
		const { variables } = scope;
		const devices = step.targets === null ? scope.devices : new Set(step.targets);
		const at = step.path;
		const own = new Set<string>(own_templates);
		const evaluated = Object.fromEntries(Object.entries(step.with).filter(([name]) => !own.has(name)));
		const raw = Object.fromEntries(Object.entries(step.with).filter(([name]) => own.has(name)));
		const params = schema.parse({
			...((await resolveValues(engine, evaluated, seen, { at })) as Record<string, unknown>),
			...raw,
		}) as Record<string, unknown>;
		const block = (name: string) => step.blocks.filter((found) => found.name === name);
		switch (type) {
			case "parallel": {
				let over = false;
				const halted = () => over || scope.halted();
				const branches = block("branches").map(({ steps }, index) =>
					walkList(steps, { ...scope, devices, halted, key: `${scope.key}${index + 1}/` }).catch((end: unknown) => {
						// A branch that only waits leaves the others their way.
						if (!(end instanceof Suspended)) over = true;
						throw end;
					}),
				);
				const ends = await Promise.allSettled(branches);
				const thrown = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
				if (thrown.length > 0) throw weightiest(thrown);
				return { result: { branches: branches.length } };
			}
			case "condition": {
				const holds = await isTrue(engine, String(params.if), seen, { at: `${at}.if` });
				const chosen = block(holds ? "then" : "else")[0];
				if (chosen !== undefined)
					await walkList(chosen.steps, { ...scope, devices, key: `${scope.key}${chosen.name}/` });
				return { result: { condition: holds } };
			}
			case "loop":
				return { result: { rounds: await loop(step, params, { ...scope, devices }) } };
			case "run_mop": {
				const locals = (await resolveValues(engine, step.locals, seen, { at })) as Record<string, unknown>;
				const inner = variables.procedure(locals);
				for (const { steps } of step.blocks) await walkList(steps, { ...scope, devices, variables: inner });
				return { result: { mop: params.mop ?? null }, output: { value: inner.saved() } };
			}
			case "rollback":
				throw new RollBack(String(params.reason ?? "") || `Step ${nameOf(step)} takes back what was changed`);
			default:
				throw new Stopped("failed", `Nobody knows how to carry out ${type}`);
		}
	}

	async function loop(step: ProgramStep, params: Record<string, unknown>, scope: Scope): Promise<number> {
		const { variables } = scope;
		const as = String(params.as ?? "item");
		const most = typeof params.max === "number" ? params.max : mostRounds;
		const items = Array.isArray(params.items)
			? params.items
			: typeof params.count === "number"
				? Array.from({ length: params.count }, (_, index) => index)
				: undefined;
		const goesOn = (round: number) =>
			items !== undefined
				? Promise.resolve(round < items.length)
				: isTrue(engine, String(params.while), { ...variables.forAll(), ...facts }, { at: `${step.path}.while` });
		let round = 0;
		for (; await goesOn(round); round++) {
			if (round >= most)
				throw new Stopped(
					"failed",
					`The loop ${nameOf(step)} went round ${most} times, which is the most it may (\`max\`)`,
				);
			const last = items !== undefined && round === items.length - 1;
			const counted = { index: round + 1, index0: round, first: round === 0, last };
			const inner = variables.within({ ...(items !== undefined && { [as]: items[round] }), loop: counted });
			for (const { steps } of step.blocks) {
				await walkList(steps, { ...scope, variables: inner, key: `${scope.key}${round + 1}/` });
			}
		}
		return round;
	}

	/** What each device has to be taken back to is kept before the first is: taken up again, it is the same. */
	async function takeBack(): Promise<void> {
		const step = {
			path: takeBackPath,
			name: "Take back what was changed",
			type: needs.takeBack.type,
			parallelism: 20,
			retries: { count: 5, delay_s: 2, backoff: 2 },
			timeout_s: null,
			save_to_variable: null,
		};
		const scope: Scope = {
			key: "",
			variables: createVariables({}),
			devices: undefined,
			phase: "rollback",
			halted: () => false,
		};
		const key = `${takeBackPath}:1`;
		const known = journal.get(key);
		if (known === undefined || !isOver(known)) {
			const row = await begin(step, key, scope, known);
			const undos =
				(known?.output?.evaluated as { operation_id: string; device_id: string }[] | undefined) ??
				(await store.undosOf(claimed.run_id));
			const output: StepOutput = { evaluated: undos };
			await store.keepOutput(row.id, output);
			const devices = [...byId.values()].filter(({ device_id }) => undos.some((undo) => undo.device_id === device_id));
			const of = (id: string) =>
				undos.flatMap(({ operation_id, device_id }) => (device_id === id ? [operation_id] : []));
			const before = known === undefined ? [] : await store.operationsOf(claimed.run_id, row.seq);
			const end: StepEnd =
				devices.length === 0
					? { status: "skipped", skip_reason: "Nothing was changed" }
					: await runOn(devices, { type: needs.takeBack, row, step, before }, (id) => ({
							value: { operation_ids: of(id) },
						}));
			const left = new Set(end.output?.failed_devices ?? []);
			await store.markTakenBack(
				undos.flatMap(({ operation_id, device_id }) => (left.has(device_id) ? [] : [operation_id])),
			);
			const shown = { ...end, error: hide(end.error ?? null) };
			if (!(await store.finishStep(claimed, row.id, shown))) throw new LetGo();
			journal.set(key, {
				...row,
				...shown,
				result: end.result ?? null,
				skip_reason: end.skip_reason ?? null,
				devices: end.devices ?? null,
				output: { ...output, ...end.output },
			});
			needs.onSteps();
		}
		const ended = journal.get(key);
		if (ended?.status === "unknown")
			throw new Stopped("unknown", "What was changed could not be taken back everywhere");
		if (ended?.status === "cancelled")
			throw new Stopped("cancelled", "It was cancelled while it took back what was changed");
		if (ended?.status === "failed")
			throw new Stopped(
				"unknown",
				`What was changed could not be taken back everywhere: ${ended.error?.message ?? ""}`,
			);
	}

	const variables = createVariables(procedure.variables);
	return {
		main: () =>
			walkList(procedure.steps, { key: "", variables, devices: undefined, phase: "main", halted: () => false }),
		async rollBack() {
			await takeBack();
			dropped.clear();
			await walkList(procedure.rollback, {
				key: "rollback/",
				variables,
				devices: undefined,
				phase: "rollback",
				halted: () => false,
			});
		},
	};
}

const empty = {
	devices: null,
	result: null,
	error: null,
	skip_reason: null,
	saved_variable: null,
	output: null,
	state: null,
	asks: false,
	decision: null,
	carried_from: null,
	finished_at: null,
};

/** Paths of a step and of all in it, in the order of the document. */
export function pathsOf(step: ProgramStep): string[] {
	return [step.path, ...step.blocks.flatMap(({ steps }) => steps.flatMap(pathsOf))];
}

function isOver({ status }: StepRow): boolean {
	return status !== "running" && status !== "waiting" && status !== "pending";
}

function isEnd(thrown: unknown): boolean {
	return [Stopped, RollBack, Suspended, LetGo].some((kind) => thrown instanceof kind);
}

function nameOf({ name, path }: Pick<ProgramStep, "name" | "path">): string {
	return name === null ? path : `${name} (${path})`;
}

function asking({ path, error, finished_at }: StepRow): Suspended {
	const since = finished_at ?? new Date().toISOString();
	const message = error?.message ?? "The step failed";
	return new Suspended({
		wake_at: null,
		waits_for_run: null,
		waiting_for: { kind: "decision", step: path, message, since },
	});
}

/** What a step came to on all its devices. */
function together(devices: readonly ProcedureDevice[], ends: ReadonlyMap<string, DeviceEnd>, saves: boolean): StepEnd {
	const counts: Partial<Record<DeviceEnd["status"], number>> = {};
	for (const { status } of ends.values()) counts[status] = (counts[status] ?? 0) + 1;
	const left_out = devices.length - ends.size;
	if (left_out > 0) counts.cancelled = (counts.cancelled ?? 0) + left_out;
	const status =
		(["unknown", "cancelled", "failed", "succeeded"] as const).find((one) => (counts[one] ?? 0) > 0) ?? "skipped";
	const failing = devices.filter(({ device_id }) => ["failed", "unknown"].includes(ends.get(device_id)?.status ?? ""));
	const first = failing[0];
	const error = first === undefined ? undefined : ends.get(first.device_id)?.error;
	const others = failing.length > 1 ? ` (and on ${failing.length - 1} more)` : "";
	const value = saves
		? Object.fromEntries(
				devices.flatMap(({ device_id, name }) => {
					const end = ends.get(device_id);
					return end?.status === "succeeded" ? [[name, end.result]] : [];
				}),
			)
		: undefined;
	const skipped = status === "skipped" ? [...ends.values()][0]?.skip_reason : undefined;
	return {
		status,
		devices: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0, ...counts },
		...(error && { error: { ...error, message: `${first?.name}: ${error.message}${others}` } }),
		...(skipped && { skip_reason: skipped }),
		output: {
			...(saves && { value, per_device: true }),
			failed_devices: failing.map(({ device_id }) => device_id),
		},
	};
}
