import { type SQL, sql } from "drizzle-orm";

/** A list as one parameter, whatever its length: `status = ${anyOf(words, "text")}`. */
export function anyOf(values: readonly string[], type: "uuid" | "text"): SQL {
	return sql`any(${sql.param(values)}::${sql.raw(type)}[])`;
}

/** Condition that `text` (lower case) holds what a person typed, taken literally and whatever its case. */
export function holds(text: SQL, typed: string): SQL {
	return sql`${text} like '%' || lower(${typed.replaceAll(/[\\%_]/g, "\\$&")}) || '%'`;
}
