import { TemplateFault } from "./fault.ts";
import type { RenderLimits } from "./limits.ts";
import type { Named, Native, Value } from "./values.ts";

/** What a filter, test or call is given. */
export interface Given {
	args: Value[];
	named: Named;
}

/** What stands after `|`. */
export type Filter = (value: Value, given: Given, rendering: Rendering) => Value;
/** What stands after `is`. */
export type Test = (value: Value, given: Given, rendering: Rendering) => boolean;

/** Everything that templates may use by name. */
export interface Library {
	filters: ReadonlyMap<string, Filter>;
	tests: ReadonlyMap<string, Test>;
	globals: ReadonlyMap<string, (rendering: Rendering) => Value>;
}

/** What an import gives. */
export type Imported = Native & { readonly name: string };

/** What a part of a template runs with. */
export interface Frame {
	rendering: Rendering;
	scope: Scope;
	output: Output;
	context: Context;
	run: TemplateRun;
	/** Set where `set` makes a variable of the template itself, which others may import. */
	top: boolean;
}

export type Evaluate = (frame: Frame) => Value;
/** Answers what a loop around must do. */
export type Execute = (frame: Frame) => undefined | "break" | "continue";

export interface CompiledTemplate {
	name: string;
	body: Execute;
	blocks: ReadonlyMap<string, CompiledBlock>;
}

export interface CompiledBlock {
	template: CompiledTemplate;
	name: string;
	required: boolean;
	place: Place;
	body: Execute;
}

/** What a template and those that it extends share while they are rendered. */
export interface Context {
	/** Variables of the template itself. */
	scope: Scope;
	/** Names that others may import. */
	exported: Set<string>;
	/** By name, the block of the template that extends first, that of the outermost template last. */
	blocks: Map<string, CompiledBlock[]>;
}

/** One template of a chain of templates that extend each other, being rendered. */
export interface TemplateRun {
	output: Output;
	/** Set once the template has said what it extends. */
	parent: CompiledTemplate | undefined;
}

/** The templates of one request by name, compiled when first used. */
export interface TemplateSet {
	/** @throws template.not_included, template.syntax */
	load(name: string): CompiledTemplate;
	has(name: string): boolean;
}

/** Where the rendering is, for the message of a fault. */
export interface Place {
	template: string;
	line: number;
}

/** Variables of a block of a template; what is not found here is looked for in the scope around. */
export class Scope {
	readonly own = new Map<string, Value>();
	readonly around: Scope | undefined;

	constructor(around: Scope | undefined) {
		this.around = around;
	}
	find(name: string): Value | undefined {
		let scope: Scope | undefined = this;
		while (scope !== undefined) {
			const value = scope.own.get(name);
			if (value !== undefined) return value;
			scope = scope.around;
		}
		return undefined;
	}
}

/** Text as it is made. */
export class Output {
	private readonly parts: string[] = [];
	private length = 0;
	private readonly rendering: Rendering;
	/** What a template says after it has said which template it extends is not part of the text. */
	muted = false;

	constructor(rendering: Rendering) {
		this.rendering = rendering;
	}
	add(text: string): void {
		if (this.muted || text === "") return;
		this.length += text.length;
		this.rendering.needText(this.length);
		this.parts.push(text);
	}
	text(): string {
		return this.parts.join("");
	}
}

/** How many steps pass between two looks at the clock. */
const stepsPerLook = 512;

/** One rendering of one template with one set of variables: what it may still use, and where it is. */
export class Rendering {
	readonly library: Library;
	readonly templates: TemplateSet;
	readonly limits: RenderLimits;
	/** What was imported without context: it is the same wherever it is imported. */
	readonly modules = new Map<string, Imported>();
	at: Place;
	/** Whether what is printed is escaped as HTML. */
	autoescape = false;
	private fuel: number;
	private untilLook = stepsPerLook;
	private depth = 0;
	private readonly deadline: number;

	constructor(library: Library, templates: TemplateSet, limits: RenderLimits, entry: string, deadline: number) {
		this.library = library;
		this.templates = templates;
		this.limits = limits;
		this.fuel = limits.fuel;
		this.at = { template: entry, line: 0 };
		this.deadline = Math.min(deadline, performance.now() + limits.time_ms);
	}
	/** Takes a step. @throws template.too_slow */
	step(): void {
		if (--this.untilLook > 0) return;
		this.untilLook = stepsPerLook;
		this.fuel -= stepsPerLook;
		if (this.fuel < 0)
			throw new TemplateFault(
				"template.too_slow",
				`still rendering after ${this.limits.fuel.toLocaleString("en")} steps`,
			);
		this.look();
	}
	/** Looks at the clock, before work whose size is not known. @throws template.too_slow */
	look(): void {
		if (performance.now() > this.deadline) {
			throw new TemplateFault("template.too_slow", `still rendering after ${this.limits.time_ms / 1_000} s`);
		}
	}
	/** @throws template.too_large when a text of this length must not be made */
	needText(length: number): void {
		if (length > this.limits.output_length) {
			throw new TemplateFault(
				"template.too_large",
				`the text would be longer than ${this.limits.output_length.toLocaleString("en")} characters`,
			);
		}
	}
	/** @throws template.too_large when a list or mapping with so many elements must not be made */
	needElements(count: number): void {
		if (count > this.limits.elements) {
			throw new TemplateFault(
				"template.too_large",
				`a list would have more than ${this.limits.elements.toLocaleString("en")} elements`,
			);
		}
	}
	/** Does what may lead to itself again. @throws template.too_deep */
	deeper<T>(work: () => T): T {
		if (++this.depth > this.limits.depth) {
			throw new TemplateFault(
				"template.too_deep",
				`macros, blocks and includes are more than ${this.limits.depth} levels deep`,
			);
		}
		try {
			return work();
		} finally {
			this.depth--;
		}
	}
}
