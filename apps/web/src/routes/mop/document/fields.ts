/** A field that is made for one parameter of a step type. */
export interface ParamField {
	name: string;
	kind: "text" | "lines" | "number" | "boolean" | "choice" | "list" | "yaml";
	required: boolean;
	description: string;
	/** Where nothing is given. */
	byDefault: unknown;
	choices: readonly (string | number)[];
	integer: boolean;
}

type Schema = Readonly<Record<string, unknown>>;

/** Parameters that hold lines of a configuration or a text, whatever else they may be. */
const manyLines = new Set(["lines", "commands_text", "body", "text", "template", "script", "config"]);
const longText = 2_500;

/** Fields for the parameters that a JSON Schema tells of, those that must be given first. */
export function paramFields(schema: Schema): ParamField[] {
	const properties = (schema.properties ?? {}) as Record<string, Schema>;
	const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
	const fields = Object.entries(properties).map(([name, one]) => ({
		name,
		required: required.has(name) && one.default === undefined,
		description: typeof one.description === "string" ? one.description : "",
		byDefault: one.default,
		choices: choicesOf(one, schema),
		integer: resolved(one, schema).type === "integer",
		kind: kindOf(name, one, schema),
	}));
	return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function resolved(schema: Schema, root: Schema): Schema {
	const name = typeof schema.$ref === "string" ? /^#\/\$defs\/(.+)$/.exec(schema.$ref)?.[1] : undefined;
	const found = name === undefined ? undefined : (root.$defs as Record<string, Schema> | undefined)?.[name];
	return found ?? schema;
}

function variantsOf(schema: Schema, root: Schema): Schema[] {
	const one = resolved(schema, root);
	const variants = one.anyOf ?? one.oneOf;
	return Array.isArray(variants) ? (variants as Schema[]).flatMap((variant) => variantsOf(variant, root)) : [one];
}

function choicesOf(schema: Schema, root: Schema): (string | number)[] {
	return variantsOf(schema, root).flatMap(({ enum: words, const: word }) => {
		const all = Array.isArray(words) ? words : word === undefined ? [] : [word];
		return all.filter((one): one is string | number => typeof one === "string" || typeof one === "number");
	});
}

function kindOf(name: string, schema: Schema, root: Schema): ParamField["kind"] {
	const variants = variantsOf(schema, root).filter(({ type }) => type !== "null");
	const types = new Set(variants.map(({ type }) => type));
	if (choicesOf(schema, root).length > 0 && variants.every((one) => one.enum !== undefined || one.const !== undefined))
		return "choice";
	if (variants.length === 1 && types.has("boolean")) return "boolean";
	if ([...types].every((type) => type === "integer" || type === "number") && types.size > 0) return "number";
	const list = variants.find(({ type }) => type === "array");
	const ofTexts =
		list !== undefined && variantsOf((list.items ?? {}) as Schema, root).some(({ type }) => type === "string");
	if (types.has("string") && (manyLines.has(name) || (ofTexts && name !== "commands"))) return "lines";
	if (ofTexts) return "list";
	if (list === undefined && types.has("string") && !types.has("object")) {
		const longest = Math.max(0, ...variants.map(({ maxLength }) => (typeof maxLength === "number" ? maxLength : 0)));
		return longest >= longText ? "lines" : "text";
	}
	return "yaml";
}

/** Whether a text is a template: it may stand where anything else is due. */
function isTemplate(value: unknown): value is string {
	return typeof value === "string" && /\{\{|\{%/.test(value);
}

/** What a person typed into the field of a parameter. Undefined: nothing. */
export function readField({ kind, choices }: Pick<ParamField, "kind" | "choices">, typed: string): unknown {
	if (typed.trim() === "") return kind === "lines" && typed !== "" ? typed : undefined;
	if (isTemplate(typed) && kind !== "list") return typed;
	if (kind === "number") return /^-?\d+(?:\.\d+)?$/.test(typed.trim()) ? Number(typed) : typed;
	if (kind === "boolean") return typed === "true" ? true : typed === "false" ? false : typed;
	if (kind === "choice") return choices.find((choice) => String(choice) === typed) ?? typed;
	if (kind === "list") {
		const lines = typed.split("\n").filter((line) => line.trim() !== "");
		const [only = ""] = lines;
		return lines.length === 1 && /^\{\{.*\}\}$/.test(only.trim()) ? only.trim() : lines;
	}
	return typed;
}

/** Words for a value in the field of a parameter: read again they mean the same. */
export function showField({ kind }: Pick<ParamField, "kind">, value: unknown): string {
	if (value === undefined || value === null) return "";
	if (Array.isArray(value) && (kind === "list" || kind === "lines")) return value.map(String).join("\n");
	return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether the field of a parameter can show a value: what it cannot is shown as YAML. */
export function fits({ kind, choices }: Pick<ParamField, "kind" | "choices">, value: unknown): boolean {
	if (value === undefined || isTemplate(value)) return true;
	if (kind === "list" || (kind === "lines" && Array.isArray(value)))
		return Array.isArray(value) && value.every((one) => typeof one === "string" && !one.includes("\n"));
	if (kind === "choice") return choices.includes(value as string | number);
	if (kind === "number") return typeof value === "number";
	if (kind === "boolean") return typeof value === "boolean";
	return kind !== "yaml" && typeof value === "string";
}
