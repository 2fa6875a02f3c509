import type { ListViews, SavedView } from "@netconductor/contracts/auth/model";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, ilike, ne, or, type SQL } from "drizzle-orm";
import type { z } from "zod";
import { users, views } from "../tables.ts";

export type ViewRow = typeof views.$inferSelect;

const shown = {
	id: views.id,
	page: views.page,
	name: views.name,
	search: views.search,
	shared: views.shared,
	owner_id: views.user_id,
	owner: users.username,
	position: views.position,
	created_at: views.created_at,
	updated_at: views.updated_at,
};

/** What a person may see: their own views and those that others share. */
function visibleTo(user_id: string): SQL | undefined {
	return or(eq(views.user_id, user_id), views.shared);
}

/** Somebody else's private view is as good as none. @throws views.not_found */
export async function getView(orm: Orm, id: string, user_id: string): Promise<SavedView> {
	const [found] = await orm
		.select(shown)
		.from(views)
		.innerJoin(users, eq(users.id, views.user_id))
		.where(and(eq(views.id, id), visibleTo(user_id)));
	if (found !== undefined) return found;
	throw failed("views.not_found", { message: `There is no view ${id} that you may see`, details: { id } });
}

export async function listViews(
	orm: Orm,
	user_id: string,
	query: z.output<typeof ListViews>,
): Promise<Page<SavedView>> {
	const pattern = `%${(query.q ?? "").replace(/[\\%_]/g, "\\$&")}%`;
	const where = and(
		visibleTo(user_id),
		query.of_page === undefined ? undefined : eq(views.page, query.of_page),
		query.own === undefined ? undefined : query.own ? eq(views.user_id, user_id) : ne(views.user_id, user_id),
		query.q ? ilike(views.name, pattern) : undefined,
	);
	const window = pageWindow(query, {
		columns: { position: views.position, name: views.name, updated_at: views.updated_at },
		id: views.id,
		fallback: "position",
	});
	const [field, ...ties] = window.order_by;
	const items = await orm
		.select(shown)
		.from(views)
		.innerJoin(users, eq(users.id, views.user_id))
		.where(where)
		.orderBy(...(field === undefined ? [] : [field]), views.name, ...ties)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(views).where(where);
	return toPage(query, items, total?.n ?? 0);
}

/** How many views a person has, who cannot add another until the transaction ends. */
export async function countViewsForChange(tx: Orm, user_id: string): Promise<number> {
	await tx.select({ id: users.id }).from(users).where(eq(users.id, user_id)).for("no key update");
	const [total] = await tx.select({ n: count() }).from(views).where(eq(views.user_id, user_id));
	return total?.n ?? 0;
}

/** @throws views.name_taken */
export function insertView(tx: Orm, view: ViewRow): Promise<unknown> {
	return refusingTakenName(view, tx.insert(views).values(view));
}

/** @throws views.name_taken */
export async function writeView(tx: Orm, id: string, change: Partial<ViewRow>): Promise<void> {
	await refusingTakenName(change, tx.update(views).set(change).where(eq(views.id, id)));
}

export async function removeView(orm: Orm, id: string): Promise<void> {
	await orm.delete(views).where(eq(views.id, id));
}

async function refusingTakenName(view: { name?: string }, work: PromiseLike<unknown>): Promise<void> {
	try {
		await work;
	} catch (error) {
		if (violatedUnique(error) === undefined) throw error;
		throw failed("views.name_taken", {
			message: `A view "${view.name}" of this page exists already. Choose another name, or change that one.`,
			details: { name: view.name },
		});
	}
}
