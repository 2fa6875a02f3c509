/** What is told of a variable's kind by the way a template uses it. */
export type TypeHint = "string" | "number" | "boolean" | "ip";

/** A variable that a template needs from outside. */
export interface TemplateVariable {
	/** Empty for what stands in a list. */
	name: string;
	shape: "scalar" | "list" | "mapping" | "any";
	/** False where the template does without it: it has a default, or asks whether it is defined. */
	required: boolean;
	/** Of a mapping: the keys that are asked for. */
	keys: TemplateVariable[];
	/** What stands in a list, or under every key of a mapping that is walked through; null where nothing tells. */
	items: TemplateVariable | null;
	/** The literal that `default` gives. */
	default?: string | number | boolean | null;
	type_hint?: TypeHint;
	/** Where it is used first. */
	template: string;
	line: number;
	/** Every line of that template that uses it. */
	lines: number[];
}

export interface Spot {
	template: string;
	line: number;
}

/** What is known so far of a variable, a key of it or its elements. */
export class Usage {
	readonly name: string;
	readonly keys = new Map<string, Usage>();
	items: Usage | undefined;
	required = false;
	fallback: { value: string | number | boolean | null } | undefined;
	/** How often each kind of use was seen. */
	readonly seen = { scalar: 0, list: 0, mapping: 0, test: 0 };
	readonly hints = new Set<TypeHint>();
	private first: Spot | undefined;
	private readonly lines = new Set<number>();

	constructor(name: string) {
		this.name = name;
	}
	at({ template, line }: Spot): void {
		this.first ??= { template, line };
		if (template === this.first.template) this.lines.add(line);
	}
	key(name: string): Usage {
		let found = this.keys.get(name);
		if (found === undefined) {
			found = new Usage(name);
			this.keys.set(name, found);
		}
		return found;
	}
	item(): Usage {
		this.items ??= new Usage("");
		return this.items;
	}
	/** Takes over what is known of another, as a macro's parameter tells of what it is given. */
	absorb(other: Usage, depth = 0): void {
		if (other === this || depth > 20) return;
		for (const kind of ["scalar", "list", "mapping", "test"] as const) this.seen[kind] += other.seen[kind];
		for (const hint of other.hints) this.hints.add(hint);
		if (depth > 0) {
			this.required ||= other.required;
			this.fallback ??= other.fallback;
			if (other.first !== undefined) this.at(other.first);
		}
		for (const [name, key] of [...other.keys]) this.key(name).absorb(key, depth + 1);
		if (other.items !== undefined) this.item().absorb(other.items, depth + 1);
	}
	describe(fallbackSpot: Spot = { template: "", line: 0 }): TemplateVariable {
		const spot = this.first ?? fallbackSpot;
		const hint = this.hint();
		return {
			name: this.name,
			shape: this.shape(),
			required: this.required,
			keys: [...this.keys.values()].map((key) => key.describe(spot)),
			items: this.items?.describe(spot) ?? null,
			...(this.fallback !== undefined && { default: this.fallback.value }),
			...(hint !== undefined && { type_hint: hint }),
			...spot,
			lines: [...this.lines].sort((a, b) => a - b),
		};
	}
	private shape(): TemplateVariable["shape"] {
		if (this.keys.size > 0 || this.seen.mapping > 0) return "mapping";
		if (this.seen.list > 0 || this.items !== undefined) return "list";
		const onlyTested = this.seen.test > 0 && (this.hints.has("boolean") || this.hints.size === 0);
		return this.seen.scalar > 0 || this.hints.size > 0 || (onlyTested && this.fallback !== undefined)
			? "scalar"
			: "any";
	}
	private hint(): TypeHint | undefined {
		if (this.shape() === "mapping" || this.shape() === "list") return undefined;
		if (this.shape() === "any" && this.seen.test > 0) return "boolean";
		for (const hint of ["ip", "number", "string", "boolean"] as const) if (this.hints.has(hint)) return hint;
		return undefined;
	}
}
