import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { ProgramStep, RunProcedure, RunStep } from "@netconductor/contracts/tasks/procedure";
import { hasSettled } from "./known-steps.ts";

/** A step where it stands in its procedure: one time that it was carried out, or that it was not yet. */
export interface StepNode {
	/** Unique on the page. */
	id: string;
	/** As the program has it; undefined of a step that only the run knows. */
	step: ProgramStep | undefined;
	/** Undefined where it has not begun. */
	done: RunStep | undefined;
	/** Which time it is, where there are several. */
	time: number | undefined;
	blocks: StepBlock[];
}

/** Steps within a step: a round of a loop, a branch, what another procedure does. */
export interface StepBlock {
	id: string;
	/** Empty where there is but one. */
	label: string;
	/** Every step of it that began has ended well. */
	good: boolean;
	steps: StepNode[];
}

interface Place {
	/** Key of the step that it stands in; empty: of none. */
	parent: string;
	/** Round or branch. */
	within: string;
}

/**
 * Where a step stands by its key. `each:1/2/check:1` is in the round `2` of `each:1`; `sub:1/check:1` is in `sub:1`, which has but one list of
 * steps.
 */
function placeOf(key: string): Place {
	const parts = key.split("/").slice(0, -1);
	const from = parts.findLastIndex((part) => part.includes(":")) + 1;
	// Nothing stands around the outermost steps, whatever else their keys begin with.
	return { parent: parts.slice(0, from).join("/"), within: from === 0 ? "" : parts.slice(from).join("/") };
}

type ByPlace = ReadonlyMap<string, ReadonlyMap<string, RunStep[]>>;

/** The program with what became of each step: what has not begun stands where it will be carried out. */
export function treeOf({ steps, rollback }: Pick<RunProcedure, "steps" | "rollback">, done: readonly RunStep[]) {
	const main = done.filter(({ phase }) => phase === "main");
	const back = done.filter(({ phase }) => phase === "rollback");
	return {
		main: listOf(steps, byPlace(main), "", "", "main"),
		// Planned steps of it are shown once it has begun.
		rollback: back.length === 0 ? [] : listOf(rollback, byPlace(back), "", "", "rollback"),
	};
}

function byPlace(done: readonly RunStep[]): ByPlace {
	const places = new Map<string, Map<string, RunStep[]>>();
	for (const step of done) {
		const { parent, within } = placeOf(step.key);
		const blocks = places.get(parent) ?? new Map<string, RunStep[]>();
		const steps = blocks.get(within) ?? [];
		steps.push(step);
		blocks.set(within, steps);
		places.set(parent, blocks);
	}
	return places;
}

/** Steps of one list, each with the times that it was carried out there. Those that the list does not have come in between as they began. */
function listOf(
	steps: readonly ProgramStep[],
	places: ByPlace,
	parent: string,
	within: string,
	phase: string,
): StepNode[] {
	const done = places.get(parent)?.get(within) ?? [];
	const known = new Set(steps.map(({ path }) => path));
	const others = done.filter(({ path }) => !known.has(path)).map((one) => nodeOf(undefined, one, undefined, places));
	const listed = steps.flatMap((step) => {
		const times = done.filter(({ path }) => path === step.path);
		if (times.length === 0) return [plannedNode(step, `${phase} ${parent}/${within}`)];
		return times.map((one, at) => nodeOf(step, one, times.length > 1 ? at + 1 : undefined, places));
	});
	return [...others, ...listed];
}

function nodeOf(step: ProgramStep | undefined, done: RunStep, time: number | undefined, places: ByPlace): StepNode {
	return { id: done.id, step, done, time, blocks: blocksOf(step, done, places) };
}

function blocksOf(step: ProgramStep | undefined, done: RunStep, places: ByPlace): StepBlock[] {
	const begun = places.get(done.key) ?? new Map<string, RunStep[]>();
	const planned = step?.blocks ?? [];
	const reached = new Set<number>();
	const blocks = [...begun]
		.sort(([one], [other]) => inNaturalOrder(one, other))
		.map(([within, steps]) => {
			const paths = new Set(steps.map(({ path }) => path));
			// Paths are unique in a program, so they tell which of the lists it is.
			const index = planned.findIndex((block) => block.steps.some(({ path }) => paths.has(path)));
			reached.add(index);
			return {
				id: `${done.key}/${within}`,
				label: labelOf(step, index, within),
				good: steps.every(({ status }) => status === "succeeded" || status === "skipped"),
				steps: listOf(planned[index]?.steps ?? [], places, done.key, within, done.phase),
			};
		});
	const open = done.status === "running" || done.status === "waiting" || done.status === "pending";
	// Of the ways that a condition has, one is taken.
	if (!open || (step?.type === "condition" && blocks.length > 0)) return blocks;
	const left = planned.flatMap((_, index) => (reached.has(index) ? [] : [plannedBlock(step, index, done.key)]));
	return [...blocks, ...left];
}

function plannedNode(step: ProgramStep, place: string): StepNode {
	const id = `${place} ${step.path}`;
	return {
		id,
		step,
		done: undefined,
		time: undefined,
		blocks: step.blocks.map((_, index) => plannedBlock(step, index, id)),
	};
}

function plannedBlock(step: ProgramStep | undefined, index: number, place: string): StepBlock {
	const id = `${place}/planned ${index}`;
	return {
		id,
		label: labelOf(step, index, ""),
		good: true,
		steps: (step?.blocks[index]?.steps ?? []).map((one) => plannedNode(one, id)),
	};
}

function labelOf(step: ProgramStep | undefined, index: number, within: string): string {
	if (step?.type === "loop") return within === "" ? "Each round" : `Round ${within}`;
	const block = step?.blocks[index];
	if (block?.name === "then") return "If it holds";
	if (block?.name === "else") return "If it does not hold";
	if ((step?.blocks.length ?? 0) > 1) return `Branch ${index + 1}`;
	return "";
}

/** How many steps have ended, of those that began or are still shown to come. */
export function countSteps({ main, rollback }: ReturnType<typeof treeOf>): { done: number; total: number } {
	const sum = { done: 0, total: 0 };
	const add = (nodes: readonly StepNode[]) => {
		for (const { done, blocks } of nodes) {
			sum.total += 1;
			if (done !== undefined && hasSettled(done)) sum.done += 1;
			for (const { steps } of blocks) add(steps);
		}
	};
	add(main);
	add(rollback);
	return sum;
}

/** A step of a program by its path. */
export function findStep(steps: readonly ProgramStep[], path: string): ProgramStep | undefined {
	return siblingsOf(steps, path).find((step) => step.path === path);
}

/** The last time that a step was carried out which waits for a person: for a decision after it failed, or in place of its end. */
export function undecidedStep(
	{ waiting_for }: Pick<Run, "waiting_for">,
	done: readonly RunStep[],
): RunStep | undefined {
	if (waiting_for === null || !("step" in waiting_for) || waiting_for.kind === "next_step") return undefined;
	const last = done.findLast(({ path, key }) => path === waiting_for.step || key === waiting_for.step);
	// What waits for an approval or for another run is decided on there.
	const waits = waiting_for.kind === "time" ? "waiting" : "failed";
	return last?.status === waits ? last : undefined;
}

/** Steps of the list that a step stands in, for a jump within it; empty where there is no such step. */
export function siblingsOf(steps: readonly ProgramStep[], path: string): readonly ProgramStep[] {
	if (steps.some((step) => step.path === path)) return steps;
	for (const { blocks } of steps) {
		for (const block of blocks) {
			const found = siblingsOf(block.steps, path);
			if (found.length > 0) return found;
		}
	}
	return [];
}
