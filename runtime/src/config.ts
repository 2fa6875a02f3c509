import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { isMap, isScalar, LineCounter, type Pair, parse, parseDocument } from "yaml";
import { z } from "zod";
import { failed } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";
import { redactText } from "./redact.ts";

/** One part's share of the configuration: a section of the file and the environment variables named after it. */
export interface ConfigSlice<S extends string = string, T extends z.ZodObject = z.ZodObject> {
	section: S;
	schema: T;
	/** Well-known variable names that stand for a field besides `NETCONDUCTOR_<SECTION>_<FIELD>`. */
	aliases: Partial<Record<string, readonly string[]>>;
}

/** What a slice's part of the loaded configuration looks like. */
export type ConfigValue<S extends ConfigSlice> = DeepReadonly<z.output<S["schema"]>>;

/** The loaded configuration: one frozen object per section. Slices of one section are merged. */
export type Config<Slices extends readonly ConfigSlice[]> = {
	readonly [K in Slices[number]["section"]]: Intersection<
		Slices[number] extends infer S ? (S extends ConfigSlice<K, infer T> ? DeepReadonly<z.output<T>> : never) : never
	>;
};

type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends (all: infer I) => void ? I : never;
type DeepReadonly<T> = T extends (infer I)[]
	? readonly DeepReadonly<I>[]
	: T extends object
		? { readonly [K in keyof T]: DeepReadonly<T[K]> }
		: T;

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Declares a slice. Fields carry `.meta({ description })`, secrets are declared with `Secret()`;
 * `shown_default` in the metadata replaces a default that depends on the machine in the reference.
 */
export function defineConfig<const S extends string, T extends z.ZodObject>(
	section: S,
	schema: T,
	options: { aliases?: { [K in keyof T["shape"]]?: string | readonly string[] } } = {},
): ConfigSlice<S, T> {
	const aliases = Object.fromEntries(
		Object.entries(options.aliases ?? {}).map(([field, names]) => [field, [names ?? []].flat() as string[]]),
	);
	return { section, schema, aliases };
}

interface LoadOptions<Slices extends readonly ConfigSlice[]> {
	slices: Slices;
	env: Environment;
	/** The YAML file, which must then exist. Otherwise `NETCONDUCTOR_CONFIG`, otherwise `netconductor.yaml` if there is one. */
	file?: string | undefined;
	/** Directory that relative file names start from. */
	cwd?: string;
	/** Sections and variables of parts that are not loaded here: what no slice declares in them is not called unknown. */
	elsewhere?: { sections?: readonly string[]; variables?: readonly string[] };
}

/**
 * Reads the configuration: defaults, then the file, then the environment (an empty variable counts as unset;
 * `<NAME>_FILE` names a file with the value, whose last line break is dropped). The result is frozen at every depth.
 * @throws startup.config_invalid — with every problem at once, each with its variable or file line; never with a secret
 */
export function loadConfig<const Slices extends readonly ConfigSlice[]>(options: LoadOptions<Slices>): Config<Slices> {
	const fields = describeFields(options.slices);
	const problems: FieldError[] = [];
	const given = new Map<Field, Given>();
	readYaml(options, fields, given, problems);
	readEnvironment(options, fields, given, problems);

	const config: Record<string, Record<string, unknown>> = {};
	for (const slice of options.slices) {
		const mine = fields.filter((field) => field.slice === slice);
		// A field that could not even be read has its problem already; a second one about a missing value would mislead.
		const input = mine
			.filter((field) => given.has(field))
			.map((field) => [field.name, given.get(field)?.value] as const);
		const parsed = slice.schema.safeParse(Object.fromEntries(input));
		if (parsed.success) config[slice.section] = { ...config[slice.section], ...parsed.data };
		else problems.push(...parsed.error.issues.flatMap((issue) => problemOf(issue, slice, mine, given)));
	}
	if (problems.length > 0) throw configInvalid(problems);
	return deepFreeze(config) as Config<Slices>;
}

/** One setting, with the names it goes by. */
interface Field {
	slice: ConfigSlice;
	section: string;
	name: string;
	/** Environment variables, the first one found wins. */
	variables: string[];
	schema: JsonSchema;
	secret: boolean;
	required: boolean;
}

/** A value and where it came from, for the error. `unreadable` marks one that is reported already. */
interface Given {
	value: unknown;
	from: string;
	unreadable?: boolean;
}

