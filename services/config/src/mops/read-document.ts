import { MopDocument, type MopStep } from "@netconductor/contracts/config/mops";
import { readYaml, type YamlReading } from "@netconductor/runtime/text/read-yaml";
import { at, explainIssue, selectionKeys, unknownKey } from "./explain-issue.ts";
import { error, type Fault, type FaultPath } from "./faults.ts";

/** What the YAML of a procedure says, as far as it could be read. */
export interface ReadMop {
	document: MopDocument | null;
	faults: Fault[];
	placeOf: YamlReading["placeOf"];
}

/** Reads the YAML of a procedure. What its steps mean is not looked at. */
export function readDocument(source: string): ReadMop {
	const { value, faults: broken, placeOf } = readYaml(source);
	if (broken.length > 0) {
		// A fault of the text is nowhere in the document: its own place is the right one.
		const places = new Map<FaultPath, ReturnType<YamlReading["placeOf"]>>();
		const faults = broken.map(({ message, path, ...place }) => {
			places.set(path, place);
			return error("document.bad_yaml", path, message);
		});
		return { document: null, faults, placeOf: (path) => places.get(path as FaultPath) ?? placeOf(path) };
	}
	if (value === null || value === undefined) {
		const faults = [error("document.empty", [], "The document is empty: a procedure has at least `name` and `steps`")];
		return { document: null, faults, placeOf };
	}
	const read = MopDocument.safeParse(value);
	const unknown = unknownTargets(value);
	if (!read.success) {
		return {
			document: null,
			faults: [...read.error.issues.flatMap((issue) => explainIssue(issue, value)), ...unknown],
			placeOf,
		};
	}
	return { document: unknown.length > 0 ? null : read.data, faults: unknown, placeOf };
}

/** Keys of selections that are none: the selection of the API passes over them, a document does not. */
function unknownTargets(value: unknown): Fault[] {
	const faults: Fault[] = [];
	walk(value, []);
	return faults;

	function walk(part: unknown, path: FaultPath): void {
		if (typeof part !== "object" || part === null) return;
		if (Array.isArray(part)) {
			for (const [index, item] of part.entries()) walk(item, [...path, index]);
			return;
		}
		const targets = at(part, ["targets"]);
		if (typeof targets === "object" && targets !== null && !Array.isArray(targets)) {
			for (const key of Object.keys(targets)) {
				if (!selectionKeys.includes(key)) faults.push(unknownKey(value, [...path, "targets", key]));
			}
		}
		for (const list of ["steps", "rollback", "then", "else", "branches"]) {
			if (Object.hasOwn(part, list)) walk(at(part, [list]), [...path, list]);
		}
	}
}

/** A step and where it stands. */
export interface PlacedStep {
	step: MopStep;
	path: FaultPath;
	/** The list that it is one of, for jumps. */
	list: readonly MopStep[];
	/** Depth within other steps of the document, from 0. */
	depth: number;
	phase: "main" | "rollback";
	/** The steps that it stands in, the outermost first. */
	around: readonly MopStep[];
}

/** Every step of a document, each before those that stand in it. */
export function stepsOf(document: Pick<MopDocument, "steps" | "rollback">): PlacedStep[] {
	const found: PlacedStep[] = [];
	function walk(
		list: readonly MopStep[],
		path: FaultPath,
		given: Pick<PlacedStep, "depth" | "phase" | "around">,
	): void {
		for (const [index, step] of list.entries()) {
			const here = [...path, index];
			found.push({ step, path: here, list, ...given });
			for (const block of blocksOf(step)) {
				walk(block.steps, [...here, ...block.path], {
					...given,
					depth: given.depth + 1,
					around: [...given.around, step],
				});
			}
		}
	}
	walk(document.steps, ["steps"], { depth: 0, phase: "main", around: [] });
	if (document.rollback !== undefined) {
		walk(document.rollback, ["rollback"], { depth: 0, phase: "rollback", around: [] });
	}
	return found;
}

/** Lists of steps that stand in a step; a list of lists is several of one name. */
export function blocksOf(step: MopStep): { name: string; path: FaultPath; steps: MopStep[] }[] {
	return [
		...(step.branches ?? []).map((steps, index) => ({ name: "branches", path: ["branches", index], steps })),
		...(["then", "else", "steps"] as const).flatMap((name) => {
			const steps = step[name];
			return steps === undefined ? [] : [{ name, path: [name], steps }];
		}),
	];
}
