import type { Comparison, Operator } from "./ast.ts";
import { badValue, TemplateFault } from "./fault.ts";
import { formatPercent } from "./percent-format.ts";
import { markup } from "./print.ts";
import type { Rendering } from "./rendering.ts";
import {
	compare,
	Dict,
	describe,
	equal,
	type Float,
	isFloat,
	isInt,
	isNumeric,
	isText,
	iterate,
	lengthOf,
	Markup,
	makeFloat,
	makeInt,
	Tuple,
	textOf,
	toNumber,
	tupleFrom,
	Undefined,
	type Value,
} from "./values.ts";

type Numeric = number | bigint | Float | boolean;

const whole = (value: Numeric): bigint => BigInt(value as number | bigint | boolean);

/** Longest whole number, in bits: more than any address or counter needs, and quick to work with. */
const longestInt_bits = 65_536;

function needBits(bits: number): void {
	if (bits > longestInt_bits) throw new TemplateFault("template.too_large", "the number would have too many digits");
}
const bitsOf = (value: bigint): number => value.toString(16).length * 4;

/** Python's arithmetic; `+` and `*` of strings and lists too, and `%` as formatting. */
export function calculate(operator: Operator, left: Value, right: Value, rendering: Rendering): Value {
	if (left instanceof Undefined) throw left.fault();
	if (right instanceof Undefined) throw right.fault();
	if (isNumeric(left) && isNumeric(right)) return arithmetic(operator, left, right);
	if (operator === "+") {
		if (isText(left) && isText(right)) {
			rendering.needText(textOf(left).length + textOf(right).length);
			if (left instanceof Markup || right instanceof Markup) return new Markup(markup(left).text + markup(right).text);
			return left + right;
		}
		if (Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple) {
			rendering.needElements(left.length + right.length);
			return left instanceof Tuple ? tupleFrom([...left, ...right]) : [...left, ...right];
		}
	}
	if (operator === "*") {
		if (isInt(right) || typeof right === "boolean") {
			if (isText(left) || Array.isArray(left)) return repeat(left, Number(right), rendering);
		} else if ((isInt(left) || typeof left === "boolean") && (isText(right) || Array.isArray(right))) {
			return repeat(right, Number(left), rendering);
		}
	}
	if (operator === "%" && isText(left)) {
		const text = formatPercent(textOf(left), right, rendering);
		return left instanceof Markup ? new Markup(text) : text;
	}
	throw badValue(`\`${operator}\` does not work with ${describe(left)} and ${describe(right)}`);
}

function repeat(of: string | Markup | Value[], times: number, rendering: Rendering): Value {
	const count = Math.max(0, times);
	if (lengthOf(of) === 0) return of;
	if (Array.isArray(of)) {
		rendering.needElements(of.length * count);
		const items = Array.from({ length: count }, () => of).flat() as Value[];
		return of instanceof Tuple ? tupleFrom(items) : items;
	}
	rendering.needText(textOf(of).length * count);
	return of instanceof Markup ? new Markup(of.text.repeat(count)) : of.repeat(count);
}

function arithmetic(operator: Operator, left: Numeric, right: Numeric): Value {
	if (operator === "/") {
		if (toNumber(right) === 0) throw badValue("division by zero");
		return makeFloat(toNumber(left) / toNumber(right));
	}
	if (isFloat(left as Value) || isFloat(right as Value)) return floats(operator, toNumber(left), toNumber(right));
	if (typeof left === "number" && typeof right === "number") {
		const quick =
			operator === "+" ? left + right : operator === "-" ? left - right : operator === "*" ? left * right : Number.NaN;
		if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
	}
	return wholes(operator, whole(left), whole(right));
}

function floats(operator: Operator, a: number, b: number): Value {
	switch (operator) {
		case "+":
			return makeFloat(a + b);
		case "-":
			return makeFloat(a - b);
		case "*":
			return makeFloat(a * b);
		case "**": {
			if (a === 0 && b < 0) throw badValue("0 cannot be raised to a negative power");
			const power = a ** b;
			if (Number.isNaN(power) && !Number.isNaN(a) && !Number.isNaN(b)) throw badValue("the power is not a real number");
			if (!Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b)) throw badValue("the power is too large");
			return makeFloat(power);
		}
		default: {
			if (b === 0) throw badValue("division by zero");
			// CPython's float_divmod: the quotient comes from the remainder, so that both fit each other.
			let rest = a % b;
			let quotient = (a - rest) / b;
			if (rest === 0) rest = b < 0 ? -0 : 0;
			else if (rest < 0 !== b < 0) {
				rest += b;
				quotient -= 1;
			}
			if (operator === "%") return makeFloat(rest);
			const floor = Math.floor(quotient);
			if (quotient === 0) return makeFloat(a / b < 0 || Object.is(a / b, -0) ? -0 : 0);
			return makeFloat(quotient - floor > 0.5 ? floor + 1 : floor);
		}
	}
}

function wholes(operator: Operator, a: bigint, b: bigint): Value {
	switch (operator) {
		case "+":
			return makeInt(a + b);
		case "-":
			return makeInt(a - b);
		case "*":
			needBits(bitsOf(a) + bitsOf(b));
			return makeInt(a * b);
		case "**":
			if (b < 0n) return floats("**", Number(a), Number(b));
			if (a !== 0n && a !== 1n && a !== -1n) needBits(bitsOf(a) * Number(b));
			return makeInt(a ** b);
		default: {
			if (b === 0n) throw badValue("division by zero");
			const rest = a % b;
			const adjust = rest !== 0n && rest < 0n !== b < 0n;
			if (operator === "//") return makeInt(a / b - (adjust ? 1n : 0n));
			return makeInt(adjust ? rest + b : rest);
		}
	}
}

export function negate(value: Value): Value {
	if (value instanceof Undefined) throw value.fault();
	if (!isNumeric(value)) throw badValue(`\`-\` does not work with ${describe(value)}`);
	if (isFloat(value as Value)) return makeFloat(-toNumber(value));
	return makeInt(-whole(value));
}

export function unaryPlus(value: Value): Value {
	if (value instanceof Undefined) throw value.fault();
	if (!isNumeric(value)) throw badValue(`\`+\` does not work with ${describe(value)}`);
	return typeof value === "boolean" ? Number(value) : value;
}

/** Python's comparison operators. */
export function compareBy(operator: Comparison, left: Value, right: Value): boolean {
	switch (operator) {
		case "==":
			return equal(left, right);
		case "!=":
			return !equal(left, right);
		case "<":
			return compare(left, right, operator) < 0;
		case "<=":
			return compare(left, right, operator) <= 0;
		case ">":
			return compare(left, right, operator) > 0;
		case ">=":
			return compare(left, right, operator) >= 0;
		case "in":
			return contains(right, left);
		case "not in":
			return !contains(right, left);
	}
}

/** Python's `in`. */
export function contains(container: Value, item: Value): boolean {
	if (container instanceof Undefined) throw container.fault();
	if (isText(container)) {
		if (item instanceof Undefined) throw item.fault();
		if (!isText(item)) throw badValue(`a string contains only strings, not ${describe(item)}`);
		return textOf(container).includes(textOf(item));
	}
	if (container instanceof Dict) return container.has(item);
	return iterate(container).some((one) => equal(one, item));
}
