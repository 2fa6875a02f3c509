import { badValue } from "./fault.ts";
import type { Scope } from "./rendering.ts";
import { Dict, type Named, Native, orElse, tupleFrom, Undefined, type Value } from "./values.ts";

/** Which of the names that a macro is given without declaring them its body mentions. */
export interface MacroUses {
	varargs: boolean;
	kwargs: boolean;
	caller: boolean;
}

/** What `{% macro %}` makes (Jinja2, "Macros"). */
export class Macro extends Native {
	readonly type = "macro";
	readonly name: string;
	private readonly parameters: string[];
	private readonly uses: MacroUses;
	override call: (args: Value[], named: Named) => Value;

	constructor(name: string, parameters: string[], uses: MacroUses, call: (args: Value[], named: Named) => Value) {
		super();
		this.name = name;
		this.parameters = parameters;
		this.uses = uses;
		this.call = call;
	}
	override attribute(name: string): Value | undefined {
		switch (name) {
			case "name":
				return this.name;
			case "arguments":
				return tupleFrom(this.parameters);
			case "catch_kwargs":
				return this.uses.kwargs;
			case "catch_varargs":
				return this.uses.varargs;
			case "caller":
				return this.uses.caller;
			default:
				return undefined;
		}
	}
	print() {
		return `<Macro '${this.name}'>`;
	}
}

/** Gives the macro's scope its parameters. Defaults may use parameters before them. @throws as Jinja2 would */
export function bindMacro(
	macro: string,
	parameters: { name: string; fallback: (() => Value) | undefined }[],
	uses: MacroUses,
	scope: Scope,
	args: Value[],
	named: Named,
): void {
	const rest = new Map(named);
	const declaresCaller = parameters.some(({ name }) => name === "caller");
	for (const [index, { name, fallback }] of parameters.entries()) {
		const byName = rest.get(name);
		rest.delete(name);
		if (index < args.length) {
			if (byName !== undefined) throw badValue(`the macro \`${macro}\` is given \`${name}\` twice`);
			scope.own.set(name, args[index] as Value);
		} else {
			const missing = () => new Undefined(name, `\`${name}\` is not given to the macro \`${macro}\``);
			const value = orElse(byName, fallback ?? missing);
			scope.own.set(name, value);
		}
	}
	if (uses.caller && !declaresCaller) {
		scope.own.set(
			"caller",
			orElse(
				rest.get("caller"),
				() => new Undefined("caller", `the macro \`${macro}\` is not used by a \`call\` block`),
			),
		);
		rest.delete("caller");
	}
	if (uses.kwargs) scope.own.set("kwargs", Dict.from(rest));
	else {
		const [unknown] = rest.keys();
		if (unknown === "caller")
			throw badValue(`the macro \`${macro}\` does not use \`caller\`, so a \`call\` block cannot use it`);
		if (unknown !== undefined) throw badValue(`the macro \`${macro}\` has no parameter \`${unknown}\``);
	}
	if (uses.varargs) scope.own.set("varargs", tupleFrom(args.slice(parameters.length)));
	else if (args.length > parameters.length) {
		throw badValue(`the macro \`${macro}\` takes at most ${parameters.length} arguments, but ${args.length} are given`);
	}
}
