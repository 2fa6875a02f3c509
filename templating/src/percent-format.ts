import { badValue } from "./fault.ts";
import { printFloat, repr, str } from "./print.ts";
import type { Rendering } from "./rendering.ts";
import { Dict, describe, isFloat, isInt, isNumeric, isText, Tuple, textOf, toNumber, type Value } from "./values.ts";

const conversion = /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([\s\S])?/g;

/** Widest field and finest precision that formatting allows. */
export const widestField = 100_000;

/** Python's `text % values` (printf-style String Formatting). @throws as Python would */
export function formatPercent(text: string, values: Value, rendering: Rendering): string {
	const list: Value[] = values instanceof Tuple ? values : [values];
	let used = 0;
	let named = false;
	const take = () => {
		if (used >= list.length) throw badValue("there are not enough values for the format");
		return list[used++] as Value;
	};
	const number = (digits: string | undefined) => {
		if (digits === undefined) return undefined;
		const value = digits === "*" ? take() : Number(digits);
		if (typeof value !== "number" || value > widestField)
			throw badValue(`the width ${str(value as Value)} is not possible`);
		return value;
	};
	const made = text.replace(
		conversion,
		(whole, key?: string, flags = "", width?: string, precision?: string, type?: string) => {
			if (type === undefined) throw badValue("the format ends within a conversion");
			if (type === "%") return "%";
			let chosen = flags;
			let columns = number(width) ?? 0;
			if (columns < 0) {
				columns = -columns;
				chosen += "-";
			}
			const digits = whole.includes(".") ? (number(precision) ?? 0) : undefined;
			let value: Value;
			if (key !== undefined) {
				if (!(values instanceof Dict)) throw badValue("the format names keys, so it needs a mapping");
				named = true;
				const found = values.get(key);
				if (found === undefined) throw badValue(`the mapping has no key ${repr(key)}`);
				value = found;
			} else value = take();
			return pad(convert(type, value, chosen, digits), columns, chosen, type);
		},
	);
	// Lists count as mappings here, whose values need not all be used.
	if (used < list.length && !named && !(values instanceof Dict) && (values instanceof Tuple || !Array.isArray(values)))
		throw badValue("not all values are used by the format");
	rendering.needText(made.length);
	return made;
}

function pad(text: string, width: number, flags: string, type: string): string {
	if (text.length >= width) return text;
	if (flags.includes("-")) return text.padEnd(width);
	if (flags.includes("0") && !"sracb".includes(type)) {
		const sign = /^[-+ ]?(?:0[xXo])?/.exec(text)?.[0] ?? "";
		return sign + text.slice(sign.length).padStart(width - sign.length, "0");
	}
	return text.padStart(width);
}

function signed(negative: boolean, digits: string, flags: string): string {
	return (negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + digits;
}

function convert(type: string, value: Value, flags: string, precision: number | undefined): string {
	switch (type) {
		case "s":
			return str(value).slice(0, precision);
		case "r":
		case "a":
			return repr(value).slice(0, precision);
		case "c":
			if (isInt(value)) return String.fromCodePoint(Number(value));
			if (isText(value) && [...textOf(value)].length === 1) return textOf(value);
			throw badValue("`%c` needs one character");
		case "d":
		case "i":
		case "u":
		case "x":
		case "X":
		case "o": {
			if (!isNumeric(value) || (isFloat(value as Value) && !"diu".includes(type))) {
				throw badValue(`\`%${type}\` needs a number, not ${describe(value)}`);
			}
			const whole = isFloat(value as Value)
				? BigInt(Math.trunc(toNumber(value)))
				: BigInt(value as number | bigint | boolean);
			const size = whole < 0n ? -whole : whole;
			const base = type === "o" ? 8 : type === "x" || type === "X" ? 16 : 10;
			let digits = size.toString(base).padStart(precision ?? 0, "0");
			if (flags.includes("#") && base !== 10) digits = (base === 8 ? "0o" : "0x") + digits;
			return signed(whole < 0n, type === "X" ? digits.toUpperCase() : digits, flags);
		}
		case "e":
		case "E":
		case "f":
		case "F":
		case "g":
		case "G": {
			if (!isNumeric(value)) throw badValue(`\`%${type}\` needs a number, not ${describe(value)}`);
			const number = toNumber(value);
			const digits = formatFloat(Math.abs(number), type, precision ?? 6, flags.includes("#"));
			return signed(number < 0 || Object.is(number, -0), digits, flags);
		}
		default:
			throw badValue(`the format has no conversion \`%${type}\``);
	}
}

/** A number that is not negative, by C's `e`, `f` and `g`. */
export function formatFloat(value: number, type: string, precision: number, keepZeros = false): string {
	if (!Number.isFinite(value)) return type === type.toUpperCase() ? printFloat(value).toUpperCase() : printFloat(value);
	const digits = Math.min(precision, 100);
	const exponential = (places: number) => {
		const [exact = ""] = value.toExponential(Math.min(100, places + beyond)).split("e");
		const [rounded = "", exponent = ""] = value.toExponential(places).split("e");
		const mantissa = evenTie(exact, places) ?? rounded;
		return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
	};
	let text: string;
	switch (type.toLowerCase()) {
		case "f":
			text = fixed(value, digits);
			break;
		case "e":
			text = exponential(digits);
			break;
		default: {
			const places = Math.max(1, digits);
			const exponent = value === 0 ? 0 : Number(value.toExponential(places - 1).split("e")[1]);
			text = exponent < -4 || exponent >= places ? exponential(places - 1) : fixed(value, places - 1 - exponent);
			if (!keepZeros && text.includes(".")) text = text.replace(/\.?0+(?=e|$)/, "");
		}
	}
	return type === type.toUpperCase() ? text.toUpperCase() : text;
}

/** Digits of the exact decimal value beyond those that are kept: enough to tell a tie. */
const beyond = 60;

/**
 * A number with so many digits after the point, a tie to the even digit as C and Python do it, while `toFixed` rounds it up. Numbers
 * of any size: from 1e21 `toFixed` would answer an exponent.
 */
export function fixed(value: number, digits: number): string {
	if (value >= 1e21) {
		const whole = String(BigInt(value));
		return digits === 0 ? whole : `${whole}.${"0".repeat(digits)}`;
	}
	return evenTie(value.toFixed(Math.min(100, digits + beyond)), digits) ?? value.toFixed(digits);
}

/** What is kept of an exact decimal that ends in a tie after an even digit; undefined where common rounding does. */
function evenTie(exact: string, digits: number): string | undefined {
	const point = exact.indexOf(".");
	if (point < 0 || !/^50*$/.test(exact.slice(point + 1 + digits))) return undefined;
	const kept = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
	return Number(kept.at(-1)) % 2 === 0 ? kept : undefined;
}
