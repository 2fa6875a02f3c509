import { procedureKeys, stepKeys } from "@netconductor/contracts/config/mops";
import { allSteps, pathText, type ReadStep, readProcedure, type StepList } from "./read-procedure.ts";
import {
	CannotEdit,
	cutItem,
	edited,
	insertItem,
	insertText,
	isReferredTo,
	type Path,
	removeItem,
	removeValue,
	setValue,
	swapItems,
} from "./yaml-text.ts";

/** A text after an edit, and the step that the edit was about: where it stands now. */
export interface Edited {
	text: string;
	step: Path | undefined;
}

/** Sets a key of the procedure itself; undefined takes it away. @throws CannotEdit */
export function setOfProcedure(text: string, path: Path, value: unknown): string {
	return edited(text, (before) =>
		value === undefined ? removeValue(before, path) : setValue(before, path, value, procedureKeys),
	);
}

/** Sets a key of a step, or one within `with`; undefined takes it away, and `with` with its last parameter. @throws CannotEdit */
export function setOfStep(text: string, step: Path, path: Path, value: unknown): string {
	if (value !== undefined) {
		return edited(text, (before) => setValue(before, [...step, ...path], value, path.length === 1 ? stepKeys : []));
	}
	const [key] = path;
	const held = path.length > 1 && key !== undefined ? findStep(text, step)?.values[key] : undefined;
	const last = typeof held === "object" && held !== null && Object.keys(held).length <= 1;
	return edited(text, (before) => removeValue(before, last ? [...step, key as string] : [...step, ...path]));
}

/** Adds a step to a list before the one at `index`. Its id is made unique. @throws CannotEdit */
export function addStep(
	text: string,
	list: Path,
	index: number,
	step: { type: string; with?: Record<string, unknown>; blocks?: readonly { name: string; many: boolean }[] },
): Edited {
	const { type, blocks = [] } = step;
	const value = {
		id: freeId(text, type),
		type,
		...(step.with !== undefined && Object.keys(step.with).length > 0 && { with: step.with }),
		...Object.fromEntries(blocks.map(({ name, many }) => [name, many ? [[]] : []])),
	};
	return {
		text: edited(text, (before) => insertItem(before, list, index, value, orderAt(list))),
		step: [...list, index],
	};
}

const orderAt = (list: Path) => (list.length === 1 ? procedureKeys : stepKeys);

/** An id that no step has: of the type, with a number where it is taken. */
function freeId(text: string, type: string): string {
	const taken = new Set([...allSteps(readProcedure(text).lists)].map(({ id }) => id));
	const base = /^[a-z][a-z0-9_]*$/.test(type) ? type.slice(0, 55) : "step";
	for (let number = 1; ; number += 1) {
		const id = number === 1 ? base : `${base}_${number}`;
		if (!taken.has(id)) return id;
	}
}

/** Adds the same step once more behind it, under another id. What stands in it gets other ids too. @throws CannotEdit */
export function copyStep(text: string, step: Path): Edited {
	const list = step.slice(0, -1);
	const index = step.at(-1) as number;
	// What refers to the one would mean the other.
	if (isReferredTo(text, step)) throw new CannotEdit("Others refer to it by an anchor: copy it in the text");
	let copied = edited(text, (before) => insertText(before, list, index + 1, cutItem(before, list, index)));
	const place = [...list, index + 1];
	const within = pathText(place);
	const paths = [...allSteps(readProcedure(copied).lists)]
		.filter(({ path, id }) => id !== "" && `${pathText(path)}.`.startsWith(`${within}.`))
		.map(({ path, id }) => ({ path, id }));
	for (const { path, id } of paths) copied = renameStep(copied, path, freeId(copied, id.replace(/_\d+$/, "")));
	return { text: copied, step: place };
}

