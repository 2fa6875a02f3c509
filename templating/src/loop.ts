import { badValue } from "./fault.ts";
import { Callable, equal, Native, orElse, Undefined, type Value } from "./values.ts";

/** What `loop` is in a loop (Jinja2, "List of Control Structures"). */
export class Loop extends Native {
	readonly type = "loop";
	index0 = 0;
	private readonly items: Value[];
	private readonly depth0: number;
	private readonly again: ((below: Value) => Value) | undefined;
	private lastChecked: Value[] | undefined;

	constructor(items: Value[], depth0: number, again: ((below: Value) => Value) | undefined) {
		super();
		this.items = items;
		this.depth0 = depth0;
		this.again = again;
	}
	override attribute(name: string): Value | undefined {
		const { items, index0, depth0 } = this;
		switch (name) {
			case "index":
				return index0 + 1;
			case "index0":
				return index0;
			case "revindex":
				return items.length - index0;
			case "revindex0":
				return items.length - index0 - 1;
			case "first":
				return index0 === 0;
			case "last":
				return index0 === items.length - 1;
			case "length":
				return items.length;
			case "depth":
				return depth0 + 1;
			case "depth0":
				return depth0;
			case "previtem":
				return orElse(
					items[index0 - 1],
					() => new Undefined("loop.previtem", "there is no previous item: this is the first"),
				);
			case "nextitem":
				return orElse(
					items[index0 + 1],
					() => new Undefined("loop.nextitem", "there is no next item: this is the last"),
				);
			case "cycle":
				return new Callable("cycle", (args) => {
					if (args.length === 0) throw badValue("there is nothing to cycle through");
					return args[this.index0 % args.length] as Value;
				});
			case "changed":
				return new Callable("changed", (args) => {
					const before = this.lastChecked;
					this.lastChecked = args;
					return (
						before === undefined ||
						before.length !== args.length ||
						!args.every((item, index) => equal(item, before[index] as Value))
					);
				});
			default:
				return undefined;
		}
	}
	override call = (args: Value[]): Value => {
		const [below] = args;
		if (this.again === undefined) throw badValue("the loop is not marked `recursive`");
		if (below === undefined) throw badValue("the loop needs something to walk through");
		return this.again(below);
	};
	override length(): number {
		return this.items.length;
	}
	print() {
		return `<LoopContext ${this.index0 + 1}/${this.items.length}>`;
	}
}
