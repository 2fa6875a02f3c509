import { NotUnderstood } from "./parser.ts";

/** One for each VRF is the most that there is. */
const maxValues = 10_000;

type JsonObject = Record<string, unknown>;

/**
 * The JSON values in an answer, one behind the other: FRR writes one for each VRF, and a shell may say something before them.
 * @throws NotUnderstood naming the first line that belongs to none
 */
export function readJson(output: string): unknown[] {
	const text = output.trim();
	if (text === "") throw new NotUnderstood("the answer is empty");
	const values: unknown[] = [];
	let position = 0;
	while (position < text.length) {
		if (values.length >= maxValues) throw new NotUnderstood(`it is more than ${maxValues} JSON values`);
		const end = endOfValue(text, position);
		try {
			values.push(JSON.parse(text.slice(position, end)));
		} catch {
			throw notJson(output, text, position);
		}
		position = end;
		while (position < text.length && /\s/.test(text[position] ?? "")) position++;
	}
	return values;
}

function notJson(output: string, text: string, position: number) {
	const before = output.indexOf(text) + position;
	const number = output.slice(0, before).split("\n").length;
	return new NotUnderstood("it is not JSON", output.split("\n")[number - 1]?.trim(), number);
}

/** Where the object or list that begins here is closed. */
function endOfValue(text: string, start: number): number {
	let depth = 0;
	for (let i = start; i < text.length; i++) {
		const character = text[i];
		if (character === '"') {
			for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
		} else if (character === "{" || character === "[") depth++;
		else if ((character === "}" || character === "]") && --depth === 0) return i + 1;
	}
	return text.length;
}

/** The one value of an answer, an object. */
export function readJsonObject(output: string): JsonObject {
	const [value, ...more] = readJson(output);
	if (more.length > 0) throw new NotUnderstood("it is more than one JSON value");
	return objectOf(value, "the answer");
}

export function objectOf(value: unknown, what: string): JsonObject {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new NotUnderstood(`${what} is not an object`);
	}
	return value as JsonObject;
}

/** Names and members of an object; its members are objects too. */
export function membersOf(value: unknown, what: string): [name: string, member: JsonObject][] {
	return Object.entries(objectOf(value, what)).map(([name, member]) => [name, objectOf(member, `${what} ${name}`)]);
}

export function listOf(value: unknown, what: string): JsonObject[] {
	if (!Array.isArray(value)) throw new NotUnderstood(`${what} is not a list`);
	return value.map((element) => objectOf(element, `an element of ${what}`));
}

/** A text, also of a number; null of an empty one. No name, state or address is longer than 4,096 characters. */
export function textOf(value: unknown): string | null {
	if (typeof value === "string" && value.length > 4_096)
		throw new NotUnderstood("a text has more than 4096 characters");
	if (typeof value === "number") return String(value);
	return typeof value === "string" && value !== "" ? value : null;
}

/** A number, also one that is written as a text; null when it is neither. */
export function numberOf(value: unknown): number | null {
	if (typeof value === "number") return Number.isFinite(value) ? value : null;
	return typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : null;
}
