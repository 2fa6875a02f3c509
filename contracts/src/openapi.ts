import { z } from "zod";
import { apis } from "./apis.ts";
import { errorCatalogue } from "./errors.ts";
import { Problem, statusOf } from "./kernel/errors.ts";
import { type Operation, successStatus } from "./kernel/operation.ts";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the public API, made from the contracts. Deterministic: the same contracts give the same text. */
export function openApiDocument(version: string): Json {
	const schemas: Json = {};
	const paths: Record<string, Json> = {};
	for (const [service, api] of Object.entries(apis)) {
		for (const [name, operation] of Object.entries<Operation>(api.operations)) {
			if (operation.internal) continue;
			const path = operation.path.replace(/:([a-z_0-9]+)/g, "{$1}");
			paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(service, name, operation, schemas) };
		}
	}
	toSchema(Problem, "output", schemas);
	return {
		openapi: "3.1.0",
		info: {
			title: "NetConductor",
			version,
			description:
				"Back up a fleet of network devices and see what changed. Errors are problem documents (RFC 9457) with a stable `code`.",
			license: { name: "MIT", identifier: "MIT" },
		},
		servers: [{ url: "/" }],
		tags: Object.keys(apis).map((name) => ({ name })),
		security: [{ bearer: [] }],
		paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
		components: {
			securitySchemes: {
				bearer: {
					type: "http",
					scheme: "bearer",
					description: "An access token from sign-in, or an API token (`nc_…`)",
				},
			},
			schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
		},
	};
}

function describe(service: string, name: string, operation: Operation, schemas: Json): Json {
	const parameters = [
		...parametersOf(operation.params, "path", schemas),
		...parametersOf(operation.query, "query", schemas),
	];
	const access = operation.public
		? "Needs no token."
		: operation.authenticated
			? "Any signed-in user."
			: `Needs the permission \`${operation.permission}\`.`;
	return {
		operationId: name,
		tags: [service],
		summary: operation.summary,
		description: [operation.description, access].filter(Boolean).join("\n\n"),
		...(operation.public && { security: [] }),
		...(operation.permission !== undefined && { "x-permission": operation.permission }),
		...(parameters.length > 0 && { parameters }),
		...(operation.body !== undefined && {
			requestBody: {
				required: !operation.body.safeParse(undefined).success,
				content: Object.fromEntries(
					["application/json", ...(operation.forms ? ["application/x-www-form-urlencoded"] : [])].map((type) => [
						type,
						{ schema: toSchema(operation.body as z.ZodType, "input", schemas) },
					]),
				),
			},
		}),
		responses: responsesOf(operation, schemas),
	};
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query", schemas: Json): Json[] {
	if (schema === undefined) return [];
	const described = toSchema(schema, "input", schemas) as {
		properties?: Record<string, Json>;
		required?: string[];
	};
	return Object.entries(described.properties ?? {}).map(([name, property]) => ({
		name,
		in: place,
		required: place === "path" || (described.required ?? []).includes(name),
		schema: property,
		...(typeof property.description === "string" && { description: property.description }),
	}));
}

function responsesOf(operation: Operation, schemas: Json): Json {
	const responses: Json = {};
	responses[String(successStatus(operation))] =
		operation.returns === undefined
			? { description: "Done" }
			: {
					description: "Done",
					content: {
						[operation.produces ?? "application/json"]: { schema: toSchema(operation.returns, "output", schemas) },
					},
				};
	const codes = [
		...(operation.params || operation.query || operation.body ? ["request.invalid"] : []),
		...(operation.public ? [] : ["auth.unauthenticated"]),
		...(operation.permission === undefined ? [] : ["auth.forbidden"]),
		...(operation.errors ?? []),
	];
	const byStatus = new Map<number, string[]>();
	for (const code of codes) {
		const spec = errorCatalogue[code as keyof typeof errorCatalogue];
		const status = statusOf(spec);
		byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${spec.title}`]);
	}
	for (const [status, lines] of [...byStatus].sort(([a], [b]) => a - b)) {
		responses[String(status)] = {
			description: lines.join("\n\n"),
			content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
		};
	}
	return responses;
}

/** JSON Schema of a type; types with an id go to the components and are referred to. */
function toSchema(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
	const made = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any" }) as Json;
	const { $schema: _, $defs = {}, ...rest } = made;
	for (const [id, definition] of Object.entries($defs as Record<string, Json>)) schemas[id] ??= refer(definition);
	const id = z.globalRegistry.get(schema)?.id;
	if (typeof id === "string") {
		schemas[id] ??= refer(rest);
		return { $ref: `#/components/schemas/${id}` };
	}
	return refer(rest) as Json;
}

/** Rewrites references to the components, and drops marks that are ours alone. */
function refer(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(refer);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([key, item]) => !(key === "secret" && item === true) && key !== "id")
			.map(([key, item]) => [
				key,
				key === "$ref" && typeof item === "string" ? item.replace("#/$defs/", "#/components/schemas/") : refer(item),
			]),
	);
}
