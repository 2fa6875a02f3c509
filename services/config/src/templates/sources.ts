import type { TemplateSettings } from "@netconductor/contracts/config/templates";
import type { Database } from "@netconductor/runtime/db/database";
import { AppError, isAppError } from "@netconductor/runtime/errors";
import { inArray } from "drizzle-orm";
import type { TemplateEngine } from "../engine/engine.ts";
import { templateReferences, templates } from "../tables.ts";

export interface Source {
	name: string;
	source: string;
	settings: TemplateSettings;
	/** Field of the request that holds the source, to which an error is tied. */
	path?: string;
}

export interface Sources {
	/**
	 * Reads a source without rendering it. Answers the names that it includes, imports or extends.
	 * @throws template.syntax
	 */
	check(source: Source): Promise<string[]>;
	/** Sources of a template and of all that it may include, by name. What does not exist is left out. */
	gather(entry: Pick<Source, "name" | "source">): Promise<Record<string, string>>;
}

export function createSources({ db, engine }: { db: Database; engine: TemplateEngine }): Sources {
	return {
		async check({ name, source, settings, path }) {
			try {
				await engine.render({ entry: "\0", templates: { "\0": "", [name]: source }, variables: {}, settings });
			} catch (error) {
				throw path === undefined ? error : tiedTo(error, path);
			}
			return referencesIn(source);
		},
		async gather({ name, source }) {
			const found = new Map([[name, source]]);
			let wanted = referencesIn(source);
			while (wanted.length > 0) {
				const names = [...new Set(wanted)].filter((one) => !found.has(one) && !one.includes("\0"));
				if (names.length === 0) break;
				const rows = await db.orm
					.select({ id: templates.id, name: templates.name, source: templates.source })
					.from(templates)
					.where(inArray(templates.name, names));
				for (const row of rows) found.set(row.name, row.source);
				if (rows.length === 0) break;
				const further = await db.orm
					.selectDistinct({ name: templateReferences.name })
					.from(templateReferences)
					.where(
						inArray(
							templateReferences.template_id,
							rows.map(({ id }) => id),
						),
					);
				wanted = further.map((reference) => reference.name);
			}
			return Object.fromEntries(found);
		},
	};
}

const tag = /\{%[-+]?\s*(?:include|import|extends|from)\s+(["'])((?:(?!\1)[^\\\n])*)\1/g;

function referencesIn(source: string): string[] {
	return [...source.matchAll(tag)].map(([, , name = ""]) => name);
}

/** The same error, said of a field of the request, so that a form marks it. */
function tiedTo(error: unknown, path: string): unknown {
	if (!isAppError(error) || !error.code.startsWith("template.")) return error;
	return new AppError(error.code, error.kind, {
		message: error.message,
		...(error.details && { details: error.details }),
		errors: [{ path, message: error.message }],
	});
}
