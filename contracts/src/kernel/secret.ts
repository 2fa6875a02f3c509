import { z } from "zod";

/**
 * A field that carries a secret: write-only in the API, masked in audit records and logs, `format: password` in OpenAPI.
 * Redaction finds it by the metadata, so a secret that is declared with this cannot be forgotten elsewhere.
 */
export function Secret(schema: z.ZodString = z.string().min(1).max(65_536)) {
	return schema.meta({ secret: true, writeOnly: true, format: "password" });
}

const redacted = "[redacted]";

/** A copy of `value` in which every field that `schema` declares as `Secret` is masked. Unknown fields are dropped. */
export function redactSecrets(schema: z.core.$ZodType, value: unknown): unknown {
	if (value === null || value === undefined) return value;
	if (z.globalRegistry.get(schema)?.secret === true) return redacted;
	const { def } = schema._zod;
	switch (def.type) {
		case "object": {
			if (typeof value !== "object") return redacted;
			const { shape } = def as z.core.$ZodObjectDef;
			return Object.fromEntries(
				Object.entries(shape)
					.filter(([key]) => key in value)
					.map(([key, field]) => [key, redactSecrets(field, (value as Record<string, unknown>)[key])]),
			);
		}
		case "array":
			return Array.isArray(value)
				? value.map((item) => redactSecrets((def as z.core.$ZodArrayDef).element, item))
				: redacted;
		case "record":
			return typeof value === "object"
				? Object.fromEntries(
						Object.entries(value).map(([key, item]) => [
							key,
							redactSecrets((def as z.core.$ZodRecordDef).valueType, item),
						]),
					)
				: redacted;
		case "optional":
		case "nullable":
		case "default":
		case "prefault":
		case "readonly":
		case "nonoptional":
			return redactSecrets((def as z.core.$ZodOptionalDef).innerType, value);
		case "pipe":
			return redactSecrets((def as z.core.$ZodPipeDef).in, value);
		case "union": {
			// The first member that accepts the value decides; none accepting means hostile input, of which nothing is kept.
			const { options } = def as z.core.$ZodUnionDef;
			const match = options.find((option) => z.safeParse(option, value).success);
			return match === undefined ? redacted : redactSecrets(match, value);
		}
		default:
			return value;
	}
}
