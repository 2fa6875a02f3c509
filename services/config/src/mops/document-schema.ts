import { MopDocument } from "@netconductor/contracts/config/mops";
import { z } from "zod";
import type { MopOperation } from "./operation.ts";
import { type KnownType, readCatalogue } from "./step-type-catalogue.ts";
import { parametersSchema } from "./step-types.ts";
import type { ValidationNeeds } from "./validate-mop.ts";

type Json = Record<string, unknown>;

/** The JSON Schema of a procedure's YAML, the parameters of every step type with it, in the draft that YAML editors read. */
export function getMopSchema({ db, tasks }: ValidationNeeds): MopOperation<"getMopSchema"> {
	return async (caller) => {
		const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
		const names = [
			...catalogue.built_in.flatMap(({ type, aliases }) => [type, ...aliases]),
			...catalogue.presets.map(({ type }) => type),
		];
		return documentSchema(
			names.flatMap((name) => {
				const known = catalogue.find(name);
				return known === undefined ? [] : [{ name, known }];
			}),
		);
	};
}

export function documentSchema(types: readonly { name: string; known: KnownType }[]): Json {
	const { definitions: made, ...root } = z.toJSONSchema(MopDocument, { io: "input", target: "draft-7" });
	const definitions: Json = { ...(made as Json) };
	const [listName, list] = Object.entries(definitions).find(([, one]) => isListOfSteps(one)) ?? [];
	if (listName === undefined || list === undefined)
		throw new TypeError("the schema of a document has no list of steps");
	const step = (list as { items: Json }).items;
	const { type: _, ...properties } = step.properties as Json;
	definitions[listName] = { ...(list as Json), items: { $ref: "#/definitions/step" } };
	definitions.step = {
		...step,
		properties: {
			...properties,
			type: {
				type: "string",
				enum: types.map(({ name }) => name),
				description: "What the step does.",
			},
		},
		allOf: types.map(({ name, known }) => ({
			if: { properties: { type: { const: name } }, required: ["type"] },
			// biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema, and nobody awaits one
			then: {
				properties: {
					with: { $ref: `#/definitions/${withName(name)}` },
					type: { description: describe(known) },
				},
			},
		})),
	};
	for (const { name, known } of types) {
		const params = known.preset === null ? known.info.params : parametersSchema(known.preset.parameters);
		definitions[withName(name)] = relocate(orTemplate(params), `#/definitions/${withName(name)}`) as Json;
	}
	return withoutOurPatterns({
		...root,
		title: "Procedure",
		definitions,
	}) as Json;
}

const withName = (type: string) => `with_${type}`;

function describe({ info, preset }: KnownType): string {
	const { label, description } = preset ?? info;
	return description === "" ? label : `${label}. ${description}`;
}

function isListOfSteps(schema: unknown): boolean {
	const items = (schema as { items?: { properties?: Json } }).items;
	return items?.properties !== undefined && "branches" in items.properties;
}

const template = { type: "string", pattern: "\\{[{%]" };

/** Where a value is due, a string with a template may stand. */
function orTemplate(schema: unknown, isRoot = true): unknown {
	if (Array.isArray(schema)) return schema.map((one) => orTemplate(one));
	if (typeof schema !== "object" || schema === null) return schema;
	const given = schema as Json;
	const inner = Object.fromEntries(
		Object.entries(given).map(([key, value]) => {
			if (key === "properties" || key === "$defs" || key === "definitions") {
				const parts = Object.entries(value as Json);
				return [key, Object.fromEntries(parts.map(([name, part]) => [name, orTemplate(part, key !== "properties")]))];
			}
			if (key === "items" || key === "additionalProperties") return [key, orTemplate(value, false)];
			if (key === "anyOf" || key === "oneOf" || key === "allOf") {
				// The template stands beside the whole choice.
				return [key, Array.isArray(value) ? value.map((part) => orTemplate(part, true)) : value];
			}
			return [key, value];
		}),
	);
	const isAnyText =
		given.type === "string" && given.enum === undefined && given.pattern === undefined && given.format === undefined;
	if (isRoot || isAnyText || Object.keys(given).length === 0) return inner;
	const { description, default: fallback, ...rest } = inner;
	return {
		...(description !== undefined && { description }),
		...(fallback !== undefined && { default: fallback }),
		anyOf: [rest, template],
	};
}

/** References within a schema that now stands deeper. */
function relocate(schema: unknown, to: string): unknown {
	if (Array.isArray(schema)) return schema.map((one) => relocate(one, to));
	if (typeof schema !== "object" || schema === null) return schema;
	return Object.fromEntries(
		Object.entries(schema).map(([key, value]) =>
			key === "$ref" && typeof value === "string" && value.startsWith("#")
				? [key, value === "#" ? to : `${to}${value.slice(1)}`]
				: [key, relocate(value, to)],
		),
	);
}

/** Patterns that keep NUL and broken characters out say nothing to an editor, and not every one can read them. */
function withoutOurPatterns(schema: unknown): unknown {
	if (Array.isArray(schema)) return schema.map(withoutOurPatterns);
	if (typeof schema !== "object" || schema === null) return schema;
	return Object.fromEntries(
		Object.entries(schema)
			.filter(([key, value]) => !(key === "pattern" && typeof value === "string" && value.includes("\\p{")))
			.map(([key, value]) => [key, withoutOurPatterns(value)]),
	);
}
