import { badValue, TemplateFault } from "./fault.ts";
import type { Filter, Given, Rendering, Test } from "./rendering.ts";
import { Undefined, type Value } from "./values.ts";

/** A parameter: its name alone where it must be given, else with its default. */
export type ParameterSpec = string | readonly [name: string, fallback: Value];

/** Arguments in the order of the parameters, by Python's rules for positional and named ones. @throws as Python would */
export function bind(what: string, parameters: readonly ParameterSpec[], { args, named }: Given): Value[] {
	if (args.length > parameters.length) {
		throw badValue(
			`${what} takes ${parameters.length === 0 ? "no arguments" : `at most ${parameters.length}`}, but ${args.length} are given`,
		);
	}
	const bound = parameters.map((parameter, index) => {
		const name = typeof parameter === "string" ? parameter : parameter[0];
		const byName = named.get(name);
		if (index < args.length) {
			if (byName !== undefined) throw badValue(`${what} is given \`${name}\` twice`);
			return args[index] as Value;
		}
		if (byName !== undefined) return byName;
		if (typeof parameter === "string") throw badValue(`${what} needs \`${name}\``);
		return parameter[1];
	});
	if (named.size > 0) {
		const known = new Set(parameters.map((parameter) => (typeof parameter === "string" ? parameter : parameter[0])));
		for (const name of named.keys()) if (!known.has(name)) throw badValue(`${what} has no argument \`${name}\``);
	}
	return bound;
}

/** A filter with parameters as its documentation lists them. */
export function filter(
	parameters: readonly ParameterSpec[],
	run: (value: Value, bound: Value[], rendering: Rendering) => Value,
): Filter {
	return (value, given, rendering) =>
		run(
			value,
			given.args.length === 0 && given.named.size === 0 && parameters.length === 0 ? [] : bind("it", parameters, given),
			rendering,
		);
}

/** A test with parameters as its documentation lists them. */
export function test(
	parameters: readonly ParameterSpec[],
	ask: (value: Value, bound: Value[], rendering: Rendering) => boolean,
): Test {
	return (value, given, rendering) => ask(value, bind("it", parameters, given), rendering);
}

/** Applies a filter by name; a fault names it. */
export function applyFilter(name: string, value: Value, given: Given, rendering: Rendering): Value {
	const found = rendering.library.filters.get(name);
	if (found === undefined) throw unknownFilter(name);
	rendering.look();
	try {
		return found(value, given, rendering);
	} catch (error) {
		// That the filter wants something else is not what is wrong with what is undefined.
		if (value instanceof Undefined && error instanceof TemplateFault && error.code === "template.bad_value")
			throw value.fault();
		throw inFilter(error, name);
	}
}

export function applyTest(name: string, value: Value, given: Given, rendering: Rendering): boolean {
	const found = rendering.library.tests.get(name);
	if (found === undefined) throw unknownTest(name);
	try {
		return found(value, given, rendering);
	} catch (error) {
		throw inFilter(error, name, "the test");
	}
}

function inFilter(error: unknown, name: string, what = "the filter"): unknown {
	if (!(error instanceof TemplateFault) || error.filter !== undefined || error.code !== "template.bad_value")
		return error;
	error.filter = name;
	error.message = `${what} \`${name}\`: ${error.message}`;
	return error;
}

export function unknownFilter(name: string): TemplateFault {
	return new TemplateFault("template.unknown_filter", `there is no filter \`${name}\``, { filter: name });
}

export function unknownTest(name: string): TemplateFault {
	return new TemplateFault("template.unknown_filter", `there is no test \`${name}\``, { filter: name });
}
