import type { MopSummary } from "@netconductor/contracts/config/mops";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, getTableColumns, inArray, ne } from "drizzle-orm";
import { createNaming } from "../naming.ts";
import type { Statements } from "../operation.ts";
import { mopReferences, mops } from "./tables.ts";

const { search_text: _, ...columns } = getTableColumns(mops);
const { source: _source, document: _document, ...summary } = columns;

export type MopRow = Omit<typeof mops.$inferSelect, "search_text">;
/** A procedure without its source and document, which may be half a megabyte each. */
export const summaryColumns = summary;

const naming = createNaming({
	table: mops,
	unique: "mops_name_key",
	called: "procedure",
	detail: "mop",
	not_found: "mops.not_found",
	name_taken: "mops.name_taken",
	path: "name",
});

/** Runs `work`, which gives a procedure this name. @throws mops.name_taken */
export const refusingTakenName = naming.refusingTaken;

/** A procedure by id or name. @throws mops.not_found */
export async function findMop(on: Statements, key: string): Promise<MopRow> {
	const [found] = await on.select(columns).from(mops).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** The same without its source. @throws mops.not_found */
export async function findSummary(on: Statements, key: string): Promise<MopSummary> {
	const [found] = await on.select(summary).from(mops).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** Keeps a procedure as it is until the transaction ends. @throws mops.not_found */
export async function lockMop(tx: Statements, key: string): Promise<MopRow> {
	const [found] = await tx.select(columns).from(mops).where(naming.isMeant(key)).for("update");
	if (found === undefined) throw naming.missing(key);
	return found;
}

/** What a document names. */
export interface References {
	/** Ids or names, in lower case. */
	mops: readonly string[];
	step_types: readonly string[];
}

/** Notes what the newest document of a procedure names. */
export async function recordReferences(tx: Statements, mop_id: string, named: References): Promise<void> {
	await tx.delete(mopReferences).where(eq(mopReferences.mop_id, mop_id));
	const rows = [
		...named.mops.map((name) => ({ mop_id, kind: "mop" as const, name })),
		...named.step_types.map((name) => ({ mop_id, kind: "step_type" as const, name })),
	];
	if (rows.length > 0) await tx.insert(mopReferences).values(rows);
}

const mostNamed = 10;

/** @throws mops.in_use — other procedures run it, by its id or (where only the name is to go) by its name */
export async function refuseRunByOthers(
	tx: Statements,
	mop: { id: string; name: string },
	what: "deleted" | "renamed",
): Promise<void> {
	const keys = what === "deleted" ? [mop.id, mop.name.toLowerCase()] : [mop.name.toLowerCase()];
	const others = await tx
		.select({ name: mops.name })
		.from(mopReferences)
		.innerJoin(mops, eq(mops.id, mopReferences.mop_id))
		.where(and(eq(mopReferences.kind, "mop"), inArray(mopReferences.name, keys), ne(mopReferences.mop_id, mop.id)))
		.groupBy(mops.name)
		.limit(mostNamed + 1);
	if (others.length === 0) return;
	const names = others.slice(0, mostNamed).map(({ name }) => name);
	const more = others.length > mostNamed ? " and others" : "";
	throw failed("mops.in_use", {
		message: `${mop.name} cannot be ${what}: ${names.join(", ")}${more} ${others.length === 1 ? "runs" : "run"} it. Change ${others.length === 1 ? "that one" : "those"} first. Nothing was changed.`,
		details: { mop: mop.name, used_by: names },
	});
}