interface JsonSchema {
	type?: string;
	enum?: unknown[];
	const?: unknown;
	format?: string;
	minimum?: number;
	maximum?: number;
	minLength?: number;
	items?: JsonSchema;
	properties?: Record<string, JsonSchema>;
	anyOf?: JsonSchema[];
	required?: string[];
	default?: unknown;
	description?: string;
	accepts?: string;
	shown_default?: string;
	secret?: boolean;
}

function describeFields(slices: readonly ConfigSlice[]): Field[] {
	const owners = new Map<string, string>();
	return slices.flatMap((slice) => {
		const described = z.toJSONSchema(slice.schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
		return Object.entries(described.properties ?? {}).map(([name, schema]) => {
			const { section } = slice;
			const variables = [variableName(section, name), ...(slice.aliases[name] ?? [])];
			for (const variable of variables) {
				const owner = owners.get(variable);
				if (owner !== undefined) throw new TypeError(`${variable} stands for both ${owner} and ${section}.${name}`);
				owners.set(variable, `${section}.${name}`);
			}
			const required = described.required?.includes(name) ?? false;
			return { slice, section, name, variables, schema, secret: holdsSecret(schema), required };
		});
	});
}

function variableName(section: string, field: string): string {
	return `NETCONDUCTOR_${section}_${field}`.toUpperCase().replaceAll("-", "_");
}

function holdsSecret(schema: JsonSchema): boolean {
	return (
		schema.secret === true ||
		(schema.items !== undefined && holdsSecret(schema.items)) ||
		Object.values(schema.properties ?? {}).some(holdsSecret) ||
		(schema.anyOf ?? []).some(holdsSecret)
	);
}

function readYaml<S extends readonly ConfigSlice[]>(
	options: LoadOptions<S>,
	fields: Field[],
	given: Map<Field, Given>,
	problems: FieldError[],
): void {
	const named = options.file ?? (options.env.NETCONDUCTOR_CONFIG || undefined);
	const shown = named ?? "netconductor.yaml";
	let text: string;
	try {
		text = readFileSync(resolve(options.cwd ?? ".", shown), "utf8");
	} catch (error) {
		if (named === undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return;
		problems.push({ path: shown, message: `the file cannot be read (${(error as NodeJS.ErrnoException).code})` });
		return;
	}
	const lines = new LineCounter();
	const at = (offset: number | undefined) => {
		const { line, col } = lines.linePos(offset ?? 0);
		return `${shown}:${line}:${col}`;
	};
	const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
	for (const fault of [...document.errors, ...document.warnings]) {
		problems.push({ path: at(fault.pos[0]), message: yamlFaults[fault.code] ?? `is not valid YAML (${fault.code})` });
	}
	if (document.errors.length > 0 || document.contents === null) return;
	if (!isMap(document.contents)) {
		if (isScalar(document.contents) && document.contents.value === null) return;
		problems.push({ path: at(0), message: "expected sections, such as `server:`, with settings under them" });
		return;
	}
	const sections = [...new Set(fields.map((field) => field.section))];
	const elsewhere = options.elsewhere?.sections ?? [];
	for (const { key, value } of document.contents.items as Pair[]) {
		const section = keyText(key);
		const path = at(keyOffset(key));
		if (!sections.includes(section)) {
			if (elsewhere.includes(section)) continue;
			problems.push({ path, message: unknown(`section ${section}`, section, [...sections, ...elsewhere]) });
		} else if (isMap(value)) {
			for (const pair of value.items as Pair[]) {
				const name = keyText(pair.key);
				const field = fields.find((candidate) => candidate.section === section && candidate.name === name);
				const from = `${at(keyOffset(pair.key))} ${section}.${name}`;
				if (field === undefined) {
					if (elsewhere.includes(section)) continue;
					const names = fields.filter((candidate) => candidate.section === section).map((candidate) => candidate.name);
					problems.push({ path: at(keyOffset(pair.key)), message: unknown(`${section}.${name}`, name, names) });
					continue;
				}
				try {
					const plain: unknown = isNode(pair.value) ? pair.value.toJS(document) : pair.value;
					// `key:` with nothing after it reads as null, and means what an empty variable means: not set.
					if (plain !== null) given.set(field, { value: plain, from });
				} catch {
					// The library's message quotes the alias, which may be a password that begins with `*`.
					given.set(field, { value: undefined, from, unreadable: true });
					problems.push({
						path: from,
						message: "the alias stands for nothing; put a value that begins with * in quotes",
					});
				}
			}
		} else if (!isScalar(value) || value.value !== null) {
			problems.push({ path, message: `${section}: expected settings under it` });
		}
	}
}

// The library's own messages quote the source, which may hold a secret.
const yamlFaults: Partial<Record<string, string>> = {
	BAD_SCALAR_START: "the value begins with a character that YAML reserves; put it in quotes",
	BLOCK_AS_IMPLICIT_KEY: "two settings on one line; put a value that contains `: ` in quotes",
	BAD_DQ_ESCAPE: "an unknown escape in double quotes; use single quotes",
	DUPLICATE_KEY: "the same setting is given twice",
	MISSING_CHAR: "a closing quote or bracket is missing",
	MULTIPLE_DOCS: "expected one document, without `---` in the middle",
	TAB_AS_INDENT: "indent with spaces, not with a tab",
	TAG_RESOLVE_FAILED: "an unknown tag; put a value that begins with ! in quotes",
};

function isNode(value: unknown): value is { toJS(document: unknown): unknown } {
	return typeof value === "object" && value !== null && "toJS" in value;
}

function keyText(key: unknown): string {
	return isScalar(key) ? String(key.value) : "";
}

function keyOffset(key: unknown): number | undefined {
	return isScalar(key) ? key.range?.[0] : undefined;
}

function readEnvironment<S extends readonly ConfigSlice[]>(
	options: LoadOptions<S>,
	fields: Field[],
	given: Map<Field, Given>,
	problems: FieldError[],
): void {
	const { env } = options;
	const known = new Set(["NETCONDUCTOR_CONFIG", ...(options.elsewhere?.variables ?? [])]);
	for (const field of fields) for (const variable of field.variables) known.add(variable);
	for (const field of fields) {
		for (const variable of field.variables) if (!known.has(`${variable}_FILE`)) known.add(`${variable}_FILE`);
		const ownName = (name: string) => fields.some((other) => other !== field && other.variables.includes(name));
		for (const variable of field.variables) {
			const plain = env[variable] || undefined;
			const file = ownName(`${variable}_FILE`) ? undefined : env[`${variable}_FILE`] || undefined;
			if (plain === undefined && file === undefined) continue;
			if (plain !== undefined && isLink(plain)) continue;
			if (plain !== undefined && file !== undefined) {
				problems.push({ path: variable, message: `is set together with ${variable}_FILE; set one of them` });
				given.set(field, { value: undefined, from: variable, unreadable: true });
			} else if (plain !== undefined) {
				given.set(field, { value: fromText(plain, field.schema), from: variable });
			} else if (file !== undefined) {
				const from = `${variable}_FILE`;
				try {
					const text = readFileSync(resolve(options.cwd ?? ".", file), "utf8").replace(/\r?\n$/, "");
					given.set(field, { value: fromText(text, field.schema), from });
				} catch (error) {
					const reason = (error as NodeJS.ErrnoException).code;
					problems.push({ path: from, message: `the file ${file} cannot be read (${reason})` });
					given.set(field, { value: undefined, from, unreadable: true });
				}
			}
			break;
		}
	}
	const prefixes = (options.elsewhere?.sections ?? []).map((section) => variableName(section, ""));
	for (const [name, value] of Object.entries(env)) {
		if (!name.startsWith("NETCONDUCTOR_") || known.has(name) || prefixes.some((prefix) => name.startsWith(prefix)))
			continue;
		if (isLink(value ?? "") || /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP)(_\w+)?$/.test(name)) continue;
		problems.push({ path: name, message: unknown("variable", name, [...known]) });
	}
}

/** Kubernetes sets `<SERVICE>_PORT=tcp://10.0.0.1:8004` and the like for every service it runs: those are not ours. */
function isLink(value: string): boolean {
	return /^(tcp|udp):\/\//.test(value);
}

function unknown(what: string, name: string, names: readonly string[]): string {
	const nearest = nearestName(name, names);
	return nearest === undefined ? `unknown ${what}` : `unknown ${what}; did you mean ${nearest}?`;
}

/** A variable's text as the field's type. What does not fit stays text, and validation then says what was expected. */
function fromText(text: string, schema: JsonSchema): unknown {
	switch (schema.type) {
		case "integer":
		case "number":
			return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
		case "boolean": {
			const word = text.trim().toLowerCase();
			if (["true", "1", "yes", "on"].includes(word)) return true;
			return ["false", "0", "no", "off"].includes(word) ? false : text;
		}
		case "array": {
			const items = schema.items ?? {};
			if (text.trim().startsWith("[")) return fromYaml(text);
			return text.split(",").flatMap((part) => (part.trim() === "" ? [] : [fromText(part.trim(), items)]));
		}
		case "object":
			return fromYaml(text);
	}
	for (const option of schema.anyOf ?? []) {
		const value = fromText(text, option);
		if (typeof value !== "string") return value;
	}
	return text;
}

function fromYaml(text: string): unknown {
	try {
		return parse(text, { prettyErrors: false });
	} catch {
		return text;
	}
}

function problemOf(
	issue: z.core.$ZodIssue,
	slice: ConfigSlice,
	fields: Field[],
	given: Map<Field, Given>,
): FieldError[] {
	const field = fields.find((candidate) => candidate.name === issue.path[0]);
	if (field === undefined) return [{ path: slice.section, message: issue.message }];
	const source = given.get(field);
	if (source?.unreadable) return [];
	const path = source?.from ?? field.variables.at(-1) ?? field.name;
	if (source === undefined) {
		return [
			{ path, message: `is required (in the file: ${field.section}.${field.name}): expected ${accepted(field)}` },
		];
	}
	const inside = issue.path.length > 1 ? `${issue.path.slice(1).join(".")}: ` : "";
	const custom = issue.code === "custom" && !field.secret ? `; ${issue.message}` : "";
	return [
		{
			path,
			message: `${inside}${shownValue(field, source.value)} is not accepted: expected ${accepted(field)}${custom}`,
		},
	];
}

function shownValue(field: Field, value: unknown): string {
	if (field.secret) return "the value (not shown)";
	const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? "nothing");
	return redactText(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function accepted(field: Field): string {
	const { description } = field.schema;
	return description === undefined ? typeText(field.schema) : `${typeText(field.schema)} — ${description}`;
}

/** A field's type in a few words for people. */
function typeText(schema: JsonSchema): string {
	if (schema.accepts !== undefined) return schema.accepts;
	if (schema.const !== undefined) return String(schema.const);
	if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
	if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(" or ");
	switch (schema.type) {
		case "integer":
		case "number": {
			const name = schema.type === "integer" ? "a whole number" : "a number";
			const { minimum, maximum } = schema;
			// zod gives an unlimited integer the limits of a double.
			const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : "";
			return maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `${name}${from} to ${maximum}` : name + from;
		}
		case "boolean":
			return "true or false";
		case "array":
			return `a list (in a variable: with commas) of ${typeText(schema.items ?? {})}`;
		case "object":
			return "settings (in a variable: as JSON)";
		default:
			return schema.format === "uri" ? "a URL" : "text";
	}
}

/** The error that names every problem of the configuration, each with its variable or place. */
export function configInvalid(problems: FieldError[]): Error {
	const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
	const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
	return failed("startup.config_invalid", {
		message: `The configuration has ${count}:\n${lines.join("\n")}`,
		errors: problems,
	});
}

function deepFreeze<T>(value: T): T {
	if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
	for (const inner of Object.values(value)) deepFreeze(inner);
	return Object.freeze(value);
}

/** The reference page of all settings, in Markdown. */
export function configReference(slices: readonly ConfigSlice[]): string {
	const fields = describeFields(slices);
	const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
	const sections = [...new Set(fields.map((field) => field.section))].map((section) => {
		const rows = fields
			.filter((field) => field.section === section)
			.map((field) => {
				const { schema } = field;
				const names = field.variables.toReversed().map((name) => `\`${name}\``);
				const type = `${typeText(schema)}${field.secret ? " (secret)" : ""}`;
				const row = [`\`${field.name}\``, names.join(", "), type, defaultText(field), schema.description ?? ""];
				return `| ${row.map(cell).join(" | ")} |`;
			});
		const head = "| Setting | Environment | Accepts | Default | Meaning |\n|---|---|---|---|---|";
		return `## \`${section}\`\n\n${head}\n${rows.join("\n")}\n`;
	});
	return `# Configuration

Settings come from the file \`netconductor.yaml\` (or the one that \`NETCONDUCTOR_CONFIG\` names), one section each, and from environment
variables, which win. Every variable can be given as \`<NAME>_FILE\` too: the path of a file with the value. An empty variable counts as unset.
All problems are reported at once at start.

${sections.join("\n")}`;
}

function defaultText({ schema, required }: Field): string {
	if (schema.shown_default !== undefined) return schema.shown_default;
	if (required) return "required";
	if (schema.default === undefined) return "–";
	const text = typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default);
	return text === "" || text === "[]" ? "–" : `\`${text}\``;
}
