/** Where a node begins in its template. */
interface At {
	line: number;
}

export interface Arguments {
	args: Expr[];
	named: { name: string; value: Expr }[];
	/** `*list` and `**mapping`. */
	spread: Expr | undefined;
	spread_named: Expr | undefined;
}

/** A literal; floats and ints differ even where their value is the same. */
export type Literal =
	| { type: "none" }
	| { type: "bool"; value: boolean }
	| { type: "int"; value: bigint }
	| { type: "float"; value: number }
	| { type: "string"; value: string };

export type Operator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export type Expr = At &
	(
		| { kind: "literal"; value: Literal }
		| { kind: "name"; name: string }
		| { kind: "list" | "tuple"; items: Expr[] }
		| { kind: "dict"; items: [key: Expr, value: Expr][] }
		| { kind: "attribute"; of: Expr; name: string }
		| { kind: "item"; of: Expr; key: Expr }
		| { kind: "slice"; start: Expr | undefined; stop: Expr | undefined; step: Expr | undefined }
		| { kind: "call"; callee: Expr; given: Arguments }
		| { kind: "filter"; name: string; of: Expr | undefined; given: Arguments }
		| { kind: "test"; name: string; of: Expr; given: Arguments }
		| { kind: "not" | "negative" | "positive"; of: Expr }
		| { kind: "and" | "or"; left: Expr; right: Expr }
		| { kind: "binary"; operator: Operator; left: Expr; right: Expr }
		| { kind: "concat"; items: Expr[] }
		| { kind: "compare"; left: Expr; steps: { operator: Comparison; right: Expr }[] }
		| { kind: "condition"; test: Expr; then: Expr; otherwise: Expr | undefined }
	);

export type Target = At &
	(
		| { kind: "name"; name: string }
		| { kind: "tuple"; items: Target[] }
		| { kind: "namespace"; name: string; attribute: string }
	);

export interface Parameter {
	name: string;
	default: Expr | undefined;
}

export type Statement = At &
	(
		| { kind: "text"; text: string }
		| { kind: "print"; value: Expr }
		| { kind: "do"; value: Expr }
		| { kind: "set"; target: Target; value: Expr }
		| { kind: "set_block"; target: Target; filter: Expr | undefined; body: Statement[] }
		| {
				kind: "for";
				target: Target;
				over: Expr;
				condition: Expr | undefined;
				recursive: boolean;
				body: Statement[];
				otherwise: Statement[];
		  }
		| { kind: "if"; branches: { test: Expr; body: Statement[] }[]; otherwise: Statement[] }
		| { kind: "with"; targets: { target: Target; value: Expr }[]; body: Statement[] }
		| { kind: "autoescape"; on: Expr; body: Statement[] }
		| { kind: "macro"; name: string; parameters: Parameter[]; body: Statement[] }
		| { kind: "call_block"; parameters: Parameter[]; call: Expr; body: Statement[] }
		| { kind: "filter_block"; filter: Expr; body: Statement[] }
		| { kind: "block"; name: string; scoped: boolean; required: boolean; body: Statement[] }
		| { kind: "extends"; template: Expr }
		| { kind: "include"; template: Expr; ignore_missing: boolean; with_context: boolean }
		| { kind: "import"; template: Expr; as: string; with_context: boolean }
		| { kind: "from"; template: Expr; names: { name: string; as: string }[]; with_context: boolean }
		| { kind: "break" | "continue" }
	);