/** Adds an empty branch to a step that has several at the same time. @throws CannotEdit */
export function addBranch(text: string, step: Path): string {
	const path = [...step, "branches"];
	const branches = findStep(text, step)?.blocks.filter(({ block }) => block === "branches").length ?? 0;
	return edited(text, (before) =>
		branches === 0 ? setValue(before, path, [[]], stepKeys) : insertItem(before, path, branches, [], stepKeys),
	);
}

/** Takes a step away with the comments about it. A block that may be missing goes with its last step. @throws CannotEdit */
export function removeStep(text: string, step: Path): Edited {
	const list = step.slice(0, -1);
	const index = step.at(-1) as number;
	const many = listOf(text, list)?.steps.length ?? 0;
	const block = list.at(-1);
	if (many === 1 && (block === "else" || (block === "rollback" && list.length === 1)))
		return {
			text: edited(text, (before) => removeValue(before, list)),
			step: list.length > 1 ? list.slice(0, -1) : undefined,
		};
	return {
		text: edited(text, (before) => removeItem(before, list, index)),
		step: many > 1 ? [...list, Math.min(index, many - 2)] : list.length > 1 ? stepAround(list) : undefined,
	};
}

function stepAround(list: Path): Path {
	return list.at(-1) === "branches" || typeof list.at(-1) === "number" ? list.slice(0, -2) : list.slice(0, -1);
}

/** Moves a step one place up (-1) or down (1) in its list. At an end nothing happens. @throws CannotEdit */
export function moveStep(text: string, step: Path, by: -1 | 1): Edited {
	const list = step.slice(0, -1);
	const index = step.at(-1) as number;
	const to = index + by;
	if (to < 0 || to >= (listOf(text, list)?.steps.length ?? 0)) return { text, step };
	return { text: edited(text, (before) => swapItems(before, list, Math.min(index, to))), step: [...list, to] };
}

/** Moves a step to another list, before what stands at `index` there. @throws CannotEdit */
export function moveStepTo(text: string, step: Path, list: Path, index: number): Edited {
	const from = step.slice(0, -1);
	const at = step.at(-1) as number;
	if (step.every((part, depth) => list[depth] === part)) throw new CannotEdit("A step cannot stand within itself");
	const same = from.length === list.length && from.every((part, depth) => list[depth] === part);
	const passes = list.length > from.length && from.every((part, depth) => list[depth] === part);
	const next = list[from.length];
	const target =
		passes && typeof next === "number" && next > at ? [...from, next - 1, ...list.slice(from.length + 1)] : list;
	const place = same && index > at ? index - 1 : index;
	const moved = edited(text, (before) =>
		insertText(removeItem(before, from, at), target, place, cutItem(before, from, at), orderAt(target)),
	);
	return { text: moved, step: [...target, place] };
}

/** Gives a step another id, and every jump to it in its list too. @throws CannotEdit */
export function renameStep(text: string, step: Path, id: string): string {
	const list = listOf(text, step.slice(0, -1));
	const before = list?.steps[step.at(-1) as number];
	if (list === undefined || before === undefined) throw new CannotEdit("There is no such step");
	return edited(text, (given) => {
		let result = setValue(given, [...step, "id"], id, stepKeys);
		if (before.id === "") return result;
		for (const { path, values } of list.steps) {
			for (const key of ["on_success", "on_failure"]) {
				const next = values[key];
				if (typeof next === "object" && next !== null && (next as { goto?: unknown }).goto === before.id)
					result = setValue(result, [...path, key, "goto"], id);
			}
		}
		return result;
	});
}

/** A list of steps by its path. */
function listOf(text: string, path: Path): StepList | undefined {
	const wanted = path.join(".");
	const { lists } = readProcedure(text);
	const all = [...lists, ...[...allSteps(lists)].flatMap(({ blocks }) => blocks)];
	return all.find((list) => list.path.join(".") === wanted);
}

/** A step by its path. */
function findStep(text: string, path: Path): ReadStep | undefined {
	const wanted = path.join(".");
	return [...allSteps(readProcedure(text).lists)].find((step) => step.path.join(".") === wanted);
}
