import { badValue, TemplateFault } from "./fault.ts";
import { Dict, describe, Float, Markup, Native, Tuple, Undefined, type Value, View } from "./values.ts";

/** A float as Python's `repr` prints it: shortest digits, exponent from 1e16 and below 1e-4. */
export function printFloat(value: number): string {
	if (Number.isNaN(value)) return "nan";
	if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
	if (Object.is(value, -0)) return "-0.0";
	const size = Math.abs(value);
	if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
		const [digits = "", exponent = ""] = value.toExponential().split("e");
		const sign = exponent.startsWith("-") ? "-" : "+";
		return `${digits}e${sign}${exponent.slice(1).padStart(2, "0")}`;
	}
	const text = String(value);
	return text.includes(".") ? text : `${text}.0`;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\\'"]/u;
const namedEscapes: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

/** A string as Python's `repr` prints it. */
export function quote(text: string): string {
	const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
	if (!unprintable.test(text)) return mark + text + mark;
	let printed = "";
	for (const character of text) {
		const escaped = namedEscapes[character];
		if (escaped !== undefined) printed += escaped;
		else if (character === mark) printed += `\\${character}`;
		else if (character === " " || character === "'" || character === '"' || !unprintable.test(character))
			printed += character;
		else {
			const code = character.codePointAt(0) ?? 0;
			const hex = code.toString(16);
			if (code < 0x100) printed += `\\x${hex.padStart(2, "0")}`;
			else if (code < 0x10000) printed += `\\u${hex.padStart(4, "0")}`;
			else printed += `\\U${hex.padStart(8, "0")}`;
		}
	}
	return mark + printed + mark;
}

const deepestPrint = 100;

/** Python's `repr`. */
export function repr(value: Value, depth = 0): string {
	if (depth > deepestPrint)
		throw new TemplateFault("template.too_deep", "a value is too deep to print, or contains itself");
	if (typeof value === "string") return quote(value);
	if (value instanceof Markup) return `Markup(${quote(value.text)})`;
	if (Array.isArray(value)) {
		const items = value.map((item) => repr(item, depth + 1)).join(", ");
		if (value instanceof Tuple) return value.length === 1 ? `(${items},)` : `(${items})`;
		return value instanceof View ? `${value.kind}([${items}])` : `[${items}]`;
	}
	if (value instanceof Dict) {
		return `{${value
			.entries()
			.map(([key, item]) => `${repr(key, depth + 1)}: ${repr(item, depth + 1)}`)
			.join(", ")}}`;
	}
	return str(value);
}

/** Python's `str`: what a template prints. @throws for what is undefined */
export function str(value: Value): string {
	if (typeof value === "string") return value;
	if (typeof value === "number") return Number.isInteger(value) ? String(value) : printFloat(value);
	if (value === null) return "None";
	if (typeof value === "boolean") return value ? "True" : "False";
	if (typeof value === "bigint") return String(value);
	if (value instanceof Float) return printFloat(value.value);
	if (value instanceof Markup) return value.text;
	if (value instanceof Undefined) {
		if (value.lenient) return "";
		throw value.fault();
	}
	if (value instanceof Native) return value.print();
	return repr(value);
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };

/** markupsafe's `escape`. */
export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A value as HTML: Markup stays, all else is escaped. */
export function markup(value: Value): Markup {
	return value instanceof Markup ? value : new Markup(escapeHtml(str(value)));
}

/** @throws when it is not a string */
export function needText(value: Value, what: string): string {
	if (typeof value === "string") return value;
	if (value instanceof Markup) return value.text;
	if (value instanceof Undefined) throw value.fault();
	throw badValue(`${what} must be a string, not ${describe(value)}`);
}

/** @throws when it is not a whole number that fits */
export function needInt(value: Value, what: string): number {
	if (typeof value === "boolean") return Number(value);
	if (typeof value === "number" && Number.isInteger(value)) return value;
	if (value instanceof Undefined) throw value.fault();
	throw badValue(`${what} must be a whole number, not ${describe(value)}`);
}
