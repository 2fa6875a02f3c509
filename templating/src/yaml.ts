import { parseDocument } from "yaml";
import { badValue, TemplateFault } from "./fault.ts";
import { printFloat, str } from "./print.ts";
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
	/** Columns of a level. */
	indent: number;
	sort_keys: boolean;
	/** Lists and mappings of nothing but scalars on one line, as PyYAML writes them by default. */
	flow_leaves: boolean;
}

/** Plain text that YAML 1.1 takes for something else than a string (yaml.org/type). */
const resolved = [
	/^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL|<<|=|)$/,
	/^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
	/^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
	/^\d{4}-\d\d-\d\d$|^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/,
];

/** A string as it may stand in YAML: plain where it stays a string, else quoted. */
function scalarText(text: string, inFlow: boolean): string {
	if (/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u.test(text))
		return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, escapeUnit);
	const begins = /^[#,[\]{}&*!|>'"%@`]|^(?:---|\.\.\.)|^[-?:](?:\s|$)/.test(text);
	const contains = /^\s|\s$|: | #|:$/.test(text) || (inFlow && /[,?[\]{}:]/.test(text));
	if (begins || contains || resolved.some((pattern) => pattern.test(text))) return `'${text.replaceAll("'", "''")}'`;
	return text;
}

const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** YAML 1.1 laid out as PyYAML does, but that a long string stays on its line. */
export function writeYaml(value: Value, { indent, sort_keys, flow_leaves }: YamlOptions): string {
	const columns = Math.min(9, Math.max(2, indent));

	function leaf(one: Value, inFlow: boolean): string {
		if (one === null) return "null";
		if (typeof one === "boolean") return String(one);
		if (isText(one)) return scalarText(textOf(one), inFlow);
		if (isFloat(one)) {
			const number = toNumber(one);
			if (!Number.isFinite(number)) return Number.isNaN(number) ? ".nan" : number > 0 ? ".inf" : "-.inf";
			// YAML 1.1 knows no exponent without a point.
			return printFloat(number).replace(/^([^.]*)e/, "$1.0e");
		}
		if (typeof one === "number" || typeof one === "bigint") return String(one);
		if (one instanceof Undefined) throw one.fault();
		throw badValue(`${describe(one)} cannot be written as YAML`);
	}
	function entriesOf(dict: Dict): [Value, Value][] {
		const entries = dict.entries();
		return sort_keys ? entries.sort(([a], [b]) => compare(a, b)) : entries;
	}
	/** What fits on the line of its key, or undefined when it is a block. */
	function onLine(one: Value): string | undefined {
		if (isLeaf(one)) return leaf(one, false);
		const items = Array.isArray(one) ? one : (one as Dict).list();
		if (items.length > 0 && !(flow_leaves && items.every(isLeaf))) return undefined;
		if (Array.isArray(one)) return `[${one.map((item) => leaf(item, true)).join(", ")}]`;
		return `{${entriesOf(one as Dict)
			.map(([key, item]) => `${leaf(key, true)}: ${leaf(item, true)}`)
			.join(", ")}}`;
	}
	function block(one: Value, level: number): string[] {
		if (level > deepest)
			throw new TemplateFault("template.too_deep", "the value is too deep for YAML, or contains itself");
		const short = onLine(one);
		if (short !== undefined) return [short];
		if (Array.isArray(one)) {
			return one.flatMap((item) => {
				const lines = block(item, level + 1);
				const isBlock = onLine(item) === undefined;
				return lines.map((line, index) =>
					index > 0 ? " ".repeat(columns) + line : isBlock ? `-${" ".repeat(columns - 1)}${line}` : `- ${line}`,
				);
			});
		}
		return entriesOf(one as Dict).flatMap(([key, item]) => {
			const name = leaf(key, false);
			const line = onLine(item);
			if (line !== undefined) return [`${name}: ${line}`];
			// A list stands at its key's own column.
			const margin = Array.isArray(item) ? "" : " ".repeat(columns);
			return [`${name}:`, ...block(item, level + 1).map((below) => margin + below)];
		});
	}
	const text = block(value, 0).join("\n");
	// A scalar alone could go on, so its end is said.
	return isLeaf(value) && !/^['"]/.test(text) ? `${text}\n...\n` : `${text}\n`;
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
