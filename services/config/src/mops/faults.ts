import type { MopFault } from "@netconductor/contracts/config/mops";
import type { YamlReading } from "@netconductor/runtime/text/read-yaml";

export type FaultPath = readonly (string | number)[];

/** Something that is wrong with a document, before it is known on which line. */
export interface Fault {
	code: string;
	message: string;
	path: FaultPath;
	severity: MopFault["severity"];
}

export function error(code: string, path: FaultPath, message: string): Fault {
	return { code, path, message, severity: "error" };
}

export function warning(code: string, path: FaultPath, message: string): Fault {
	return { code, path, message, severity: "warning" };
}

const mostTold = 200;

/** As they are told: with lines, in the order of the text. Of very many, errors first. */
export function placeFaults(faults: readonly Fault[], placeOf: YamlReading["placeOf"]): MopFault[] {
	const isError = ({ severity }: Fault) => severity === "error";
	const told =
		faults.length <= mostTold
			? faults
			: [...faults.filter(isError), ...faults.filter((fault) => !isError(fault))].slice(0, mostTold);
	return told
		.map(({ path, ...fault }) => ({ ...fault, path: path.join("."), ...placeOf(path) }))
		.sort((one, other) => one.line - other.line || one.column - other.column);
}

const lists = new Set(["steps", "rollback", "then", "else", "branches"]);

/** What a path leads to, as people count: `step 3 (check)`, `step 5 (decide), then 1 (tell)`. Empty outside of steps. */
export function stepAt(document: unknown, path: FaultPath): string {
	const parts: string[] = [];
	let value = document;
	let list = "";
	for (const [index, key] of path.entries()) {
		value = Object.hasOwn(Object(value), key) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
		if (typeof key === "string") {
			if (!lists.has(key)) break;
			list = key;
			continue;
		}
		if (list === "branches" && typeof path[index - 1] === "string") {
			parts.push(`branch ${key + 1}`);
			continue;
		}
		const id: unknown = Object.hasOwn(Object(value), "id") ? (value as { id: unknown }).id : undefined;
		const kind =
			list === "rollback" ? "rollback step" : list === "steps" || list === "branches" ? "step" : `${list} step`;
		parts.push(`${kind} ${key + 1}${typeof id === "string" ? ` (${id.slice(0, 63)})` : ""}`);
	}
	return parts.join(", ");
}

/** The message after the step that it is about, as a sentence begins. */
export function inStep(document: unknown, path: FaultPath, message: string): string {
	const step = stepAt(document, path);
	return step === "" ? upper(message) : `${upper(step)}: ${message}`;
}

function upper(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
