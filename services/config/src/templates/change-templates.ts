import type { Template, TemplateChange, TemplateSummary, TemplateType } from "@netconductor/contracts/config/templates";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { eq, inArray } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { templates } from "../tables.ts";
import type { Sources } from "./sources.ts";
import { findTemplate, lockTemplate, noTemplate, recordVersion, refusingTakenName } from "./template-store.ts";
import { refuseNeeded } from "./template-uses.ts";

export interface Needs {
	db: Database;
	outbox: Outbox;
	clock: Clock;
	sources: Sources;
}

export function createTemplate({ db, outbox, clock, sources }: Needs): ConfigOperation<"createTemplate"> {
	return async ({ body: { note: why, ...body }, actor, note }) => {
		const references = await sources.check({ ...body, path: "body.source" });
		const id = newId();
		const at = clock.now().toISOString();
		const after = await refusingTakenName(body.name, () =>
			db.transaction(async (tx) => {
				await checkLinks(tx, { ...body, id });
				const stamps = { created_at: at, created_by: actor.name, updated_at: at, updated_by: actor.name };
				await tx.insert(templates).values({ ...body, ...asSets(body), id, version: 1, ...stamps });
				await recordVersion(tx, {
					template_id: id,
					version: 1,
					source: body.source,
					settings: body.settings,
					note: why,
					restored_from: null,
					references,
					at,
					by: actor.name,
				});
				await outbox.publish(tx, "template.created.v1", {
					template_id: id,
					name: body.name,
					version: 1,
					by: actor.name,
				});
				return findTemplate(tx, id);
			}),
		);
		note({ ...about(after), after: recorded(after) });
		return after;
	};
}

export function updateTemplate({ db, outbox, clock, sources }: Needs): ConfigOperation<"updateTemplate"> {
	return async ({ params, body: { version: began_from, note: why, ...change }, actor, note }) => {
		// Reading a source takes its time, so it is done before the template is locked: what it was read for, the version guards.
		const known = await findTemplate(db.orm, params.id);
		const wanted = { ...known, ...change };
		const isNewVersion = differs(known, wanted);
		if (isNewVersion) refuseOutdated(known, began_from);
		const references = isNewVersion ? await sources.check({ ...wanted, path: "body.source" }) : [];
		const at = clock.now().toISOString();

		const { before, after } = await refusingTakenName(wanted.name, () =>
			db.transaction(async (tx) => {
				const before = await lockTemplate(tx, known.id);
				refuseOutdated(before, began_from);
				const next = { ...before, ...change };
				if (next.name !== before.name || next.type !== before.type) await refuseStranding(tx, before, next);
				await checkLinks(tx, next);
				const version = isNewVersion ? before.version + 1 : before.version;
				await tx
					.update(templates)
					.set({ ...change, ...asSets(next), version, updated_at: at, updated_by: actor.name })
					.where(eq(templates.id, before.id));
				if (isNewVersion) {
					await recordVersion(tx, {
						template_id: before.id,
						version,
						source: next.source,
						settings: next.settings,
						note: why,
						restored_from: null,
						references,
						at,
						by: actor.name,
					});
				}
				const { name } = next;
				await outbox.publish(tx, "template.updated.v1", { template_id: before.id, name, version, by: actor.name });
				return { before, after: await findTemplate(tx, before.id) };
			}),
		);
		note({ ...about(after), before: recorded(before), after: recorded(after) });
		return after;
	};
}

export function deleteTemplate(needs: Pick<Needs, "db" | "outbox">): ConfigOperation<"deleteTemplate"> {
	return async ({ params, actor, note }) => {
		const [before] = await needs.db.transaction(async (tx) => {
			const template = await lockTemplate(tx, params.id);
			return removeTemplates(tx, needs.outbox, [template.id], actor.name);
		});
		if (before !== undefined) note({ ...about(before), before: recorded(before) });
		return undefined;
	};
}

export function deleteTemplates(needs: Pick<Needs, "db" | "outbox">): ConfigOperation<"deleteTemplates"> {
	return async ({ body, actor, note }) => {
		const ids = [...new Set(body.ids)];
		const gone = await needs.db.transaction((tx) => removeTemplates(tx, needs.outbox, ids, actor.name));
		const names = gone.map(({ name }) => name);
		note({ resource_type: "template", resource_name: names.join(", ").slice(0, 500), before: { names } });
		return { deleted: gone.length };
	};
}

