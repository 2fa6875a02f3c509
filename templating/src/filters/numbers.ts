import { badValue } from "../fault.ts";
import { filter } from "../library.ts";
import { calculate, negate } from "../operators.ts";
import { fixed } from "../percent-format.ts";
import { needInt } from "../print.ts";
import { readFloat, readInt } from "../read-number.ts";
import type { Filter } from "../rendering.ts";
import {
	compare,
	isFloat,
	isNumeric,
	isText,
	makeFloat,
	makeInt,
	textOf,
	toNumber,
	Undefined,
	type Value,
} from "../values.ts";

/** Python's `round` of a float: half to even, judged on the number's exact value. */
function roundFloat(value: number, digits: number): number {
	if (!Number.isFinite(value) || digits > 20) return value;
	if (digits < 0) {
		const unit = 10 ** -digits;
		const scaled = value / unit;
		const floor = Math.floor(scaled);
		const rest = scaled - floor;
		return (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) * unit;
	}
	if (Math.abs(value) >= 1e15) return value;
	const rounded = Number(fixed(Math.abs(value), digits));
	return value < 0 ? -rounded : rounded;
}

const round = filter(
	[
		["precision", 0],
		["method", "common"],
	],
	(value, [precision, method], rendering) => {
		if (value instanceof Undefined) throw value.fault();
		if (method !== "common" && method !== "ceil" && method !== "floor")
			throw badValue("the method is `common`, `ceil` or `floor`");
		if (!isNumeric(value)) throw badValue("it rounds numbers only");
		const digits = needInt(precision as Value, "precision");
		if (Math.abs(digits) > 300) throw badValue("the precision is not possible");
		if (method === "common") {
			if (isFloat(value as Value)) return makeFloat(roundFloat(toNumber(value), digits));
			const whole = BigInt(value as number | bigint | boolean);
			if (digits >= 0) return makeInt(whole);
			const unit = 10n ** BigInt(-digits);
			const rest = ((whole % unit) + unit) % unit;
			const floor = whole - rest;
			const up = rest * 2n > unit || (rest * 2n === unit && (floor / unit) % 2n !== 0n);
			return makeInt(up ? floor + unit : floor);
		}
		const scale = calculate("**", 10, digits, rendering);
		const scaled = toNumber(calculate("*", value, scale, rendering) as number);
		return calculate("/", method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled), scale, rendering);
	},
);

const int = filter(
	[
		["default", 0],
		["base", 10],
	],
	(value, [fallback, base]) => {
		if (value instanceof Undefined) throw value.fault();
		if (isText(value)) {
			const radix = needInt(base as Value, "the base");
			if (radix !== 0 && (radix < 2 || radix > 36)) return fallback as Value;
			const whole = readInt(textOf(value), radix);
			if (whole !== undefined) return makeInt(whole);
		} else if (typeof value === "bigint") return value;
		const number = isText(value) ? readFloat(textOf(value)) : isNumeric(value) ? toNumber(value) : undefined;
		if (number === undefined || Number.isNaN(number)) return fallback as Value;
		if (!Number.isFinite(number)) throw badValue("an infinite number has no whole value");
		return makeInt(BigInt(Math.trunc(number)));
	},
);

export const numberFilters: Record<string, Filter> = {
	abs: filter([], (value) => {
		if (value instanceof Undefined) throw value.fault();
		if (!isNumeric(value)) throw badValue("it needs a number");
		const absolute = compare(value, 0) < 0 ? negate(value) : value;
		return typeof absolute === "boolean" ? Number(absolute) : absolute;
	}),
	round,
	int,
	float: filter([["default", makeFloat(0)]], (value, [fallback]) => {
		if (value instanceof Undefined) throw value.fault();
		const number = isText(value) ? readFloat(textOf(value)) : isNumeric(value) ? toNumber(value) : undefined;
		return number === undefined ? (fallback as Value) : makeFloat(number);
	}),
};
