import { formatBraces } from "./brace-format.ts";
import { badValue } from "./fault.ts";
import { BoundMethod, findMethod } from "./methods.ts";
import { needInt, repr, str } from "./print.ts";
import {
	charactersOf,
	Dict,
	describe,
	isInt,
	isText,
	Markup,
	NamedTuple,
	Native,
	Tuple,
	textLength,
	textOf,
	tupleFrom,
	Undefined,
	type Value,
	View,
} from "./values.ts";

/** Methods of strings that themselves look into values. */
function formatMethod(text: string, name: string): BoundMethod | undefined {
	const access = { attributeOf, itemOf };
	if (name === "format") {
		return new BoundMethod(name, ({ args, named }, rendering) => formatBraces(text, args, named, rendering, access));
	}
	if (name !== "format_map") return undefined;
	return new BoundMethod(name, ({ args: [mapping] }, rendering) => {
		if (!(mapping instanceof Dict)) throw badValue("it needs a mapping");
		return formatBraces(
			text,
			[],
			new Map(mapping.entries().map(([key, value]) => [str(key), value])),
			rendering,
			access,
		);
	});
}

/** `of.name`: an attribute or method, else an item; undefined when there is neither. */
export function attributeOf(of: Value, name: string): Value | undefined {
	if (of instanceof Undefined) throw of.fault();
	const method = findMethod(of, name) ?? (isText(of) ? formatMethod(textOf(of), name) : undefined);
	if (method !== undefined) return method;
	if (of instanceof Dict) return of.get(name);
	if (of instanceof NamedTuple) return of[of.names.indexOf(name)];
	return of instanceof Native ? of.attribute(name) : undefined;
}

/** `of[key]`: an item, else an attribute; undefined when there is neither. */
export function itemOf(of: Value, key: Value): Value | undefined {
	if (of instanceof Undefined) throw of.fault();
	if (key instanceof Undefined) throw key.fault();
	if (key instanceof SliceKey) return slice(of, key);
	if (of instanceof Dict) {
		const value = of.get(key);
		if (value !== undefined) return value;
	} else if (isInt(key) || typeof key === "boolean") {
		const index = Number(key);
		if (Array.isArray(of) && !(of instanceof View)) return of[index < 0 ? of.length + index : index];
		if (isText(of)) {
			const text = textOf(of);
			const characters = text.length === textLength(text) ? text : charactersOf(text);
			return characters[index < 0 ? characters.length + index : index];
		}
	}
	return isText(key) ? attributeOf(of, textOf(key)) : undefined;
}

/** What stands between the brackets of `list[1:3]`. */
export class SliceKey extends Native {
	readonly type = "slice";
	readonly start: Value;
	readonly stop: Value;
	readonly step: Value;
	constructor(start: Value, stop: Value, step: Value) {
		super();
		this.start = start;
		this.stop = stop;
		this.step = step;
	}
	print() {
		return `slice(${repr(this.start)}, ${repr(this.stop)}, ${repr(this.step)})`;
	}
}

function slice(of: Value, { start, stop, step }: SliceKey): Value | undefined {
	if (!isText(of) && !Array.isArray(of)) throw badValue(`${describe(of)} has no slices`);
	const items = isText(of) ? charactersOf(textOf(of)) : of;
	const by = step === null ? 1 : needInt(step, "the step of a slice");
	if (by === 0) throw badValue("the step of a slice must not be 0");
	const [least, most] = by > 0 ? [0, items.length] : [-1, items.length - 1];
	const bound = (given: Value, fallback: number) => {
		if (given === null) return fallback;
		const index = needInt(given, "the bounds of a slice");
		return Math.min(most, Math.max(least, index < 0 ? index + items.length : index));
	};
	const from = bound(start, by > 0 ? least : most);
	const to = bound(stop, by > 0 ? most : least);
	const taken: Value[] = [];
	for (let index = from; by > 0 ? index < to : index > to; index += by) taken.push(items[index] as Value);
	if (isText(of)) return of instanceof Markup ? new Markup(taken.join("")) : taken.join("");
	return of instanceof Tuple ? tupleFrom(taken) : taken;
}
