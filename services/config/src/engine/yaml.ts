import { Document, isMap, isScalar, isSeq, type Node, parseDocument, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { badValue, TemplateFault } from "./fault.ts";
import { str } from "./print.ts";
import {
	compare,
	Dict,
	describe,
	isFloat,
	isText,
	makeFloat,
	makeInt,
	textOf,
	toNumber,
	Undefined,
	type Value,
} from "./values.ts";

const deepest = 100;

interface YamlOptions {
	indent: number;
	sort_keys: boolean;
	/** Lists and mappings of nothing but scalars on one line, as PyYAML writes them by default. */
	flow_leaves: boolean;
}

/** YAML 1.1 as PyYAML writes it. */
export function writeYaml(value: Value, { indent, sort_keys, flow_leaves }: YamlOptions): string {
	function scalarOf(one: Value): unknown {
		if (one === null || typeof one === "boolean" || typeof one === "bigint") return one;
		if (isText(one)) return textOf(one);
		if (isFloat(one)) {
			const scalar = new Scalar(toNumber(one));
			if (Number.isInteger(scalar.value)) scalar.minFractionDigits = 1;
			return scalar;
		}
		if (typeof one === "number") return one;
		if (one instanceof Undefined) throw one.fault();
		throw badValue(`${describe(one)} cannot be written as YAML`);
	}
	function nodeOf(one: Value, depth: number): unknown {
		if (depth > deepest)
			throw new TemplateFault("template.too_deep", "the value is too deep for YAML, or contains itself");
		if (Array.isArray(one)) {
			const list = new YAMLSeq();
			list.items = one.map((item) => asNode(nodeOf(item, depth + 1)));
			list.flow = list.items.length === 0 || (flow_leaves && one.every(isLeaf));
			return list;
		}
		if (one instanceof Dict) {
			const map = new YAMLMap();
			const entries = one.entries();
			if (sort_keys) entries.sort(([a], [b]) => compare(a, b));
			for (const [key, item] of entries)
				map.add({ key: asNode(nodeOf(key, depth + 1)), value: asNode(nodeOf(item, depth + 1)) } as never);
			map.flow = entries.length === 0 || (flow_leaves && entries.every(([, item]) => isLeaf(item)));
			return map;
		}
		return scalarOf(one);
	}
	const document = new Document(undefined, { version: "1.1", aliasDuplicateObjects: false });
	const asNode = (made: unknown): Node =>
		isMap(made) || isSeq(made) || isScalar(made) ? made : (document.createNode(made) as Node);
	document.contents = asNode(nodeOf(value, 0)) as never;
	return document.toString({
		indent: Math.min(9, Math.max(2, indent)),
		indentSeq: false,
		singleQuote: true,
		lineWidth: 80,
		flowCollectionPadding: false,
		nullStr: "null",
	});
}

const isLeaf = (value: Value) => !Array.isArray(value) && !(value instanceof Dict);

/** Reads one YAML document by YAML 1.1, as PyYAML does. Tags are not followed, aliases only so often. @throws with the line */
export function readYaml(text: string): Value {
	const document = parseDocument(text, { version: "1.1", intAsBigInt: true, merge: true });
	const [error] = document.errors;
	if (error !== undefined) throw badValue(`this is not YAML: ${error.message.split("\n")[0]}`);
	let parsed: unknown;
	try {
		parsed = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
	} catch (cause) {
		throw badValue(`this is not YAML: ${cause instanceof Error ? cause.message : String(cause)}`);
	}
	return fromYaml(parsed, 0);
}

function fromYaml(given: unknown, depth: number): Value {
	if (depth > deepest) throw new TemplateFault("template.too_deep", `YAML is nested deeper than ${deepest} levels`);
	if (given === null || given === undefined) return null;
	if (typeof given === "string" || typeof given === "boolean") return given;
	if (typeof given === "bigint") return makeInt(given);
	if (typeof given === "number") return makeFloat(given);
	if (Array.isArray(given)) return given.map((item) => fromYaml(item, depth + 1));
	if (given instanceof Map)
		return Dict.from([...given].map(([key, item]) => [fromYaml(key, depth + 1), fromYaml(item, depth + 1)] as const));
	if (given instanceof Set) return [...given].map((item) => fromYaml(item, depth + 1));
	if (given instanceof Date) return given.toISOString();
	return str(String(given));
}