/** @throws templates.not_found, or templates.in_use naming what stays and needs one of them */
async function removeTemplates(
	tx: Parameters<Outbox["publish"]>[0],
	outbox: Outbox,
	ids: string[],
	by: string,
): Promise<Template[]> {
	// In one order, so that two that delete the same templates do not wait for each other in a circle.
	const found = await tx.select().from(templates).where(inArray(templates.id, ids)).orderBy(templates.id).for("update");
	const missing = ids.find((id) => !found.some((template) => template.id === id));
	if (missing !== undefined) throw noTemplate(missing);
	await refuseNeeded(tx, found, "delete");
	// Links among those that go would keep each other.
	await tx
		.update(templates)
		.set({ validation_template_id: null, delete_template_id: null })
		.where(inArray(templates.id, ids));
	await tx.delete(templates).where(inArray(templates.id, ids));
	await outbox.publishAll(
		tx,
		"template.deleted.v1",
		found.map(({ id, name, version }) => ({ template_id: id, name, version, by })),
	);
	return found;
}

/** What others include must keep its name, and what they link to its type. @throws templates.in_use */
async function refuseStranding(tx: Statements, before: Template, next: Template): Promise<void> {
	if (next.name !== before.name) await refuseNeeded(tx, [before], "rename");
	if (next.type !== before.type) await refuseNeeded(tx, [before], "retype");
}

/** @throws templates.changed — naming who changed it and when */
export function refuseOutdated(template: TemplateSummary, began_from: number): void {
	if (template.version === began_from) return;
	const { name, version, updated_by, updated_at } = template;
	throw failed("templates.changed", {
		message:
			began_from > version
				? `${name} has no version ${began_from}; its newest is ${version}. Nothing was changed.`
				: `${updated_by} changed ${name} at ${updated_at}: its newest version is ${version}, this change began from ${began_from}. Nothing was changed. Read it again and make the change there.`,
		details: { template: name, version, changed_by: updated_by, changed_at: updated_at },
		errors: [{ path: "body.version", message: `the newest is ${version}` }],
	});
}

const links = [
	{ field: "validation_template_id", type: "validation" },
	{ field: "delete_template_id", type: "delete" },
] as const satisfies readonly { field: keyof TemplateChange; type: TemplateType }[];

/** @throws templates.bad_link — a link that this type has not, or that leads to nothing or to a template of another type */
async function checkLinks(
	tx: Statements,
	template: { id: string; type: TemplateType } & Record<(typeof links)[number]["field"], string | null>,
): Promise<void> {
	for (const { field, type } of links) {
		const id = template[field];
		if (id === null) continue;
		const [linked] = await tx
			.select({ name: templates.name, type: templates.type })
			.from(templates)
			.where(eq(templates.id, id))
			.for("key share");
		const fault =
			template.type !== "deploy"
				? `Only a deploy template has a ${type} template; this one is of the type ${template.type}.`
				: linked === undefined
					? `There is no template with the id ${id}.`
					: linked.type !== type
						? `${linked.name} is of the type ${linked.type}, not ${type}.`
						: undefined;
		if (fault === undefined) continue;
		throw failed("templates.bad_link", {
			message: `${fault} Nothing was changed.`,
			details: { field, template_id: id },
			errors: [{ path: `body.${field}`, message: fault }],
		});
	}
}

function differs(a: Pick<Template, "source" | "settings">, b: Pick<Template, "source" | "settings">): boolean {
	return (
		a.source !== b.source ||
		a.settings.trim_blocks !== b.settings.trim_blocks ||
		a.settings.lstrip_blocks !== b.settings.lstrip_blocks ||
		a.settings.keep_trailing_newline !== b.settings.keep_trailing_newline
	);
}

/** Tags and platforms are sets: sorted, each once. */
function asSets({ tags, platforms }: { tags: readonly string[]; platforms: readonly string[] }) {
	return { tags: [...new Set(tags)].toSorted(), platforms: [...new Set(platforms)].toSorted() };
}

export function about({ id, name }: { id: string; name: string }) {
	return { resource_type: "template", resource_id: id, resource_name: name };
}

/** What an audit record keeps: the source itself is in the version. */
export function recorded({ source, ...template }: Template) {
	return { ...template, source_characters: source.length };
}
