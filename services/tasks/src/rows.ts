import { connectionOf, type Database, type Tx } from "@netconductor/runtime/db/database";
import { toDatabaseError } from "@netconductor/runtime/db/query-error";
import type pg from "pg";

/** Rows of a handwritten statement with `$1` parameters, inside a transaction or on its own. */
export async function rowsOf<R extends pg.QueryResultRow>(
	on: Database | Tx,
	text: string,
	values: unknown[] = [],
): Promise<R[]> {
	if ("pool" in on) return on.query<R>(text, values);
	try {
		return (await connectionOf(on).query<R>(text, values)).rows;
	} catch (error) {
		throw toDatabaseError(error, text);
	}
}

/** For rows that a statement always answers. */
export function one<R>(rows: R[]): R {
	const [row] = rows;
	if (row === undefined) throw new TypeError("the statement answered no row");
	return row;
}
