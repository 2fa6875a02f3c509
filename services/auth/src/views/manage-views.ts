import type { SavedView } from "@netconductor/contracts/auth/model";
import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { idOfPerson } from "../tokens/manage-tokens.ts";
import {
	countViewsForChange,
	getView,
	insertView,
	listViews as listPage,
	removeView,
	writeView,
} from "./view-store.ts";

interface Needs {
	db: Database;
	clock: Clock;
}

/** Enough for every page and habit; a program that saves views without end stops here. */
const mostOfOne = 200;

export function listViews({ db }: Needs): Operation<"listViews"> {
	return ({ query, actor }) => listPage(db.orm, idOfPerson(actor), query);
}

export function createView({ db, clock }: Needs): Operation<"createView"> {
	return async ({ body, actor, note }) => {
		const user_id = idOfPerson(actor);
		const now = clock.now().toISOString();
		const id = newId();
		const view = await db.transaction(async (tx) => {
			if ((await countViewsForChange(tx, user_id)) >= mostOfOne) {
				throw failed("views.too_many", { message: `You have ${mostOfOne} saved views. Delete one first.` });
			}
			await insertView(tx, { id, user_id, ...body, created_at: now, updated_at: now });
			return getView(tx, id, user_id);
		});
		note({ ...about(view), after: settingsOf(view) });
		return view;
	};
}

export function updateView({ db, clock }: Needs): Operation<"updateView"> {
	return async ({ params, body, actor, note }) => {
		const user_id = idOfPerson(actor);
		const { before, after } = await db.transaction(async (tx) => {
			const before = await getView(tx, params.id, user_id);
			refuseOthers(before, actor, user_id);
			await writeView(tx, before.id, { ...body, updated_at: clock.now().toISOString() });
			// Whoever takes a view of somebody else's out of sight no longer sees it themselves.
			return { before, after: await getView(tx, before.id, before.owner_id) };
		});
		note({ ...about(after), before: settingsOf(before), after: settingsOf(after) });
		return after;
	};
}

export function deleteView({ db }: Needs): Operation<"deleteView"> {
	return async ({ params, actor, note }) => {
		const user_id = idOfPerson(actor);
		const before = await getView(db.orm, params.id, user_id);
		refuseOthers(before, actor, user_id);
		await removeView(db.orm, before.id);
		note({ ...about(before), before: settingsOf(before) });
		return undefined;
	};
}

/** @throws views.not_yours */
function refuseOthers(view: SavedView, actor: Actor, user_id: string): void {
	if (view.owner_id === user_id || isPermitted(actor, "settings:write")) return;
	throw failed("views.not_yours", {
		message: `"${view.name}" belongs to ${view.owner}, who alone may change it, besides those with settings:write. Save one of your own.`,
		details: { id: view.id, owner: view.owner },
	});
}

function about(view: SavedView) {
	return { resource_type: "view", resource_id: view.id, resource_name: view.name };
}

function settingsOf({ page, name, search, shared, position, owner }: SavedView) {
	return { page, name, search, shared, position, owner };
}
