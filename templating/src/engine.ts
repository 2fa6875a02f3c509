import { availableParallelism } from "node:os";
import { type AppError, failed } from "@netconductor/runtime/errors";
import { Piscina } from "piscina";
import type { FaultReport } from "./fault.ts";
import { namesIn } from "./lexer.ts";
import { defaultLimits, type RenderLimits } from "./limits.ts";
import type {
	EngineSettings,
	EvaluateOutcome,
	EvaluateTask,
	NamedString,
	RenderTask,
	StringKind,
	ThreadOutcome,
} from "./render-task.ts";

export interface RenderRequest {
	/** Name of the template that becomes the text. */
	entry: string;
	/** Source of the entry and of every template that it may include, import or extend, by name. */
	templates: Record<string, string>;
	/** Plain data, as JSON could say it. */
	variables: Record<string, unknown>;
	settings?: EngineSettings;
}

export interface RenderManyRequest extends Omit<RenderRequest, "variables"> {
	/** Variables of every set; a set's own win. */
	variables?: Record<string, unknown>;
	/** One text is made for each. */
	sets: Record<string, unknown>[];
}

export interface EvaluateRequest {
	strings: NamedString[];
	kind: StringKind;
	/** Variables of every set; a set's own win. */
	variables?: Record<string, unknown>;
	sets: Record<string, unknown>[];
}

export type RenderOutcome = { text: string; error?: undefined } | { text?: undefined; error: AppError };

export interface TemplateEngine {
	/**
	 * Renders on a thread, strictly: what is not defined is an error. An abort ends the thread.
	 * @throws template.* with details `{ template, line, variable?, filter? }`, or the signal's reason
	 */
	render(request: RenderRequest, signal?: AbortSignal): Promise<string>;
	/** Renders once for every set of variables, in one hand-over to a thread. Outcomes come in the order of the sets. */
	renderMany(request: RenderManyRequest, signal?: AbortSignal): Promise<RenderOutcome[]>;
	/**
	 * Evaluates strings once for every set of variables, in one hand-over to a thread: a string that is one expression becomes that expression's
	 * value, any other text. All strings of a set share its limits. Outcomes come in the order of the sets; a fault names the string in `template`,
	 * which is empty where no single one is to blame.
	 */
	evaluateMany(request: EvaluateRequest, signal?: AbortSignal): Promise<EvaluateOutcome[]>;
	close(): Promise<void>;
}

/** What a thread has beyond its time before it is ended from outside: starting, reading templates, handing over. */
const grace_ms = 5_000;

