import type { MopDocument, MopStep } from "@netconductor/contracts/config/mops";
import { hasTag } from "@netconductor/templating/read-string";
import { inArray, or, sql } from "drizzle-orm";
import { isId } from "../naming.ts";
import type { Statements } from "../operation.ts";
import { stepsOf } from "./read-document.ts";
import { mops } from "./tables.ts";

/** A procedure as another one runs it. */
export interface LibraryMop {
	id: string;
	name: string;
	version: number;
	enabled: boolean;
	document: MopDocument;
}

/** Procedures by id and by name in lower case. */
export type MopLibrary = ReadonlyMap<string, LibraryMop>;

/** Procedures that stand within each other, the outermost not counted. */
export const deepestMops = 10;
/** Steps of a procedure with those of all that it runs. */
export const mostSteps = 500;

/** Documents are up to half a megabyte: no more of them are read than could be run. */
const mostRead = 200;

/** The procedure that a step runs: its id or name as it is written, or undefined where it is missing or a template. */
export function mopKeyOf(step: MopStep): string | undefined {
	const key = step.with?.mop;
	return typeof key === "string" && key !== "" && !hasTag(key) ? key : undefined;
}

/** Keys of the procedures that a document runs, in lower case. */
export function mopKeysIn(document: MopDocument, isRunMop: (type: string) => boolean): string[] {
	const keys = stepsOf(document).flatMap(({ step }) =>
		isRunMop(step.type) ? (mopKeyOf(step)?.toLowerCase() ?? []) : [],
	);
	return [...new Set(keys)];
}

/** Every procedure that a document runs, and that those run. Those that do not exist are left out. */
export async function readLibrary(
	on: Statements,
	document: MopDocument,
	isRunMop: (type: string) => boolean,
): Promise<MopLibrary> {
	const library = new Map<string, LibraryMop>();
	const asked = new Set<string>();
	let wanted = mopKeysIn(document, isRunMop);
	for (let depth = 0; depth <= deepestMops && wanted.length > 0 && asked.size < mostRead; depth++) {
		const keys = wanted.filter((key) => !asked.has(key)).slice(0, mostRead - asked.size);
		if (keys.length === 0) break;
		for (const key of keys) asked.add(key);
		const ids = keys.filter(isId);
		const found = await on
			.select({
				id: mops.id,
				name: mops.name,
				version: mops.version,
				enabled: mops.enabled,
				document: mops.document,
			})
			.from(mops)
			.where(
				or(
					sql`lower(${mops.name}) = any(${sql.param(keys)}::text[])`,
					ids.length === 0 ? undefined : inArray(mops.id, ids),
				),
			);
		for (const mop of found) {
			library.set(mop.id, mop);
			library.set(mop.name.toLowerCase(), mop);
		}
		wanted = found.flatMap((mop) => mopKeysIn(mop.document, isRunMop));
	}
	return library;
}
