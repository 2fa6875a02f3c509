import type { TemplateSettings } from "@netconductor/contracts/config/templates";
import type { Database } from "@netconductor/runtime/db/database";
import { AppError } from "@netconductor/runtime/errors";
import { eq, inArray } from "drizzle-orm";
import type { Statement } from "../engine/ast.ts";
import { compileTemplate } from "../engine/compile.ts";
import { errorOf } from "../engine/engine.ts";
import { TemplateFault } from "../engine/fault.ts";
import { parseTemplate } from "../engine/parser.ts";
import { library } from "../engine/standard-library.ts";
import { templateReferences, templates } from "../tables.ts";
import { anyName, referencesOf } from "./references.ts";

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
	 * @throws template.syntax, or template.unknown_filter for one that is used in any case
	 */
	check(source: Source): string[];
	/**
	 * Sources of a template and of all that it may include, by name; through a name that is computed, all partial templates. What does not
	 * exist is left out, and so is what a source that cannot be read would include.
	 */
	gather(entry: Pick<Source, "name" | "source">): Promise<Record<string, string>>;
}

export function createSources({ db }: { db: Database }): Sources {
	/** Sources with these names, and what they refer to in turn. */
	async function readNamed(names: readonly string[]) {
		const wanted = names.includes(anyName)
			? eq(templates.type, "partial")
			: inArray(templates.name, names.filter(isPossible));
		const rows = await db.orm
			.select({ id: templates.id, name: templates.name, source: templates.source })
			.from(templates)
			.where(wanted);
		const ids = rows.map(({ id }) => id);
		const further = await db.orm
			.selectDistinct({ name: templateReferences.name })
			.from(templateReferences)
			.where(inArray(templateReferences.template_id, ids));
		return { rows, further: further.map(({ name }) => name) };
	}

	return {
		check({ name, source, settings, path }) {
			try {
				const tree = parseTemplate(name, source, settings);
				compileTemplate(name, tree, library);
				return referencesOf(tree);
			} catch (error) {
				throw toRefusal(error, name, path);
			}
		},
		async gather({ name, source }) {
			const found = new Map([[name, source]]);
			const asked = new Set([name]);
			let names = referencesOf(readOrNothing(name, source));
			while (names.length > 0) {
				for (const one of names) asked.add(one);
				const { rows, further } = await readNamed(names);
				for (const row of rows) if (!found.has(row.name)) found.set(row.name, row.source);
				names = further.filter((one) => !asked.has(one));
			}
			return Object.fromEntries(found);
		},
	};
}

/** A name that a template could have, so that the database need not be asked for others. */
function isPossible(name: string): boolean {
	return name.length <= 100 && !/[\0\p{Surrogate}]/u.test(name);
}

/** Rendering says what is wrong with a source that cannot be read. */
function readOrNothing(name: string, source: string): Statement[] {
	try {
		return parseTemplate(name, source, {});
	} catch (error) {
		if (error instanceof TemplateFault || error instanceof RangeError) return [];
		throw error;
	}
}

/** The error for the person who wrote the source, said of the field that holds it, so that a form marks it. */
function toRefusal(error: unknown, name: string, path: string | undefined): unknown {
	const fault =
		error instanceof RangeError ? new TemplateFault("template.too_deep", "the template is nested too deep") : error;
	if (!(fault instanceof TemplateFault)) return error;
	const { code, message, template = name, line = 0, filter } = fault;
	const refusal = errorOf({ code, message, template, line, ...(filter !== undefined && { filter }) });
	if (path === undefined) return refusal;
	return new AppError(refusal.code, refusal.kind, {
		message: refusal.message,
		...(refusal.details && { details: refusal.details }),
		errors: [{ path, message: refusal.message }],
	});
}
