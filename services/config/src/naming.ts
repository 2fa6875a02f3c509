import type { ErrorCode } from "@netconductor/contracts/errors";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { type AppError, failed } from "@netconductor/runtime/errors";
import { eq, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const longestShown = 100;

/** No name looks like one. */
export function isId(key: string): boolean {
	return idPattern.test(key);
}

/** Whether a text of PostgreSQL could hold it. */
export function isStorable(key: string): boolean {
	return !/[\0\p{Surrogate}]/u.test(key);
}

/** What things of one kind are called by: an id, and a name that no other has in any case. */
export interface Naming {
	/** Condition that a row is the one that `key` means: its id, or its name whatever its case. */
	isMeant(key: string): SQL;
	/** The error of a key that nothing has. */
	missing(key: string): AppError;
	/** Runs `work`, which gives one this name: that another has it already becomes the error that says so. */
	refusingTaken<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function createNaming({
	table,
	unique,
	called,
	detail,
	not_found,
	name_taken,
	path = "body.name",
}: {
	table: { id: AnyPgColumn; name: AnyPgColumn };
	/** Name of the index that keeps names apart. */
	unique: string;
	/** What one is called, in messages. */
	called: string;
	/** Key under which details of errors name one. */
	detail: string;
	not_found: ErrorCode;
	name_taken: ErrorCode;
	/** Where the name stands in what is sent. */
	path?: string;
}): Naming {
	return {
		isMeant(key) {
			if (isId(key)) return eq(table.id, key);
			return isStorable(key) ? sql`lower(${table.name}) = lower(${key})` : sql`false`;
		},
		missing(key) {
			const shown = key.slice(0, longestShown);
			return failed(not_found, {
				message: `There is no ${called} with the id or name ${JSON.stringify(shown)}.`,
				details: { [detail]: shown },
			});
		},
		async refusingTaken(name, work) {
			try {
				return await work();
			} catch (error) {
				if (violatedUnique(error) !== unique) throw error;
				throw failed(name_taken, {
					message: `There is a ${called} named ${name} already (upper and lower case count as the same). Choose another name.`,
					details: { [detail]: name },
					errors: [{ path, message: "taken" }],
				});
			}
		},
	};
}
