import { z } from "zod";

/** What a JSON Schema has against a value, each with its path; none when it fits. @throws of a schema that says what is not understood */
export function jsonSchemaProblems(schema: unknown, value: unknown): string[] {
	const { success, error } = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
	if (success) return [];
	return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
