import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Path, plainOf } from "./yaml-text.ts";

/** A list of steps in a procedure, or in one of its steps. */
export interface StepList {
	path: Path;
	/** What it is in its step: `then`, `branches`; of the procedure `steps` or `rollback`. */
	block: string;
	steps: ReadStep[];
}

/** A step as far as it can be read. What is not as it should be is left out: validation says it. */
export interface ReadStep {
	path: Path;
	id: string;
	name: string;
	type: string;
	/** Its keys, the lists of steps left out. */
	values: Readonly<Record<string, unknown>>;
	/** Written by reference, or not as a mapping: it can only be edited in the text. */
	closed: boolean;
	blocks: StepList[];
}

export interface ReadProcedure {
	/** Of the YAML itself; nothing else can be read where there are any. */
	faults: { line: number; message: string }[];
	/** What is not a step. */
	values: Readonly<Record<string, unknown>>;
	lists: StepList[];
}

/** Keys of a step that hold steps, in the order in which they are written. */
const blockKeys = ["branches", "then", "else", "steps"] as const;
const mostDeep = 30;

/** Reads a procedure's text for the builder, as much of it as there is. */
export function readProcedure(text: string): ReadProcedure {
	const lines = new LineCounter();
	const doc = parseDocument(text, { keepSourceTokens: true, lineCounter: lines });
	if (doc.errors.length > 0) {
		return {
			faults: doc.errors.map(({ pos: [at], message }) => ({
				line: lines.linePos(at).line,
				message: message.split(" at line ")[0] ?? message,
			})),
			values: {},
			lists: [],
		};
	}
	const root = doc.contents;
	if (!isMap(root)) {
		const nothing = root === null || (isScalar(root) && root.value === null);
		return {
			faults: nothing ? [] : [{ line: 1, message: "A procedure is a mapping: name, steps and so on" }],
			values: {},
			lists: [],
		};
	}
	try {
		const { steps: _, rollback: __, ...values } = plainKeys(root as never, doc, new Set(["steps", "rollback"]));
		const lists = (["steps", "rollback"] as const).flatMap((key) =>
			root.has(key) ? [readList(root.get(key, true), [key], key, doc, 0)] : [],
		);
		return { faults: [], values, lists };
	} catch (error) {
		// An alias that stands for too much, or for nothing.
		return {
			faults: [{ line: 1, message: error instanceof Error ? error.message : String(error) }],
			values: {},
			lists: [],
		};
	}
}

function plainKeys(map: { items: { key: unknown; value: unknown }[] }, doc: Document, without: ReadonlySet<string>) {
	const values: Record<string, unknown> = Object.create(null);
	for (const { key, value } of map.items) {
		const name = isScalar(key) ? String(key.value) : "";
		if (!without.has(name)) values[name] = value === null ? null : plainOf(value, doc);
	}
	return values;
}

function readList(
	node: unknown,
	path: Path,
	block: string,
	doc: Document,

	depth: number,
): StepList {
	const items = isSeq(node) && depth < mostDeep ? node.items : [];
	return { path, block, steps: items.map((item, index) => readStep(item, [...path, index], doc, depth)) };
}

const blocksOfStep: ReadonlySet<string> = new Set(blockKeys);

function readStep(node: unknown, path: Path, doc: Document, depth: number): ReadStep {
	if (!isMap(node)) {
		const name = isAlias(node) ? `as ${node.source}` : "";
		return { path, id: "", name, type: "", values: {}, closed: true, blocks: [] };
	}
	const values = plainKeys(node as never, doc, blocksOfStep);
	const word = (key: string) => (typeof values[key] === "string" ? (values[key] as string) : "");
	const blocks = blockKeys.flatMap((key): StepList[] => {
		if (!node.has(key)) return [];
		const inside = node.get(key, true);
		if (key !== "branches") return [readList(inside, [...path, key], key, doc, depth + 1)];
		return (isSeq(inside) ? inside.items : []).map((branch, index) =>
			readList(branch, [...path, key, index], key, doc, depth + 1),
		);
	});
	return {
		path,
		id: word("id"),
		name: word("name"),
		type: word("type"),
		values,
		closed: false,
		blocks,
	};
}

/** A path as faults have it: `steps.2.with`. */
export const pathText = (path: Path) => path.join(".");

/** The path that such words mean. */
export function pathOf(words: string): Path {
	return words === "" ? [] : words.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** All steps, from the first to the last as they are written. */
export function* allSteps(lists: readonly StepList[]): Generator<ReadStep> {
	for (const { steps } of lists) {
		for (const step of steps) {
			yield step;
			yield* allSteps(step.blocks);
		}
	}
}

/** The step that a fault is in: `steps.2.then.0.with.x` is in `steps.2.then.0`. */
export function stepOf(path: string): string | undefined {
	return /^(?:steps|rollback)\.\d+(?:\.(?:then|else|steps)\.\d+|\.branches\.\d+\.\d+)*/.exec(path)?.[0];
}
