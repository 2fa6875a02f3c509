import type { Database } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import type { Statements } from "../operation.ts";
import { compareTexts } from "../text/compare.ts";
import { type ChangeNeeds, storeSource } from "./change-mops.ts";
import { findMop, findSummary } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { mopVersions } from "./tables.ts";

/** Lines around a difference. */
const context = 3;

const versionKey = [{ column: mopVersions.version, schema: z.int().min(0).max(2_147_483_647) }] as const;

const { version, note, created_at, created_by, source } = mopVersions;

export function listMopVersions({ db }: { db: Database }): MopOperation<"listMopVersions"> {
	return async ({ params, query }) => {
		const { id } = await findSummary(db.orm, params.id);
		const window = cursorWindow(query, { key: versionKey, direction: "descending" });
		const rows = await db.orm
			.select({ version, note, created_at, created_by })
			.from(mopVersions)
			.where(and(eq(mopVersions.mop_id, id), window.where))
			.orderBy(...window.order_by)
			.limit(window.limit);
		return toCursorPage(rows, query.limit, (row) => [row.version]);
	};
}

export function getMopVersion({ db }: { db: Database }): MopOperation<"getMopVersion"> {
	return async ({ params }) => findVersion(db.orm, await findSummary(db.orm, params.id), params.version);
}

export function compareMopVersions({ db }: { db: Database }): MopOperation<"compareMopVersions"> {
	return async ({ params, query }) => {
		const mop = await findSummary(db.orm, params.id);
		const from = await findVersion(db.orm, mop, query.from);
		const to = await findVersion(db.orm, mop, query.to);
		const names = { from: `${mop.name} (version ${from.version})`, to: `${mop.name} (version ${to.version})` };
		const { hunks } = compareTexts({ from: from.source, to: to.source, names }, context);
		return { from: from.version, to: to.version, hunks };
	};
}

export function restoreMopVersion(needs: ChangeNeeds): MopOperation<"restoreMopVersion"> {
	return async ({ params, note: record, ...call }) => {
		const known = await findMop(needs.db.orm, params.id);
		const wanted = await findVersion(needs.db.orm, known, params.version);
		const why = `Version ${wanted.version} again`;
		return storeSource(needs, known, { source: wanted.source, version: known.version, why }, record, call);
	};
}

/** @throws mops.version_not_found */
async function findVersion(on: Statements, mop: { id: string; name: string; version: number }, wanted: number) {
	const [found] =
		wanted > mop.version
			? []
			: await on
					.select({ version, note, created_at, created_by, source })
					.from(mopVersions)
					.where(and(eq(mopVersions.mop_id, mop.id), eq(mopVersions.version, wanted)));
	if (found !== undefined) return found;
	throw failed("mops.version_not_found", {
		message: `${mop.name} has no version ${wanted}; its newest is ${mop.version}.`,
		details: { mop: mop.name, version: wanted, newest: mop.version },
	});
}
