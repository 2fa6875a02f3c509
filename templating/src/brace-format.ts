import { badValue } from "./fault.ts";
import { formatFloat, widestField } from "./percent-format.ts";
import { printFloat, repr, str } from "./print.ts";
import type { Rendering } from "./rendering.ts";
import { describe, isFloat, isInt, isNumeric, type Named, orElse, toNumber, Undefined, type Value } from "./values.ts";

const spec = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** How fields look into values. */
interface Access {
	attributeOf(of: Value, name: string): Value | undefined;
	itemOf(of: Value, key: Value): Value | undefined;
}

/** Python's `text.format(...)` (Format String Syntax). @throws as Python would */
export function formatBraces(
	text: string,
	args: Value[],
	named: Named,
	rendering: Rendering,
	{ attributeOf, itemOf }: Access,
): string {
	let automatic = 0;
	let numbered = false;

	function field(name: string): Value {
		const [first = ""] = /^[^.[]*/.exec(name) ?? [];
		let value: Value | undefined;
		if (first === "" || /^\d+$/.test(first)) {
			if (first === "" && numbered) throw badValue("the format mixes numbered fields and others");
			if (first !== "" && automatic > 0) throw badValue("the format mixes numbered fields and others");
			numbered ||= first !== "";
			value = args[first === "" ? automatic++ : Number(first)];
			if (value === undefined) throw badValue("there are not enough values for the format");
		} else {
			value = named.get(first);
			if (value === undefined) throw badValue(`there is no value \`${first}\` for the format`);
		}
		for (const [, attribute, key] of name.slice(first.length).matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
			const found: Value | undefined =
				attribute !== undefined
					? attributeOf(value, attribute)
					: itemOf(value, /^\d+$/.test(key ?? "") ? Number(key) : (key ?? ""));
			value = orElse(found, () => new Undefined(name));
		}
		return value;
	}

	function fill(format: string, depth: number): string {
		if (depth > 2) throw badValue("the format is nested too deep");
		let made = "";
		let position = 0;
		while (position < format.length) {
			const character = format[position] as string;
			if (character !== "{" && character !== "}") {
				made += character;
				position++;
				continue;
			}
			if (format[position + 1] === character) {
				made += character;
				position += 2;
				continue;
			}
			if (character === "}") throw badValue("the format has a single `}`");
			let open = 1;
			let end = position + 1;
			for (; end < format.length && open > 0; end++) {
				if (format[end] === "{") open++;
				else if (format[end] === "}") open--;
			}
			if (open > 0) throw badValue("the format has a `{` that is not closed");
			const inner = format.slice(position + 1, end - 1);
			const [, name = "", conversion, layout = ""] = /^([^!:]*)(?:!([\s\S]))?(?::([\s\S]*))?$/.exec(inner) ?? [];
			let value = field(name);
			if (conversion === "r" || conversion === "a") value = repr(value);
			else if (conversion === "s") value = str(value);
			else if (conversion !== undefined) throw badValue(`the format has no conversion \`!${conversion}\``);
			made += formatValue(value, layout.includes("{") ? fill(layout, depth + 1) : layout);
			rendering.needText(made.length);
			position = end;
		}
		return made;
	}
	return fill(text, 0);
}

/** Python's `format(value, spec)` (Format Specification Mini-Language). */
function formatValue(value: Value, layout: string): string {
	if (value instanceof Undefined) throw value.fault();
	if (layout === "") return str(value);
	const found = spec.exec(layout);
	if (found === null) throw badValue(`the format \`${layout}\` is not valid`);
	const [, fillWith, alignment, sign = "", , alternate, zero, width = "0", grouping, precision, type] = found;
	const columns = Number(width);
	if (columns > widestField || Number(precision ?? 0) > widestField)
		throw badValue(`the width ${width} is not possible`);
	const isNumber = isNumeric(value);
	const filler = fillWith ?? (zero !== undefined && isNumber ? "0" : " ");
	const align = alignment ?? (isNumber ? (zero !== undefined ? "=" : ">") : "<");
	if (!isNumber) {
		if (type !== undefined && type !== "s")
			throw badValue(`the format \`${type}\` does not work with ${describe(value)}`);
		if (align === "=") throw badValue(`the alignment \`=\` does not work with ${describe(value)}`);
		return aligned(
			"",
			[...str(value)].slice(0, precision === undefined ? undefined : Number(precision)).join(""),
			align,
			filler,
			columns,
		);
	}
	const number = value as number | bigint | boolean;
	const negative = isInt(number) ? number < 0 : toNumber(value as number) < 0;
	let prefix = negative ? "-" : sign === "-" ? "" : sign;
	let digits: string;
	const kind = type ?? (isFloat(value) ? "" : "d");
	if ("bodxXn".includes(kind) && kind !== "" && !isFloat(value)) {
		if (precision !== undefined) throw badValue("a whole number has no precision");
		const size = BigInt(number) < 0n ? -BigInt(number) : BigInt(number);
		const base = { b: 2, o: 8, x: 16, X: 16 }[kind] ?? 10;
		digits = size.toString(base);
		if (kind === "X") digits = digits.toUpperCase();
		if (alternate !== undefined && base !== 10) prefix += `0${kind}`;
	} else if (kind === "c") {
		digits = String.fromCodePoint(Number(number));
	} else if (kind === "%") {
		digits = `${formatFloat(Math.abs(toNumber(value as number)) * 100, "f", Number(precision ?? 6))}%`;
	} else if ("eEfFgGn".includes(kind) && kind !== "") {
		digits = formatFloat(
			Math.abs(toNumber(value as number)),
			kind === "n" ? "g" : kind,
			Number(precision ?? 6),
			alternate !== undefined,
		);
	} else if (kind === "") {
		digits =
			precision === undefined
				? printFloat(Math.abs(toNumber(value as number)))
				: withPoint(formatFloat(Math.abs(toNumber(value as number)), "g", Number(precision)));
	} else throw badValue(`the format \`${kind}\` does not work with ${describe(value)}`);
	if (grouping !== undefined) {
		const [head = "", ...rest] = digits.split(/(?=[.e%])/);
		const every = "boxX".includes(kind) ? /\B(?=(?:[\da-fA-F]{4})+$)/g : /\B(?=(?:\d{3})+$)/g;
		digits = head.replace(every, grouping) + rest.join("");
	}
	return aligned(prefix, digits, align, filler, columns);
}

const withPoint = (digits: string) => (/[.en]/.test(digits) ? digits : `${digits}.0`);

function aligned(prefix: string, text: string, align: string, filler: string, width: number): string {
	const missing = Math.max(0, width - [...prefix].length - [...text].length);
	switch (align) {
		case "<":
			return prefix + text + filler.repeat(missing);
		case "^": {
			const left = Math.floor(missing / 2);
			return filler.repeat(left) + prefix + text + filler.repeat(missing - left);
		}
		case "=":
			return prefix + filler.repeat(missing) + text;
		default:
			return filler.repeat(missing) + prefix + text;
	}
}
