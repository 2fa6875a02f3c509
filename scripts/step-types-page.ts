import { ignoredSettings, type StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import { writeYaml } from "@netconductor/runtime/text/write-yaml";

/** What is read of the JSON Schema of a parameter. */
interface Schema {
	type?: string;
	description?: string;
	default?: unknown;
	enum?: unknown[];
	const?: unknown;
	anyOf?: Schema[];
	oneOf?: Schema[];
	items?: Schema;
	minimum?: number;
	maximum?: number;
	properties?: Record<string, Schema>;
	required?: string[];
}

const categories: Readonly<Record<StepTypeInfo["category"], string>> = {
	devices: "Devices",
	change: "Change",
	checks: "Checks",
	flow: "Flow",
	people: "People",
	outside: "Other systems",
};

const runsOn: Readonly<Record<StepTypeInfo["runs_on"], string>> = {
	devices: "Runs once on each device.",
	server: "Runs once, for all devices together.",
	flow: "Steers the procedure.",
};

/** The page of the step types of procedures, in Markdown. */
export function stepTypesPage(types: readonly StepTypeInfo[]): string {
	const sections = Object.entries(categories).flatMap(([category, title]) => [
		`## ${title}`,
		"",
		...types.filter((type) => type.category === category).flatMap(sectionOf),
	]);
	return [
		"# Step types of procedures",
		"",
		"A step of a procedure names its type and gives it parameters in `with`. Texts are templates: `{{ neighbor }}` becomes the value of the variable, and a text that is nothing but an expression keeps the type of its value. With `save_to_variable` the result of a step becomes a variable. In results and in the run's output the secrets of a device's configuration are masked, and what is too long is cut: `cut` says so.",
		"",
		...sections,
	].join("\n");
}

function sectionOf(type: StepTypeInfo): string[] {
	const schema = type.params as Schema;
	const required = new Set(schema.required);
	const rows = Object.entries(schema.properties ?? {}).map(
		([name, given]) =>
			`| \`${name}\` | ${cell(typeOf(given))} | ${cell(defaultOf(given, required.has(name)))} | ${cell(given.description ?? "")} |`,
	);
	const table = ["| Parameter | Type | Default | |", "| --- | --- | --- | --- |", ...rows, ""];
	return [
		`### \`${type.type}\` ${type.label}`,
		"",
		type.description,
		"",
		[
			runsOn[type.runs_on],
			effectOf(type),
			ignoredOf(type),
			type.blocks.length > 0 && `Steps in it: ${type.blocks.map(({ name }) => `\`${name}\``).join(", ")}.`,
			type.aliases.length > 0 && `Also named ${type.aliases.map((alias) => `\`${alias}\``).join(", ")}.`,
			type.permission !== null && `Whoever starts it needs \`${type.permission}\`.`,
		]
			.filter(Boolean)
			.join(" "),
		"",
		...(rows.length > 0 ? table : []),
		"```yaml",
		...exampleOf(type).trimEnd().split("\n"),
		"```",
		"",
	];
}

function effectOf({ writes, runs_on }: StepTypeInfo): string {
	if (!writes) return "Only reads.";
	if (runs_on === "devices") return "May write: it is not carried out again by itself once it did.";
	return "May have an effect elsewhere: where its worker was lost meanwhile it is carried out again, with the same key.";
}

/** What every step may say and this one does nothing with; that a step for all devices has no parallelism goes without saying. */
function ignoredOf(type: StepTypeInfo): string | false {
	if (type.runs_on !== "flow") return false;
	const names = ignoredSettings(type).map((name) => `\`${name}\``);
	return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} do nothing here; validation warns of them.`;
}

function exampleOf({ type, example }: StepTypeInfo): string {
	return writeYaml([{ id: "step", type, ...(Object.keys(example).length > 0 && { with: example }) }]);
}

function typeOf({ type, enum: values, const: value, anyOf, oneOf, items, minimum, maximum }: Schema): string {
	if (value !== undefined) return `\`${value}\``;
	if (values !== undefined) return values.map((each) => `\`${each}\``).join(", ");
	const several = anyOf ?? oneOf;
	if (several !== undefined) return [...new Set(several.map(typeOf))].join(" or ");
	switch (type) {
		case "array":
			return items === undefined ? "list" : `list of ${typeOf(items)}`;
		case "object":
			return "mapping";
		case "string":
			return "text";
		case "boolean":
			return "`true` or `false`";
		case "integer":
		case "number":
			return numberOf(type === "integer" ? "whole number" : "number", minimum, maximum);
		default:
			return "anything";
	}
}

function numberOf(what: string, minimum: number | undefined, maximum: number | undefined): string {
	// Where no bound was set, the schema has that of whole numbers themselves.
	const top = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
	if (minimum !== undefined && top !== undefined) return `${what}, ${minimum} to ${top}`;
	return minimum === undefined ? what : `${what} from ${minimum}`;
}

function defaultOf(schema: Schema, isRequired: boolean): string {
	if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
	return isRequired ? "required" : "";
}

/** A text within a table. */
function cell(text: string): string {
	return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
