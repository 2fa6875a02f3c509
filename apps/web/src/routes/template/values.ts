import type { TemplateVariable } from "@netconductor/contracts/config/templates";

/** Values of variables by name; what is not filled in is not there. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * What a person means with what they typed: a number or true and false where it looks like one, in double quotes a text all the same,
 * else the text as it is.
 */
export function readScalar(typed: string): unknown {
	const text = typed.trim();
	if (/^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?$/.test(text)) return Number(text);
	if (text === "true" || text === "false") return text === "true";
	if (/^".*"$/s.test(text)) {
		try {
			return JSON.parse(text) as unknown;
		} catch {
			return typed;
		}
	}
	return typed;
}

/** The words for a value: read again they mean the same. */
export function showScalar(value: unknown): string {
	if (value === undefined) return "";
	if (typeof value === "string") return readScalar(value) === value ? value : JSON.stringify(value);
	return JSON.stringify(value);
}

/** Whether a value can be shown in one line of text. */
export function isScalar(value: unknown): boolean {
	return typeof value !== "object" || value === null;
}

/** `values` with one of them set; undefined takes it away, and a mapping without anything is nothing. */
export function withKey(values: Values, name: string, value: unknown): Values {
	const { [name]: _, ...rest } = values;
	const empty = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
	return value === undefined || empty ? rest : { ...rest, [name]: value };
}

/** Names of what must be filled in and is not. */
export function missing(variables: readonly TemplateVariable[], values: Values): string[] {
	return variables.flatMap(({ name, required, keys, shape }) => {
		const value = values[name];
		if (value === undefined) return required ? [name] : [];
		if (shape !== "mapping" || typeof value !== "object" || value === null || Array.isArray(value)) return [];
		return missing(keys, value as Values).map((key) => `${name}.${key}`);
	});
}
