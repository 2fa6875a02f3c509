import type { OperationError } from "@netconductor/contracts/tasks/model";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import type { Clock } from "@netconductor/runtime/clock";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { areTrue, isTrue, resolveForEach, resolveValues } from "@netconductor/templating/expressions";
import type { StepOutput } from "../tables.ts";
import { badParameters, type DeviceEnd, type DeviceRunner, isBadInput, type ProcedureDevice } from "./device-runner.ts";
import { Halted, LetGo, RollBack, Stopped, Suspended, weightiest } from "./ends.ts";
import type { Hide } from "./hide-secrets.ts";
import type { ConductedProcedure, JournalRow, NewStep, ProcedureStore, StepEnd } from "./procedure-store.ts";
import { readParams } from "./read-params.ts";
import type { StepTypes } from "./registry.ts";
import { errorOf, runServerStep, type ServerStepNeeds, type Tries } from "./server-runner.ts";
import type { DeviceStepType, FlowStepType, ProcedureRun, ServerStepType } from "./step-type.ts";
import { createVariables, type Variables } from "./variables.ts";

export interface WalkNeeds extends ServerStepNeeds {
	procedure: Procedure;
	claimed: ConductedProcedure;
	run: ProcedureRun;
	types: StepTypes;
	store: ProcedureStore;
	/** Steps that have begun, by key. */
	journal: Map<string, JournalRow>;
	engine: TemplateEngine;
	devices: DeviceRunner;
	takeBack: DeviceStepType;
	/** Aborts when this worker may not go on. */
	gone: AbortSignal;
	/** Aborts when no further step is to begin here: the worker ends, another goes on. */
	leaving: AbortSignal;
	cancelled: AbortSignal;
	hide: Hide;
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
	/** What it stands in has ended: what has been is walked through for its variables, nothing is carried out. */
	closed: boolean;
}

/** An evaluation that a step with others in it begins with went wrong. */
class Faulty extends Error {
	readonly error: OperationError;
	constructor(error: OperationError) {
		super(error.message);
		this.error = error;
	}
}

/** What was evaluated once in a step with others in it. */
interface Kept {
	/** Parameters with their values. */
	given?: Record<string, unknown>;
	/** Of a condition. */
	holds?: boolean;
	/** Of a loop that goes on while something holds: rounds that have begun, and whether there is no other. */
	rounds?: number;
	over?: boolean;
}

/** @throws Faulty */
async function evaluated<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw new Faulty(isBadInput(error) ? badParameters(error) : errorOf(error));
	}
}

function stepFailed({ message }: Error): OperationError {
	return { code: "procedure.step_failed", message };
}

