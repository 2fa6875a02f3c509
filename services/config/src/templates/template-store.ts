import type { Template, TemplateSettings, TemplateSummary } from "@netconductor/contracts/config/templates";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { eq, getTableColumns, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { templateReferences, templates, templateVersions } from "../tables.ts";

const { search_text: _, ...columns } = getTableColumns(templates);
const { source: _source, settings: _settings, ...summary } = columns;

export const templateColumns = columns;
/** A template without its source, which may be a megabyte. */
export const summaryColumns = summary;

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Condition that a template is the one that `key` means: its id, or its name whatever its case. No name looks like an id. */
function isMeant(key: string) {
	return idPattern.test(key) ? eq(templates.id, key) : sql`lower(${templates.name}) = lower(${key})`;
}

/**
 * A template by id or name.
 * @throws templates.not_found
 */
export async function findTemplate(on: Statements, key: string): Promise<Template> {
	const [found] = await on.select(columns).from(templates).where(isMeant(key));
	if (found === undefined) throw noTemplate(key);
	return found;
}

/**
 * The same without its source.
 * @throws templates.not_found
 */
export async function findSummary(on: Statements, key: string): Promise<TemplateSummary> {
	const [found] = await on.select(summary).from(templates).where(isMeant(key));
	if (found === undefined) throw noTemplate(key);
	return found;
}

/**
 * Keeps a template as it is until the transaction ends, and answers it.
 * @throws templates.not_found
 */
export async function lockTemplate(tx: Statements, key: string): Promise<Template> {
	const [found] = await tx.select(columns).from(templates).where(isMeant(key)).for("update");
	if (found === undefined) throw noTemplate(key);
	return found;
}

export function noTemplate(key: string): Error {
	const shown = JSON.stringify(key.slice(0, 100));
	return failed("templates.not_found", {
		message: `There is no template with the id or name ${shown}.`,
		details: { template: key.slice(0, 100) },
	});
}

/** Runs `work`, which gives a template this name; that another has it already becomes templates.name_taken. */
export async function refusingTakenName<T>(name: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (violatedUnique(error) !== "templates_name_key") throw error;
		throw failed("templates.name_taken", {
			message: `There is a template named ${name} already (upper and lower case count as the same). Choose another name.`,
			details: { template: name },
			errors: [{ path: "body.name", message: "taken" }],
		});
	}
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
	return name.length <= 100 && !/[\0\p{Surrogate}]/u.test(name);
}

function countLines(source: string): number {
	if (source === "") return 0;
	let lines = source.endsWith("\n") ? 0 : 1;
	for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) lines++;
	return lines;
}
