import type { TemplateSettings } from "@netconductor/contracts/config/templates";
import type { Database } from "@netconductor/runtime/db/database";
import { cursorWindow, toCursorPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, getTableColumns } from "drizzle-orm";
import { z } from "zod";
import type { ConfigOperation, Statements } from "../operation.ts";
import { templates, templateVersions } from "../tables.ts";
import { compareTexts } from "../text/compare.ts";
import { about, type Needs, recorded, refuseOutdated } from "./change-templates.ts";
import { findSummary, findTemplate, lockTemplate, recordVersion } from "./template-store.ts";

const { template_id: _, ...columns } = getTableColumns(templateVersions);
const { source: _source, settings: _settings, ...summary } = columns;

const versionKey = [{ column: templateVersions.version, schema: z.int().min(0).max(2_147_483_647) }] as const;

export function listTemplateVersions({ db }: { db: Database }): ConfigOperation<"listTemplateVersions"> {
	return async ({ params, query }) => {
		const { id } = await findSummary(db.orm, params.id);
		const window = cursorWindow(query, { key: versionKey, direction: "descending" });
		const rows = await db.orm
			.select(summary)
			.from(templateVersions)
			.where(and(eq(templateVersions.template_id, id), window.where))
			.orderBy(...window.order_by)
			.limit(window.limit);
		return toCursorPage(rows, query.limit, ({ version }) => [version]);
	};
}

export function getTemplateVersion({ db }: { db: Database }): ConfigOperation<"getTemplateVersion"> {
	return async ({ params }) => findVersion(db.orm, await findSummary(db.orm, params.id), params.version);
}

export function compareTemplateVersions({ db }: { db: Database }): ConfigOperation<"compareTemplateVersions"> {
	return async ({ params, query }) => {
		const template = await findSummary(db.orm, params.id);
		const newer = query.to ?? template.version;
		const to = await findVersion(db.orm, template, newer);
		const from = await findVersion(db.orm, template, query.from ?? Math.max(1, newer - 1));
		const nameOf = (version: number) => `${template.name} (version ${version})`;
		const compared = compareTexts(
			{ from: from.source, to: to.source, names: { from: nameOf(from.version), to: nameOf(to.version) } },
			query.context,
		);
		const settings = (Object.keys(to.settings) as (keyof TemplateSettings)[])
			.filter((name) => from.settings[name] !== to.settings[name])
			.map((name) => ({ name, from: from.settings[name], to: to.settings[name] }));
		return {
			...compared,
			identical: compared.identical && settings.length === 0,
			settings,
			from: withoutSource(from),
			to: withoutSource(to),
		};
	};
}

export function restoreTemplateVersion(needs: Needs): ConfigOperation<"restoreTemplateVersion"> {
	const { db, outbox, clock, sources } = needs;
	return async ({ params, body, actor, note }) => {
		const known = await findSummary(db.orm, params.id);
		const wanted = await findVersion(db.orm, known, params.version);
		// It was valid when it was saved; what it means is read again.
		const references = await sources.check({ name: known.name, source: wanted.source, settings: wanted.settings });
		const at = clock.now().toISOString();
		const { before, after } = await db.transaction(async (tx) => {
			const before = await lockTemplate(tx, known.id);
			refuseOutdated(before, body.version);
			const version = before.version + 1;
			const { source, settings } = wanted;
			await tx
				.update(templates)
				.set({ source, settings, version, updated_at: at, updated_by: actor.name })
				.where(eq(templates.id, before.id));
			await recordVersion(tx, {
				template_id: before.id,
				version,
				source,
				settings,
				note: body.note,
				restored_from: wanted.version,
				references,
				at,
				by: actor.name,
			});
			await outbox.publish(tx, "template.updated.v1", {
				template_id: before.id,
				name: before.name,
				version,
				by: actor.name,
			});
			return { before, after: await findTemplate(tx, before.id) };
		});
		note({ ...about(after), before: recorded(before), after: { ...recorded(after), restored_from: wanted.version } });
		return after;
	};
}

type Version = Omit<typeof templateVersions.$inferSelect, "template_id">;

/** @throws templates.version_not_found */
async function findVersion(
	on: Statements,
	template: { id: string; name: string; version: number },
	version: number,
): Promise<Version> {
	const [found] =
		version > template.version
			? []
			: await on
					.select(columns)
					.from(templateVersions)
					.where(and(eq(templateVersions.template_id, template.id), eq(templateVersions.version, version)));
	if (found !== undefined) return found;
	throw failed("templates.version_not_found", {
		message: `${template.name} has no version ${version}; its newest is ${template.version}.`,
		details: { template: template.name, version, newest: template.version },
	});
}

function withoutSource({ source: _, settings: __, ...summary }: Version) {
	return summary;
}