/** Longest list of items that the journal keeps, as JSON. */
const longestItems = 1_000_000;

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
	const dropped = new Set<string>();
	const secret = new Set(procedure.secret_variables);
	for (const { saved_variable, output } of journal.values()) {
		learn({ ...(saved_variable !== null && { [saved_variable]: output?.value }) });
		hide.add(output?.secrets ?? []);
	}
	const facts = {
		run: { id: claimed.run_id, title: claimed.title, reason: procedure.reason, started_by: claimed.starter.name },
	};

	/** Variables that have come by their values: what is declared secret among them is hidden from now on. Answers that. */
	function learn(values: Readonly<Record<string, unknown>>): unknown[] {
		const found = Object.entries(values).flatMap(([name, value]) => (secret.has(name) ? [value] : []));
		hide.add(found);
		return found;
	}

	async function walkList(steps: readonly ProgramStep[], scope: Scope): Promise<void> {
		const times = new Map<string, number>();
		for (let at = 0; at < steps.length; ) {
			const step = steps[at] as ProgramStep;
			const time = (times.get(step.id) ?? 0) + 1;
			times.set(step.id, time);
			const key = `${scope.key}${step.id}:${time}`;
			if ((scope.closed || scope.halted()) && !hasBeen(step, key)) throw new Halted();
			const row = await walkStep(step, key, scope);
			const goto = onward(step, row, scope);
			at = goto === undefined ? at + 1 : steps.findIndex(({ id }) => id === goto);
			if (at < 0) throw new Stopped("failed", `Step ${step.path} goes to ${goto}, which is not in its list`);
		}
	}

	function hasBeen(step: ProgramStep, key: string): boolean {
		const known = journal.get(key);
		return known !== undefined && (isOver(known) || types.get(step.type)?.runs_on === "flow");
	}

	/** Where the procedure goes on after a step; undefined: with the next one. @throws what ends it */
	function onward(step: ProgramStep, row: JournalRow, scope: Scope): string | undefined {
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
				for (const device_id of failedDevicesOf(row)) dropped.add(device_id);
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

	/** Of a step that has others in it, those of them. */
	function failedDevicesOf({ key, output }: JournalRow): string[] {
		const within = [...journal.values()].filter((row) => row.key.startsWith(`${key}/`) && row.status === "failed");
		return [output, ...within.map((row) => row.output)].flatMap((one) => one?.failed_devices ?? []);
	}

	async function walkStep(step: ProgramStep, key: string, scope: Scope): Promise<JournalRow> {
		const type = types.get(step.type);
		if (type === undefined) throw new Stopped("failed", `This worker does not know the step type ${step.type}`);
		const known = journal.get(key);
		if (type.runs_on === "flow") return walkFlow(step, type, key, scope);
		if (known !== undefined && isOver(known)) {
			if (known.asks && !scope.closed) throw asking(known);
			saveAgain(known, scope);
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

	function saveAgain({ status, saved_variable, output, seq }: JournalRow, { variables }: Scope): void {
		if (status === "succeeded" && saved_variable !== null && output !== null) {
			variables.save(saved_variable, output, seq);
		}
	}

	async function begin(
		step: Pick<ProgramStep, "path" | "name" | "type">,
		key: string,
		{ phase }: Scope,
		again: JournalRow | undefined,
		flow = false,
	): Promise<JournalRow> {
		// Taking back is never one step too many.
		const many = [...journal.values()].filter((row) => row.phase === phase).length;
		if (again === undefined && step.path !== takeBackPath && many >= procedure.max_steps) {
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
		const row: JournalRow = {
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

	async function finish(step: ProgramStep, row: JournalRow, end: StepEnd, scope: Scope): Promise<JournalRow> {
		const asks = end.status === "failed" && step.on_failure === "ask";
		const saves = end.status === "succeeded" && step.save_to_variable !== null && end.output != null;
		if (saves) learn({ [step.save_to_variable ?? ""]: end.output?.value });
		const shown = {
			...end,
			result: hide(end.result ?? null),
			error: hide(end.error ?? null),
			skip_reason: hide(end.skip_reason ?? null),
			saved_variable: saves ? step.save_to_variable : null,
			asks,
		};
		if (!(await store.finishStep(claimed, row, shown))) throw new LetGo();
		const ended: JournalRow = {
			...row,
			...shown,
			devices: end.devices ?? null,
			output: end.output ?? row.output,
			state: null,
			waits_for_run: null,
		};
		journal.set(row.key, ended);
		needs.onSteps();
		if (asks) throw asking(ended);
		saveAgain(ended, scope);
		return ended;
	}

	async function onServer(step: ProgramStep, type: ServerStepType, row: JournalRow, scope: Scope): Promise<StepEnd> {
		const { variables } = scope;
		const at = step.path;
		let seen = { ...variables.forAll(), ...facts };
		let given: unknown;
		let secrets: unknown[] = [];
		try {
			if (row.state === null && step.when !== null && !(await isTrue(engine, step.when, seen, { at: `${at}.when` }))) {
				return { status: "skipped", skip_reason: `Not when ${step.when}` };
			}
			const locals = (await resolveValues(engine, step.locals, seen, { at })) as Record<string, unknown>;
			secrets = learn(locals);
			seen = { ...seen, ...locals };
			const { given: mixed, raw } = apart(step.with, type.own_templates);
			given = { ...((await resolveValues(engine, mixed, seen, { at })) as Record<string, unknown>), ...raw };
		} catch (error) {
			return { status: "failed", error: errorOf(error), output: { secrets } };
		}
		const end = await runServerStep(needs, {
			step: { id: step.id, path: step.path, key: keyOutside(row), name: step.name },
			type,
			given,
			state: row.state ?? undefined,
			tries: (row.output?.evaluated as Tries | undefined) ?? { tried: 0, anew: 0 },
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
			const output: StepOutput = { evaluated: end.tries, secrets };
			const waits_for_run = waiting_for.kind === "run" ? waiting_for.run_id : null;
			const waits = { status: "waiting" as const, state, output, waits_for_run };
			if (!(await store.finishStep(claimed, row, waits))) throw new LetGo();
			journal.set(row.key, { ...row, ...waits });
			needs.onSteps();
			const since = row.started_at ?? clock.now().toISOString();
			throw new Suspended({
				wake_at: until ?? null,
				waits_for_run,
				waiting_for: { step: step.path, ...waiting_for, since } as Suspended["wait"]["waiting_for"],
			});
		}
		if (needs.cancelled.aborted && end.error !== undefined) return { status: "cancelled", result: end.result };
		const { result, error } = end;
		if (error !== undefined) return { status: "failed", result, error, output: { secrets } };
		return {
			status: "succeeded",
			result,
			output: { secrets, ...(step.save_to_variable !== null && { value: result }) },
		};
	}

	/** Names what a step asks of others, so that it is not asked for twice: the same after a crash, another where a person has it done again. */
	function keyOutside({ carried_from, key, decision }: JournalRow): string {
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
		row: JournalRow,
		scope: Scope,
		again: boolean,
	): Promise<StepEnd> {
		const before = again ? await store.operationsOf(claimed.run_id, row.seq) : [];
		// Whatever branches beside it did meanwhile, what has begun is brought to its end.
		const begun = new Set(before.map(({ device_id }) => device_id));
		const left = new Set(devicesOf(step, scope).map(({ device_id }) => device_id));
		const all = procedure.targets.filter(({ device_id }) => begun.has(device_id) || left.has(device_id));
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
			const isFor = (device_id: string) => begun.has(device_id) || answers.get(device_id)?.value === true;
			for (const [key, { error }] of answers) if (error !== undefined) errors.set(key, errorOf(error));
			devices = all.filter(({ device_id }) => errors.has(device_id) || isFor(device_id));
			if (devices.length === 0) return { status: "skipped", skip_reason: `Not when ${step.when}` };
		}
		let given = sets(devices);
		const secrets: unknown[] = [];
		if (Object.keys(step.locals).length > 0) {
			const locals = await resolveForEach(engine, step.locals, given, facts, { at });
			given = given.map(({ key, variables }) => {
				const found = locals.get(key);
				if (found?.error !== undefined) errors.set(key, errorOf(found.error));
				const own = found?.value as Record<string, unknown> | undefined;
				secrets.push(...learn(own ?? {}));
				return { key, variables: { ...variables, ...own } };
			});
		}
		const params = await resolveForEach(engine, step.with, given, facts, { at });
		const ends = await runOn(devices, { type, row, step, before }, (device_id) => {
			const error = errors.get(device_id) ?? (params.get(device_id)?.error && errorOf(params.get(device_id)?.error));
			return error === undefined ? { value: params.get(device_id)?.value } : { error };
		});
		const end = together(devices, ends, step.save_to_variable !== null);
		return { ...end, output: { ...end.output, secrets } };
	}

	async function runOn(
		devices: readonly ProcedureDevice[],
		work: {
			type: DeviceStepType;
			row: JournalRow;
			step: Pick<ProgramStep, "path" | "parallelism" | "retries" | "timeout_s">;
			before: Awaited<ReturnType<ProcedureStore["operationsOf"]>>;
		},
		paramsOf: (
			device_id: string,
		) => { value: unknown; error?: undefined } | { value?: undefined; error: OperationError },
	): Promise<Map<string, DeviceEnd>> {
		const { type, row, step } = work;
		const before = new Map(work.before.map((operation) => [operation.device_id, operation]));
		const ends = new Map<string, DeviceEnd>();
		const waiting = [...devices.entries()];
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
		return ends;
	}

	async function walkFlow(step: ProgramStep, type: FlowStepType, key: string, scope: Scope): Promise<JournalRow> {
		const known = journal.get(key);
		if (known?.status === "skipped") return known;
		if (known !== undefined && isOver(known)) return throughFlow(step, type, known, scope);
		if (known !== undefined && scope.closed) {
			await within(step, type, known, scope);
			throw new Halted();
		}
		const row = known !== undefined && known.status !== "pending" ? known : await begin(step, key, scope, known, true);
		const seen = { ...scope.variables.forAll(), ...facts };
		const settle = async (error: OperationError): Promise<JournalRow> => {
			await store.dropQuestions(claimed, key);
			for (const inner of journal.values()) if (inner.key.startsWith(`${key}/`)) inner.asks = false;
			return finish(step, row, { status: "failed", error }, scope);
		};
		let output: Pick<StepEnd, "result" | "output">;
		try {
			const { when } = step;
			const hasBegun = row.output !== null || [...journal.keys()].some((inner) => inner.startsWith(`${key}/`));
			if (when !== null && !hasBegun) {
				const holds = await evaluated(() => isTrue(engine, when, seen, { at: `${step.path}.when` }));
				if (!holds) return finish(step, row, { status: "skipped", skip_reason: `Not when ${when}` }, scope);
			}
			output = await within(step, type, row, scope);
		} catch (end) {
			if (end instanceof Faulty) return settle(end.error);
			if (end instanceof Stopped && end.status === "failed") return settle(stepFailed(end));
			if (end instanceof RollBack || (end instanceof Stopped && end.status === "unknown")) {
				await settle(stepFailed(end)).catch(() => {});
			} else if (end instanceof Stopped) {
				await store.finishStep(claimed, row, { status: end.status === "succeeded" ? "succeeded" : "cancelled" });
			}
			throw end;
		}
		return finish(step, row, { status: "succeeded", ...output }, scope);
	}

	/** A step that has ended, with others in it: what they saved is there again, and it came to what it came to. */
	async function throughFlow(
		step: ProgramStep,
		type: FlowStepType,
		known: JournalRow,
		scope: Scope,
	): Promise<JournalRow> {
		if (known.asks && !scope.closed) throw asking(known);
		try {
			await within(step, type, known, { ...scope, closed: true });
		} catch (end) {
			if (!isEnd(end) && !(end instanceof Faulty)) throw end;
			const all = end instanceof RollBack || (end instanceof Stopped && end.status !== "failed");
			// A person's decision on it outweighs what it came to.
			if (all && known.decision === null) throw end;
		}
		saveAgain(known, scope);
		return known;
	}

	/** Carries out what stands in a step. What it is decided by stays as it was first: branches beside it may save other values meanwhile. */
	async function within(
		step: ProgramStep,
		{ type, params: schema, own_templates = [] }: FlowStepType,
		row: JournalRow,
		around: Scope,
	): Promise<Pick<StepEnd, "result" | "output">> {
		const devices = step.targets === null ? around.devices : new Set(step.targets);
		const scope: Scope = { ...around, devices, key: `${row.key}/` };
		const { variables } = scope;
		const seen = { ...variables.forAll(), ...facts };
		const at = step.path;
		const kept = row.output?.evaluated as Kept | undefined;
		const { given: all, raw } = apart(step.with, own_templates);
		const given = Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(kept?.given ?? {}, name)));
		const keep = async (now: Kept): Promise<void> => {
			if (isOver(row) || scope.closed) return;
			row.output = { evaluated: now };
			await store.keepOutput(claimed, row, row.output);
		};
		const params = (await evaluated(async () => {
			const values = (await resolveValues(engine, given, seen, { at })) as Record<string, unknown>;
			return readParams(schema, { ...values, ...raw, ...kept?.given });
		})) as Record<string, unknown>;
		const block = (name: string) => step.blocks.filter((found) => found.name === name);
		switch (type) {
			case "parallel":
				return { result: { branches: await beside(block("branches"), scope) } };
			case "condition": {
				const holds =
					kept?.holds ?? (await evaluated(() => isTrue(engine, String(params.if), seen, { at: `${at}.if` })));
				if (kept === undefined) await keep({ holds });
				const chosen = block(holds ? "then" : "else")[0];
				if (chosen !== undefined) await walkList(chosen.steps, { ...scope, key: `${scope.key}${chosen.name}/` });
				return { result: { condition: holds } };
			}
			case "loop":
				return { result: { rounds: await loop(step, params, scope, kept, keep) } };
			case "run_mop": {
				const locals = (await evaluated(() => resolveValues(engine, step.locals, seen, { at }))) as Record<
					string,
					unknown
				>;
				learn(locals);
				const inner = variables.procedure(locals);
				for (const { steps } of step.blocks) await walkList(steps, { ...scope, variables: inner });
				return { result: { mop: params.mop ?? null }, output: { value: inner.saved() } };
			}
			case "rollback":
				throw new RollBack(String(params.reason ?? "") || `Step ${nameOf(step)} takes back what was changed`);
			default:
				throw new Stopped("failed", `Nobody knows how to carry out ${type}`);
		}
	}

	/** Carries out branches side by side. One that waits for a time comes again when that has come, however long the others take. */
	async function beside(branches: readonly ProgramStep["blocks"][number][], scope: Scope): Promise<number> {
		let over = false;
		let going = branches.length;
		const halted = () => over || scope.halted();
		const idle = new AbortController();
		const onlyWaiting = AbortSignal.any([idle.signal, stop, needs.leaving]);
		async function branch(steps: readonly ProgramStep[], key: string): Promise<void> {
			for (;;) {
				try {
					await walkList(steps, { ...scope, halted, key });
					break;
				} catch (end) {
					const wake_at = end instanceof Suspended ? end.wait.wake_at : null;
					// A branch that only waits leaves the others their way.
					if (!(end instanceof Suspended)) over = true;
					if (--going === 0 || over) idle.abort();
					if (wake_at === null || onlyWaiting.aborted) throw end;
					const left_ms = Math.max(0, wake_at.getTime() - clock.now().getTime());
					await clock.sleep(left_ms, onlyWaiting).catch(() => {});
					if (onlyWaiting.aborted) throw end;
					going++;
				}
			}
			if (--going === 0) idle.abort();
		}
		const ends = await Promise.allSettled(
			branches.map(({ steps }, index) => branch(steps, `${scope.key}${index + 1}/`)),
		);
		const thrown = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
		if (thrown.length > 0) throw weightiest(thrown);
		return branches.length;
	}

	async function loop(
		step: ProgramStep,
		params: Record<string, unknown>,
		scope: Scope,
		kept: Kept | undefined,
		keep: (now: Kept) => Promise<void>,
	): Promise<number> {
		const { variables } = scope;
		const as = String(params.as ?? "item");
		const most = typeof params.max === "number" ? params.max : mostRounds;
		const items = Array.isArray(params.items)
			? params.items
			: typeof params.count === "number"
				? Array.from({ length: params.count }, (_, index) => index)
				: undefined;
		if (items !== undefined && kept === undefined) {
			const { items: listed, count } = params;
			if (JSON.stringify(items).length <= longestItems)
				await keep({ given: listed === undefined ? { count } : { items: listed } });
		}
		let rounds = kept?.rounds ?? 0;
		const goesOn = async (round: number): Promise<boolean> => {
			if (items !== undefined) return round < items.length;
			if (round < rounds) return true;
			if (kept?.over === true) return false;
			const seen = { ...variables.forAll(), ...facts };
			const holds = await evaluated(() => isTrue(engine, String(params.while), seen, { at: `${step.path}.while` }));
			if (holds) rounds = round + 1;
			await keep({ rounds, over: !holds });
			return holds;
		};
		let round = 0;
		for (; await goesOn(round); round++) {
			if (round >= most)
				throw new Stopped(
					"failed",
					`The loop ${nameOf(step)} went round ${most} times, which is the most it may (\`max\`)`,
				);
			const last = items !== undefined && round === items.length - 1;
			const counted = { index: round + 1, index0: round, first: round === 0, last };
			const item = items === undefined ? {} : { [as]: items[round] };
			learn(item);
			const inner = variables.within({ ...item, loop: counted });
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
		};
		const scope: Scope = {
			key: "",
			variables: createVariables({}),
			devices: undefined,
			phase: "rollback",
			halted: () => false,
			closed: false,
		};
		const key = `${takeBackPath}:1`;
		const known = journal.get(key);
		if (known === undefined || !isOver(known)) {
			const row = await begin(step, key, scope, known);
			const undos =
				(known?.output?.evaluated as { operation_id: string; device_id: string }[] | undefined) ??
				(await store.undosOf(claimed.run_id));
			const output: StepOutput = { evaluated: undos };
			await store.keepOutput(claimed, row, output);
			const changed = Map.groupBy(undos, ({ device_id }) => device_id);
			const devices = procedure.targets.filter(({ device_id }) => changed.has(device_id));
			const of = (id: string) => (changed.get(id) ?? []).map(({ operation_id }) => operation_id);
			const before = known === undefined ? [] : await store.operationsOf(claimed.run_id, row.seq);
			const ends = await runOn(devices, { type: needs.takeBack, row, step, before }, (id) => ({
				value: { operation_ids: of(id) },
			}));
			const end: StepEnd =
				devices.length === 0
					? { status: "skipped", skip_reason: "Nothing was changed" }
					: together(devices, ends, false);
			const isDone = (id: string) => ["succeeded", "skipped"].includes(ends.get(id)?.status ?? "");
			await store.markTakenBack([...changed.keys()].filter(isDone).flatMap(of));
			const shown = { ...end, error: hide(end.error ?? null) };
			if (!(await store.finishStep(claimed, row, shown))) throw new LetGo();
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
		async main() {
			await store.settleLeft(claimed);
			// Once taking back has begun, nothing is carried out but that.
			const closed = journal.has(`${takeBackPath}:1`);
			const scope = { key: "", variables, devices: undefined, phase: "main" as const, halted: () => false, closed };
			try {
				await walkList(procedure.steps, scope);
			} catch (end) {
				if (!closed || end instanceof RollBack || !isEnd(end)) throw end;
			}
			if (closed) throw new RollBack("It was being taken back");
		},
		async rollBack() {
			await takeBack();
			dropped.clear();
			const scope = { variables, devices: undefined, halted: () => false, closed: false };
			try {
				await walkList(procedure.rollback, { ...scope, key: "rollback/", phase: "rollback" });
			} catch (end) {
				// It ends these steps, and makes no success of what was taken back.
				if (!(end instanceof Stopped && end.status === "succeeded")) throw end;
			}
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
	waits_for_run: null,
	asks: false,
	decision: null,
	carried_from: null,
	finished_at: null,
};

/** Paths of a step and of all in it, in the order of the document. */
export function pathsOf(step: ProgramStep): string[] {
	return [step.path, ...step.blocks.flatMap(({ steps }) => steps.flatMap(pathsOf))];
}

/** Parameters whose templates get their values before the step begins, and those that it evaluates itself. */
function apart(params: Record<string, unknown>, own_templates: readonly string[] = []) {
	const own = new Set(own_templates);
	const entries = Object.entries(params);
	return {
		given: Object.fromEntries(entries.filter(([name]) => !own.has(name))),
		raw: Object.fromEntries(entries.filter(([name]) => own.has(name))),
	};
}

function isOver({ status }: JournalRow): boolean {
	return status !== "running" && status !== "waiting" && status !== "pending";
}

function isEnd(thrown: unknown): boolean {
	return [Stopped, RollBack, Suspended, LetGo, Halted].some((kind) => thrown instanceof kind);
}

function nameOf({ name, path }: Pick<ProgramStep, "name" | "path">): string {
	return name === null ? path : `${name} (${path})`;
}

function asking({ path, error, finished_at }: JournalRow): Suspended {
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
	// A device on which there was nothing to do is as the step wants it.
	const status = (["unknown", "cancelled", "failed"] as const).find((one) => (counts[one] ?? 0) > 0) ?? "succeeded";
	const failing = devices.filter(({ device_id }) => ["failed", "unknown"].includes(ends.get(device_id)?.status ?? ""));
	const first = failing[0];
	const error = first === undefined ? undefined : ends.get(first.device_id)?.error;
	const others = failing.length > 1 ? ` (and on ${failing.length - 1} more)` : "";
	const value = saves
		? Object.fromEntries(
				devices.flatMap(({ device_id, name }) => {
					const end = ends.get(device_id);
					return end?.status === "succeeded" || end?.status === "skipped" ? [[name, end.result]] : [];
				}),
			)
		: undefined;
	return {
		status,
		devices: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0, ...counts },
		...(error && { error: { ...error, message: `${first?.name}: ${error.message}${others}` } }),
		output: {
			...(saves && { value, per_device: true }),
			failed_devices: failing.map(({ device_id }) => device_id),
		},
	};
}
