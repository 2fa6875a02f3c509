/** A JMESPath expression as a tree. `left` is what stands before, evaluated first; the rest works on its value. */
export type Node =
	| { type: "current" }
	| { type: "field"; name: string }
	| { type: "literal"; value: unknown }
	| { type: "index"; index: number }
	| { type: "slice"; start: number | undefined; stop: number | undefined; step: number | undefined; position: number }
	/** `a.b`, `a[0]`, and `a | b`: the right side on the value of the left. */
	| { type: "chain"; left: Node; right: Node }
	/** `[*]`, `[]`, `[?...]`, `*`, slices: the right side on each element, nulls left out. */
	| { type: "projection"; left: Node; right: Node; over: "list" | "values" }
	| { type: "filter"; left: Node; right: Node; condition: Node }
	| { type: "flatten"; node: Node }
	| { type: "comparison"; operator: Comparator; left: Node; right: Node }
	| { type: "and" | "or"; left: Node; right: Node }
	| { type: "not"; node: Node }
	| { type: "list"; items: Node[] }
	| { type: "hash"; entries: { key: string; node: Node }[] }
	| { type: "call"; name: string; arguments: Node[]; position: number }
	/** `&expression`: an argument that the function evaluates itself. */
	| { type: "reference"; node: Node };

export type Comparator = "==" | "!=" | "<" | "<=" | ">" | ">=";