/** Threads start when first needed and end when idle. Each render is limited; what exceeds a limit leaves the engine as it was. */
export function createTemplateEngine(given: { threads?: number; limits?: Partial<RenderLimits> } = {}): TemplateEngine {
	const limits = { ...defaultLimits, ...given.limits };
	const threads = Math.min(given.threads ?? 2, Math.max(1, availableParallelism()));
	const takeTurn = createTurns(threads);
	let pool: Piscina | undefined;
	function open(): Piscina {
		if (pool !== undefined) return pool;
		pool = new Piscina({
			filename: new URL("./thread.ts", import.meta.url).href,
			minThreads: 0,
			maxThreads: threads,
			idleTimeout: 600_000,
			// Templates come from users: no reason for a thread to know the environment.
			env: {},
			resourceLimits: { maxOldGenerationSizeMb: limits.memory_mb, maxYoungGenerationSizeMb: 64, stackSizeMb: 8 },
		});
		// A thread that ran out of memory after its task was given up ends with nobody to tell: another takes its place.
		pool.on("error", () => {});
		return pool;
	}

	async function render(task: RenderTask, signal: AbortSignal | undefined): Promise<RenderOutcome[]> {
		const outcomes = await run<ThreadOutcome>("renderSets", task, task.entry, signal);
		return outcomes.map((outcome) => ("text" in outcome ? outcome : { error: errorOf(outcome.fault) }));
	}

	/** @param name for a fault of the thread as a whole */
	async function run<T>(
		work: "renderSets" | "evaluateSets",
		task: RenderTask | EvaluateTask,
		name: string,
		signal: AbortSignal | undefined,
	): Promise<(T | { fault: FaultReport })[]> {
		const done = await takeTurn(signal);
		const longest_ms = Math.min(limits.time_ms * task.sets.length, limits.total_time_ms);
		const late = AbortSignal.timeout(longest_ms + grace_ms);
		try {
			return await open().run(task, {
				name: work,
				signal: signal === undefined ? late : AbortSignal.any([signal, late]),
			});
		} catch (error) {
			if (signal?.aborted) throw signal.reason;
			const fault = late.aborted ? tooSlow(name, longest_ms) : endedThread(error, name, limits);
			if (fault === undefined) throw error;
			return task.sets.map(() => ({ fault }));
		} finally {
			done();
		}
	}

	return {
		async render({ variables, settings = {}, entry, templates }, signal) {
			const task = { entry, templates, settings, shared: {}, sets: [variables], limits };
			const [outcome] = await render(task, signal);
			if (outcome?.error !== undefined) throw outcome.error;
			return outcome?.text ?? "";
		},
		async renderMany({ variables = {}, sets, settings = {}, entry, templates }, signal) {
			signal?.throwIfAborted();
			if (sets.length === 0) return [];
			return render({ entry, templates, settings, shared: variables, sets, limits }, signal);
		},
		async evaluateMany({ strings, kind, variables = {}, sets }, signal) {
			signal?.throwIfAborted();
			if (sets.length === 0) return [];
			const characters = strings.reduce((sum, { source }) => sum + source.length, 0);
			if (characters > limits.source_length) {
				const message = `the strings together are longer than ${limits.source_length.toLocaleString("en")} characters`;
				return sets.map(() => ({ fault: { code: "template.too_large", message, template: "", line: 0 } }));
			}
			// What no string names need not be copied to the thread.
			const named = new Set(strings.flatMap(({ source }) => namesIn(source)));
			const ofUse = (given: Record<string, unknown>) =>
				Object.fromEntries(Object.entries(given).filter(([name]) => named.has(name)));
			const task = { strings, kind, shared: ofUse(variables), sets: sets.map(ofUse), limits };
			return run<EvaluateOutcome>("evaluateSets", task, "", signal);
		},
		async close() {
			await pool?.destroy();
			pool = undefined;
		},
	};
}

/** The error of a fault: its message says where. */
export function errorOf({ code, message, ...place }: FaultReport): AppError {
	const where = place.line > 0 ? `Line ${place.line} of ${place.template}: ` : `${place.template}: `;
	return failed(code, { message: where + message, details: { ...place } });
}

function tooSlow(template: string, time_ms: number): FaultReport {
	const message = `not rendered within ${time_ms / 1_000} s`;
	return { code: "template.too_slow", message, template, line: 0 };
}

/** The fault of a thread that ended by itself, or undefined when no template is to blame. */
function endedThread(error: unknown, template: string, { memory_mb }: RenderLimits): FaultReport | undefined {
	const outOfMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
	if (!outOfMemory) return undefined;
	const message = `rendering needs more than ${memory_mb} MB of memory`;
	return { code: "template.too_large", message, template, line: 0 };
}

/**
 * Lets so many work at once. Whoever waits here does not wait in the pool, so that the time of a render counts from when it has a thread.
 * The answer ends the turn.
 */
function createTurns(places: number): (signal?: AbortSignal) => Promise<() => void> {
	let free = places;
	const waiting = new Set<() => void>();
	function leave(): void {
		const next = waiting.values().next().value;
		if (next === undefined) free++;
		else {
			waiting.delete(next);
			next();
		}
	}
	return async (signal) => {
		signal?.throwIfAborted();
		if (free > 0) {
			free--;
			return leave;
		}
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const giveUp = () => {
			waiting.delete(resolve);
			reject(signal?.reason);
		};
		waiting.add(resolve);
		signal?.addEventListener("abort", giveUp, { once: true });
		try {
			await promise;
		} finally {
			signal?.removeEventListener("abort", giveUp);
		}
		return leave;
	};
}
