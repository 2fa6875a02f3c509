import type { CallerContext } from "@netconductor/runtime/host/call";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { readLibrary } from "./mop-library.ts";
import { readCatalogue } from "./step-type-catalogue.ts";
import { mops } from "./tables.ts";
import { findChanging, runsMops, type ValidationNeeds } from "./validate-mop.ts";

/** What procedures name: whether they may change devices depends on it. */
export type Named = { mop: { id: string; name: string } } | { step_type: string };

/** Ids of the procedures that name it, and of those that run them. */
function usersOf(named: Named): SQL {
	const direct =
		"mop" in named
			? sql`r.kind = 'mop' and r.name in (${named.mop.id}, lower(${named.mop.name}))`
			: sql`r.kind = 'step_type' and r.name = ${named.step_type}`;
	return sql`with recursive users as (
			select r.mop_id as id from mop_references r where ${direct}
			union
			select r.mop_id from users join mops m on m.id = users.id
				join mop_references r on r.kind = 'mop' and r.name in (m.id::text, lower(m.name)))
		select id from users`;
}

/** Notes that what uses it may change devices, now that it may. */
export async function markWriting(tx: Statements, named: Named): Promise<void> {
	await tx.execute(sql`update mops set writes = true where not writes and id in (${usersOf(named)})`);
}

/**
 * Looks at what uses it again, now that it changes no device any more. Until then, and where this fails, procedures are said to change devices that
 * do not: the safe side.
 */
export async function reviewWriting(
	{ db, tasks }: Pick<ValidationNeeds, "db" | "tasks">,
	named: Named,
	caller: CallerContext,
): Promise<void> {
	const { rows } = await db.orm.execute<{ id: string }>(
		sql`select id from mops where writes and id in (${usersOf(named)})`,
	);
	if (rows.length === 0) return;
	const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
	for (const { id } of rows) {
		const [mop] = await db.orm
			.select({ document: mops.document, version: mops.version })
			.from(mops)
			.where(eq(mops.id, id));
		if (mop === undefined) continue;
		const library = await readLibrary(db.orm, mop.document, runsMops(catalogue));
		const { writes } = await findChanging(tasks, { document: mop.document, catalogue, library }, caller);
		if (writes) continue;
		await db.orm
			.update(mops)
			.set({ writes: false })
			.where(and(eq(mops.id, id), eq(mops.version, mop.version)));
	}
}
