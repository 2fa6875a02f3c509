import type { Mop, MopDocument } from "@netconductor/contracts/config/mops";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { failed } from "@netconductor/runtime/errors";
import type { CallContext } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { eq } from "drizzle-orm";
import { markWriting, reviewWriting } from "./follow-writes.ts";
import { mopKeysIn } from "./mop-library.ts";
import {
	findMop,
	lockMop,
	type MopRow,
	type References,
	recordReferences,
	refuseRunByOthers,
	refusingTakenName,
} from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { stepsOf } from "./read-document.ts";
import { toMop } from "./read-mops.ts";
import { readCatalogue } from "./step-type-catalogue.ts";
import { mops, mopVersions } from "./tables.ts";
import { requireValid, runsMops, type ValidatedMop, type ValidationNeeds, validateSource } from "./validate-mop.ts";

export interface ChangeNeeds extends ValidationNeeds {
	outbox: Outbox;
	clock: Clock;
}

export function createMop(needs: ChangeNeeds): MopOperation<"createMop"> {
	const { db, outbox, clock } = needs;
	return async ({ body, note, ...call }) => {
		const valid = await requireValid(needs, { source: body.source, id: null }, call);
		const references = await referencesOf(needs, valid.document, call);
		const id = newId();
		const at = clock.now().toISOString();
		const by = call.actor.name;
		const { name } = valid.document;
		const row = await refusingTakenName(name, () =>
			db.transaction(async (tx) => {
				const { enabled, source } = body;
				const stamps = { created_at: at, created_by: by, updated_at: at, updated_by: by };
				await tx.insert(mops).values({ ...columnsOf(valid), id, enabled, source, version: 1, ...stamps });
				await tx
					.insert(mopVersions)
					.values({ mop_id: id, version: 1, source, note: body.note, created_at: at, created_by: by });
				await recordReferences(tx, id, references);
				await outbox.publish(tx, "mop.created.v1", { mop_id: id, name, version: 1, by });
				return findMop(tx, id);
			}),
		);
		note({ ...about(row), after: recorded(row) });
		return toMop(row, valid);
	};
}

export function updateMop(needs: ChangeNeeds): MopOperation<"updateMop"> {
	return async ({ params, body, note, ...call }) => {
		const known = await findMop(needs.db.orm, params.id);
		refuseOutdated(known, body.version);
		return storeSource(needs, known, { source: body.source, version: body.version, why: body.note }, note, call);
	};
}

/** Makes a source the newest of a procedure. The same source again makes no version. */
export async function storeSource(
	needs: ChangeNeeds,
	known: MopRow,
	{ source, version: began_from, why }: { source: string; version: number; why: string },
	note: CallContext["note"],
	call: Omit<CallContext, "note">,
): Promise<Mop> {
	const { db, outbox, clock } = needs;
	const valid = await requireValid(needs, { source, id: known.id }, call);
	if (source === known.source) return toMop(known, valid);
	const references = await referencesOf(needs, valid.document, call);
	const at = clock.now().toISOString();
	const by = call.actor.name;
	const { name } = valid.document;
	const { before, after } = await refusingTakenName(name, () =>
		db.transaction(async (tx) => {
			const before = await lockMop(tx, known.id);
			refuseOutdated(before, began_from);
			if (name.toLowerCase() !== before.name.toLowerCase()) await refuseRunByOthers(tx, before, "renamed");
			const version = before.version + 1;
			await tx
				.update(mops)
				.set({ ...columnsOf(valid), source, version, updated_at: at, updated_by: by })
				.where(eq(mops.id, before.id));
			await tx
				.insert(mopVersions)
				.values({ mop_id: before.id, version, source, note: why, created_at: at, created_by: by });
			await recordReferences(tx, before.id, references);
			if (valid.writes) await markWriting(tx, { mop: { id: before.id, name } });
			await outbox.publish(tx, "mop.updated.v1", { mop_id: before.id, name, version, by });
			return { before, after: await findMop(tx, before.id) };
		}),
	);
	note({ ...about(after), before: recorded(before), after: recorded(after) });
	if (before.writes && !after.writes) await reviewWriting(needs, { mop: after }, call);
	return toMop(after, valid);
}

export function deleteMop({ db, outbox }: Pick<ChangeNeeds, "db" | "outbox">): MopOperation<"deleteMop"> {
	return async ({ params, actor, note }) => {
		const gone = await db.transaction(async (tx) => {
			const mop = await lockMop(tx, params.id);
			await refuseRunByOthers(tx, mop, "deleted");
			await tx.delete(mops).where(eq(mops.id, mop.id));
			const { id, name, version } = mop;
			await outbox.publish(tx, "mop.deleted.v1", { mop_id: id, name, version, by: actor.name });
			return mop;
		});
		note({ ...about(gone), before: recorded(gone) });
		return undefined;
	};
}

export function toggleMop(needs: ChangeNeeds): MopOperation<"toggleMop"> {
	const { db, outbox, clock } = needs;
	return async ({ params, body: { enabled }, note, ...call }) => {
		const by = call.actor.name;
		const { before, after } = await db.transaction(async (tx) => {
			const before = await lockMop(tx, params.id);
			if (before.enabled === enabled) return { before, after: before };
			await tx
				.update(mops)
				.set({ enabled, updated_at: clock.now().toISOString(), updated_by: by })
				.where(eq(mops.id, before.id));
			const { id, name, version } = before;
			await outbox.publish(tx, "mop.updated.v1", { mop_id: id, name, version, by });
			return { before, after: await findMop(tx, id) };
		});
		note({ ...about(after), before: { enabled: before.enabled }, after: { enabled } });
		return toMop(after, await validateSource(needs, after, call));
	};
}

/** @throws mops.changed — naming who changed it and when */
function refuseOutdated({ name, version, updated_by, updated_at }: MopRow, began_from: number): void {
	if (version === began_from) return;
	throw failed("mops.changed", {
		message:
			began_from > version
				? `${name} has no version ${began_from}; its newest is ${version}. Nothing was changed.`
				: `${updated_by} changed ${name} at ${updated_at}: its newest version is ${version}, this change began from ${began_from}. Nothing was changed. Read it again and make the change there.`,
		details: { mop: name, version, changed_by: updated_by, changed_at: updated_at },
		errors: [{ path: "body.version", message: `the newest is ${version}` }],
	});
}

async function referencesOf(
	{ tasks, db }: ValidationNeeds,
	document: MopDocument,
	call: Omit<CallContext, "note">,
): Promise<References> {
	const catalogue = await readCatalogue({ tasks, on: db.orm }, call);
	const types = stepsOf(document).flatMap(({ step }) => catalogue.find(step.type)?.preset?.type ?? []);
	return { mops: mopKeysIn(document, runsMops(catalogue)), step_types: [...new Set(types)] };
}

function columnsOf({ document, steps, writes }: ValidatedMop & { document: MopDocument }) {
	const { name, description = "", tags = [] } = document;
	return { name, description, tags: [...new Set(tags)].toSorted(), document, steps, writes };
}

export function about({ id, name }: { id: string; name: string }) {
	return { resource_type: "mop", resource_id: id, resource_name: name };
}

/** What an audit record keeps: the source itself is in the version. */
function recorded({ name, description, tags, enabled, steps, writes, version, source }: MopRow) {
	return { name, description, tags, enabled, steps, writes, version, source_characters: source.length };
}
