import { createHash, getHashes } from "node:crypto";
import { badValue, TemplateFault } from "../fault.ts";
import { readJson, writeJson } from "../json.ts";
import { filter } from "../library.ts";
import { needInt, needText, str } from "../print.ts";
import type { Filter } from "../rendering.ts";
import { Markup, truthy, Undefined, type Value } from "../values.ts";
import { readYaml, writeYaml } from "../yaml.ts";

const indentOf = (value: Value): number | undefined => (value === null ? undefined : needInt(value, "indent"));

const algorithms = new Set(
	["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].filter((name) => getHashes().includes(name)),
);

const hash = filter([["hashtype", "sha1"]], (value, [hashtype]) => {
	const name = needText(hashtype as Value, "the kind of hash");
	if (!algorithms.has(name)) throw badValue(`there is no hash \`${name}\`; there are ${[...algorithms].join(", ")}`);
	return createHash(name).update(str(value)).digest("hex");
});

const yes = new Set(["yes", "on", "1", "true"]);

const defaultFilter = filter(
	[
		["default_value", ""],
		["boolean", false],
	],
	(value, [fallback, boolean]) =>
		value instanceof Undefined || (truthy(boolean as Value) && !truthy(value)) ? (fallback as Value) : value,
);

/** Filters that turn data into text and back, most of them Ansible's (ansible.builtin). */
export const dataFilters: Record<string, Filter> = {
	default: defaultFilter,
	d: defaultFilter,
	mandatory: filter([["msg", null]], (value, [message]) => {
		if (!(value instanceof Undefined)) return value;
		throw new TemplateFault(
			"template.undefined_variable",
			message === null ? `\`${value.expression}\` is mandatory, but not defined` : str(message as Value),
			{
				variable: value.expression,
			},
		);
	}),
	ternary: filter(["true_val", "false_val", ["none_val", null]], (value, [then, otherwise, none]) => {
		if (value === null && none !== null) return none as Value;
		return (truthy(value) ? then : otherwise) as Value;
	}),
	bool: filter([], (value) => {
		if (value === null || typeof value === "boolean") return value;
		return yes.has(str(value).toLowerCase());
	}),
	tojson: filter([["indent", null]], (value, [indent]) => {
		const json = writeJson(value, { indent: indentOf(indent as Value), sort_keys: true });
		return new Markup(json.replace(/[<>&']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`));
	}),
	to_json: filter(
		[
			["indent", null],
			["sort_keys", false],
			["ensure_ascii", true],
		],
		(value, [indent, sort, ascii]) =>
			writeJson(value, {
				indent: indentOf(indent as Value),
				sort_keys: truthy(sort as Value),
				ensure_ascii: truthy(ascii as Value),
			}),
	),
	to_nice_json: filter(
		[
			["indent", 4],
			["sort_keys", true],
			["ensure_ascii", true],
		],
		(value, [indent, sort, ascii]) =>
			writeJson(value, {
				indent: indentOf(indent as Value),
				sort_keys: truthy(sort as Value),
				ensure_ascii: truthy(ascii as Value),
			}),
	),
	from_json: filter([], (value) => readJson(needText(value, "JSON"))),
	to_yaml: filter(
		[
			["indent", 2],
			["sort_keys", true],
		],
		(value, [indent, sort]) =>
			writeYaml(value, {
				indent: needInt(indent as Value, "indent"),
				sort_keys: truthy(sort as Value),
				flow_leaves: true,
			}),
	),
	to_nice_yaml: filter(
		[
			["indent", 4],
			["sort_keys", true],
		],
		(value, [indent, sort]) =>
			writeYaml(value, {
				indent: needInt(indent as Value, "indent"),
				sort_keys: truthy(sort as Value),
				flow_leaves: false,
			}),
	),
	from_yaml: filter([], (value) => readYaml(needText(value, "YAML"))),
	hash,
	md5: filter([], (value) => createHash("md5").update(str(value)).digest("hex")),
	sha1: filter([], (value) => createHash("sha1").update(str(value)).digest("hex")),
	checksum: filter([], (value) => createHash("sha1").update(str(value)).digest("hex")),
	b64encode: filter([], (value) => Buffer.from(str(value)).toString("base64")),
	b64decode: filter([], (value) => Buffer.from(str(value), "base64").toString()),
};
