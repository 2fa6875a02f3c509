import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { type SQL, sql } from "drizzle-orm";

/** A list as one parameter, whatever its length: `id = ${anyOf(ids, "uuid")}`. */
export function anyOf(values: readonly string[], type: "uuid" | "text"): SQL {
	return sql`any(${sql.param(values)}::${sql.raw(type)}[])`;
}

/** Condition that `text` (lower case) holds what a person typed, taken literally and whatever its case. */
export function holds(text: SQL, typed: string): SQL {
	return sql`${text} like '%' || lower(${typed.replaceAll(/[\\%_]/g, "\\$&")}) || '%'`;
}

/** Runs `work`; a violation of the unique index `constraint` becomes the error that `refusal` makes. */
export async function refusing<T>(constraint: string, refusal: () => Error, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw violatedUnique(error) === constraint ? refusal() : error;
	}
}
