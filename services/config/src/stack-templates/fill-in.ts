import { failed } from "@netconductor/runtime/errors";

/** Of what values become in all their places together; no stack that is written by hand is longer. */
const mostCharacters = 16 * 1024 * 1024;

/** `${name}`, or `$${`, which means itself. */
const place = /\$\$\{|\$\{([a-z][a-z0-9_]*)\}/g;
const wholePlace = /^\$\{([a-z][a-z0-9_]*)\}$/;

type Values = Readonly<Record<string, unknown>>;

/** Names of the parameters that a definition has places for, in the order in which they are met. */
export function placesIn(definition: unknown): Set<string> {
	const names = new Set<string>();
	walk(definition, (text) => {
		for (const [, name] of text.matchAll(place)) if (name !== undefined) names.add(name);
		return text;
	});
	return names;
}

/**
 * A definition with values in its places. A text that is one place becomes the value as it is, an entry of a list that is one place for a list becomes
 * its entries; in longer texts values are written out, in `expect` so that a pattern means them literally. Names of fields stay.
 * @throws stack_templates.bad_parameters — the values become too much: one stands in each of its places
 */
export function fillIn(definition: unknown, values: Values): unknown {
	const written = writtenOnce(values);
	let characters = 0;
	const spend = (more: number) => {
		characters += more;
		if (characters <= mostCharacters) return;
		throw failed("stack_templates.bad_parameters", {
			message: `With these values the stack would be longer than ${mostCharacters} characters: each stands in all the places of its parameter. Give shorter ones.`,
			details: { most_characters: mostCharacters },
		});
	};
	return walk(definition, (text, key) => {
		const whole = wholePlace.exec(text)?.[1];
		if (whole !== undefined && key !== "expect") {
			spend(written(whole).length);
			return valueFor(values, whole);
		}
		return text.replace(place, (_, name: string | undefined) => {
			if (name === undefined) return "${";
			spend(written(name).length);
			return key === "expect" ? literally(written(name)) : written(name);
		});
	});
}

/** Values as they stand within a longer text. */
function writtenOnce(values: Values): (name: string) => string {
	const known = new Map<string, string>();
	return (name) => {
		const before = known.get(name);
		if (before !== undefined) return before;
		const value = valueFor(values, name);
		const written = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
		known.set(name, written);
		return written;
	};
}

function valueFor(values: Values, name: string): unknown {
	return Object.hasOwn(values, name) ? values[name] : null;
}

/** A text as a pattern that matches just it. */
function literally(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The same value with every text changed. `key` is the field that the text, or the list that it stands in, belongs to. */
function walk(value: unknown, change: (text: string, key: string) => unknown, key = ""): unknown {
	if (typeof value === "string") return change(value, key);
	if (Array.isArray(value)) {
		return value.flatMap((entry) => {
			const changed = walk(entry, change, key);
			return typeof entry === "string" && wholePlace.test(entry) && Array.isArray(changed) ? changed : [changed];
		});
	}
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, walk(held, change, name)]));
}
