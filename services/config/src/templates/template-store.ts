import type { Template, TemplateSettings, TemplateSummary } from "@netconductor/contracts/config/templates";
import { eq, getTableColumns } from "drizzle-orm";
import { createNaming, isStorable } from "../naming.ts";
import type { Statements } from "../operation.ts";
import { templateReferences, templates, templateVersions } from "../tables.ts";

const { search_text: _, ...columns } = getTableColumns(templates);
const { source: _source, settings: _settings, ...summary } = columns;

export const templateColumns = columns;
/** A template without its source, which may be a megabyte. */
export const summaryColumns = summary;

const naming = createNaming({
	table: templates,
	unique: "templates_name_key",
	called: "template",
	detail: "template",
	not_found: "templates.not_found",
	name_taken: "templates.name_taken",
});

/** The error of a template that is not there. */
export const noTemplate = naming.missing;
/** Runs `work`, which gives a template this name. @throws templates.name_taken */
export const refusingTakenName = naming.refusingTaken;

/**
 * A template by id or name.
 * @throws templates.not_found
 */
export async function findTemplate(on: Statements, key: string): Promise<Template> {
	const [found] = await on.select(columns).from(templates).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/**
 * The same without its source.
 * @throws templates.not_found
 */
export async function findSummary(on: Statements, key: string): Promise<TemplateSummary> {
	const [found] = await on.select(summary).from(templates).where(naming.isMeant(key));
	if (found === undefined) throw naming.missing(key);
	return found;
}

/**
 * Keeps a template as it is until the transaction ends, and answers it.
 * @throws templates.not_found
 */
export async function lockTemplate(tx: Statements, key: string): Promise<Template> {
	const [found] = await tx.select(columns).from(templates).where(naming.isMeant(key)).for("update");
	if (found === undefined) throw naming.missing(key);
	return found;
}

export interface NewVersion {
	template_id: string;
	version: number;
	source: string;
	settings: TemplateSettings;
	note: string;
	restored_from: number | null;
	/** Names that the source includes, imports or extends. */
	references: readonly string[];
	at: string;
	by: string;
}

/** Records a version, and what the newest source refers to. */
export async function recordVersion(tx: Statements, made: NewVersion): Promise<void> {
	const { references, at, by, ...version } = made;
	await tx.insert(templateVersions).values({
		...version,
		lines: countLines(made.source),
		created_at: at,
		created_by: by,
	});
	await tx.delete(templateReferences).where(eq(templateReferences.template_id, made.template_id));
	const names = [...new Set(references)].filter(isPossible);
	if (names.length === 0) return;
	await tx.insert(templateReferences).values(names.map((name) => ({ template_id: made.template_id, name })));
}

/** Other names no template has, and no text of PostgreSQL could hold some of them. */
export function isPossible(name: string): boolean {
	return name.length <= 100 && isStorable(name);
}

function countLines(source: string): number {
	if (source === "") return 0;
	let lines = source.endsWith("\n") ? 0 : 1;
	for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) lines++;
	return lines;
}
