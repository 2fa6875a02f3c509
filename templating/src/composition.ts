// How templates use each other: blocks of what they extend, includes, imports.
import { badValue, locate, TemplateFault } from "./fault.ts";
import { needText, repr } from "./print.ts";
import {
	type CompiledTemplate,
	type Context,
	type Frame,
	type Imported,
	Output,
	type Place,
	type Rendering,
	Scope,
	type TemplateRun,
} from "./rendering.ts";
import { describe, Markup, Native, Undefined, type Value } from "./values.ts";

/** Renders a template, and what it extends, into the output. */
export function renderInto(
	template: CompiledTemplate,
	rendering: Rendering,
	output: Output,
	around: Scope | undefined,
): Context {
	const context: Context = { scope: new Scope(around), exported: new Set(), blocks: new Map() };
	rendering.deeper(() => renderChain(template, rendering, output, context));
	return context;
}

function renderChain(template: CompiledTemplate, rendering: Rendering, output: Output, context: Context): void {
	for (const [name, block] of template.blocks) {
		const known = context.blocks.get(name);
		if (known === undefined) context.blocks.set(name, [block]);
		else known.push(block);
	}
	const run: TemplateRun = { output, parent: undefined };
	template.body({ rendering, scope: context.scope, output, context, run, top: true });
	const { parent } = run;
	if (parent === undefined) return;
	output.muted = false;
	rendering.deeper(() => renderChain(parent, rendering, output, context));
}

/** A block as `self.name()` and `super()` call it. */
export class BlockReference extends Native {
	readonly type = "block";
	private readonly name: string;
	private readonly level: number;
	private readonly frame: Frame;
	private readonly scoped: Scope | undefined;

	/** @param scoped where a block that is marked `scoped` stands */
	constructor(name: string, level: number, frame: Frame, scoped: Scope | undefined) {
		super();
		this.name = name;
		this.level = level;
		this.frame = frame;
		this.scoped = scoped;
	}
	/** Renders the block into an output. */
	into(output: Output): void {
		const { rendering, context } = this.frame;
		const chain = context.blocks.get(this.name) ?? [];
		const block = chain[this.level];
		if (block === undefined) throw new Undefined(this.name, `there is no block \`${this.name}\``).fault();
		if (block.required && this.level === 0) {
			throw new TemplateFault(
				"template.bad_value",
				`no template fills the required block \`${this.name}\``,
				block.place,
			);
		}
		const scope = new Scope(this.scoped ?? context.scope);
		const frame: Frame = { rendering, context, scope, output, run: { output, parent: undefined }, top: false };
		scope.own.set(
			"super",
			this.level + 1 < chain.length
				? new BlockReference(this.name, this.level + 1, this.frame, this.scoped)
				: new Undefined("super", `no template that this one extends has a block \`${this.name}\``),
		);
		const before = rendering.at;
		rendering.deeper(() =>
			locate(
				() => rendering.at,
				() => block.body(frame),
			),
		);
		rendering.at = before;
	}
	override call = (): Value => {
		const output = new Output(this.frame.rendering);
		this.into(output);
		return this.frame.rendering.autoescape ? new Markup(output.text()) : output.text();
	};
	override attribute(name: string): Value | undefined {
		return name === "super" ? new BlockReference(this.name, this.level + 1, this.frame, this.scoped) : undefined;
	}
	print() {
		return `<Block ${this.name}>`;
	}
}

/** `self`: the template's blocks by name. */
export class SelfReference extends Native {
	readonly type = "template";
	private readonly frame: Frame;
	constructor(frame: Frame) {
		super();
		this.frame = frame;
	}
	override attribute(name: string): Value | undefined {
		return this.frame.context.blocks.has(name) ? new BlockReference(name, 0, this.frame, undefined) : undefined;
	}
	print() {
		return "<TemplateReference>";
	}
}

/** `namespace(...)`: the one object whose attributes a template may set from within a loop. */
export class Namespace extends Native {
	readonly type = "namespace";
	readonly values = new Map<string, Value>();
	override attribute(name: string): Value | undefined {
		return this.values.get(name);
	}
	print() {
		return `<Namespace {${[...this.values].map(([name, value]) => `${repr(name)}: ${repr(value)}`).join(", ")}}>`;
	}
}

/** What an import gives: the macros and variables of a template. */
export class Module extends Native {
	readonly type = "module";
	readonly name: string;
	private readonly context: Context;
	private readonly text: string;
	constructor(name: string, context: Context, text: string) {
		super();
		this.name = name;
		this.context = context;
		this.text = text;
	}
	override attribute(name: string): Value | undefined {
		const exported = this.context.exported.has(name) && !name.startsWith("_");
		return exported ? this.context.scope.own.get(name) : undefined;
	}
	print() {
		return this.text;
	}
}

export function templateName(value: Value): string {
	return needText(value, "the name of a template");
}

/** Renders a template where it is included. Of a list of names, the first that exists. */
export function includeTemplate(
	frame: Frame,
	place: Place,
	wanted: Value,
	{ ignore_missing, with_context }: { ignore_missing: boolean; with_context: boolean },
): void {
	const { rendering, output } = frame;
	if (wanted === null) throw new TemplateFault("template.not_included", "there is no template None", place);
	const names = (Array.isArray(wanted) ? wanted : [wanted]).map(templateName);
	const name = names.find((one) => rendering.templates.has(one));
	if (name === undefined) {
		if (ignore_missing) return;
		const told = names.map((one) => repr(one)).join(", ");
		throw new TemplateFault(
			"template.not_included",
			`there is no template ${told === "" ? "to include: the list is empty" : told}`,
			place,
		);
	}
	const template = rendering.templates.load(name);
	// What the other template prints after `extends` must not mute this one.
	const own = new Output(rendering);
	locate(
		() => rendering.at,
		() => renderInto(template, rendering, own, with_context ? frame.scope : undefined),
	);
	rendering.at = place;
	output.add(own.text());
}

/** What a template defines, for an import. */
export function loadModule(frame: Frame, place: Place, wanted: Value, with_context: boolean): Imported {
	const { rendering } = frame;
	const name = templateName(wanted);
	const known = with_context ? undefined : rendering.modules.get(name);
	if (known !== undefined) return known;
	const template = rendering.templates.load(name);
	const output = new Output(rendering);
	const context = locate(
		() => rendering.at,
		() => renderInto(template, rendering, output, with_context ? frame.scope : undefined),
	);
	rendering.at = place;
	const module = new Module(name, context, output.text());
	if (!with_context) rendering.modules.set(name, module);
	return module;
}

export function namespaceOf(
	args: Value[],
	named: ReadonlyMap<string, Value>,
	pairs: (value: Value) => [Value, Value][],
): Namespace {
	const made = new Namespace();
	for (const [key, value] of args.flatMap(pairs)) {
		if (typeof key !== "string") throw badValue(`${describe(key)} cannot be the name of an attribute`);
		made.values.set(key, value);
	}
	for (const [key, value] of named) made.values.set(key, value);
	return made;
}
