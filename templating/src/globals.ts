import { namespaceOf } from "./composition.ts";
import { badValue } from "./fault.ts";
import { bind } from "./library.ts";
import { pairsOf, updateDict } from "./methods.ts";
import { needInt, str } from "./print.ts";
import type { Rendering } from "./rendering.ts";
import { Callable, Dict, type Named, Native, type Value } from "./values.ts";

function range(args: Value[], named: Named, rendering: Rendering): Value {
	if (named.size > 0 || args.length === 0 || args.length > 3) throw badValue("it takes one to three whole numbers");
	const numbers = args.map((value) => needInt(value, "a bound of the range"));
	const [start = 0, stop = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
	if (step === 0) throw badValue("the step of a range must not be 0");
	const count = Math.max(0, Math.ceil((stop - start) / step));
	rendering.needElements(count);
	return Array.from({ length: count }, (_, index) => start + index * step);
}

/** Goes through its items again and again. */
class Cycler extends Native {
	readonly type = "cycler";
	private readonly items: Value[];
	private position = 0;
	constructor(items: Value[]) {
		super();
		this.items = items;
	}
	override attribute(name: string): Value | undefined {
		switch (name) {
			case "current":
				return this.items[this.position];
			case "next":
				return new Callable("next", () => {
					const item = this.items[this.position] as Value;
					this.position = (this.position + 1) % this.items.length;
					return item;
				});
			case "reset":
				return new Callable("reset", () => {
					this.position = 0;
					return null;
				});
			default:
				return undefined;
		}
	}
	print() {
		return "<Cycler>";
	}
}

/** Nothing when called first, the separator after that. */
class Joiner extends Native {
	readonly type = "joiner";
	private readonly separator: Value;
	private used = false;
	constructor(separator: Value) {
		super();
		this.separator = separator;
	}
	override call = (): Value => {
		const made = this.used ? this.separator : "";
		this.used = true;
		return made;
	};
	print() {
		return `<Joiner ${str(this.separator)}>`;
	}
}

/** Global functions of Jinja2 3.1 but `lipsum`. */
export const globals: Record<string, (rendering: Rendering) => Value> = {
	range: (rendering) => new Callable("range", (args, named) => range(args, named, rendering)),
	dict: (rendering) =>
		new Callable("dict", (args, named) => {
			const made = new Dict();
			updateDict(made, { args, named }, rendering);
			return made;
		}),
	cycler: () =>
		new Callable("cycler", (args) => {
			if (args.length === 0) throw badValue("there is nothing to cycle through");
			return new Cycler(args);
		}),
	joiner: () =>
		new Callable("joiner", (args, named) => new Joiner(bind("it", [["sep", ", "]], { args, named })[0] as Value)),
	namespace: () => new Callable("namespace", (args, named) => namespaceOf(args, named, pairsOf)),
};
