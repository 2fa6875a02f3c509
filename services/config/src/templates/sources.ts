import type { TemplateSettings, TemplateVariablesFound } from "@netconductor/contracts/config/templates";
import type { Database } from "@netconductor/runtime/db/database";
import { AppError, isAppError } from "@netconductor/runtime/errors";
import { eq, inArray } from "drizzle-orm";
import { templateReferences, templates } from "../tables.ts";
import { anyName } from "./references.ts";
import type { SourceReader } from "./source-reader.ts";
import { isPossible } from "./template-store.ts";

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
	check(source: Source): Promise<string[]>;
	/**
	 * Variables that a source and all that it includes need, and the names of what that is.
	 * @throws template.syntax
	 */
	findVariables(source: Source): Promise<TemplateVariablesFound>;
	/**
	 * Sources of a template and of all that it may include, by name; through a name that is computed, all partial templates. What does not
	 * exist is left out, and so is what a source that cannot be read would include.
	 */
	gather(entry: Pick<Source, "name" | "source">): Promise<Record<string, string>>;
}

const usualSettings: TemplateSettings = { trim_blocks: true, lstrip_blocks: true, keep_trailing_newline: true };

export function createSources({ db, reader }: { db: Database; reader: SourceReader }): Sources {
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

	async function gather({ name, source }: Pick<Source, "name" | "source">): Promise<Record<string, string>> {
		const found = new Map([[name, source]]);
		const asked = new Set([name]);
		// Rendering says what is wrong with a source that cannot be read.
		let names = await reader
			.run("references", { name, source, settings: usualSettings }, source.length)
			.catch(unlessFault<string[]>([]));
		while (names.length > 0) {
			for (const one of names) asked.add(one);
			const { rows, further } = await readNamed(names);
			for (const row of rows) if (!found.has(row.name)) found.set(row.name, row.source);
			names = further.filter((one) => !asked.has(one));
		}
		return Object.fromEntries(found);
	}

	return {
		gather,
		async check({ path, ...source }) {
			return reader.run("check", source, source.source.length).catch(tieTo(path));
		},
		async findVariables({ path, ...source }) {
			const gathered = await gather(source);
			const characters = Object.values(gathered).reduce((sum, one) => sum + one.length, 0);
			const given = { entry: source.name, templates: gathered, settings: source.settings };
			return {
				variables: await reader.run("variables", given, characters).catch(tieTo(path)),
				templates: Object.keys(gathered).filter((name) => name !== source.name),
			};
		},
	};
}

function isFault(error: unknown): error is AppError {
	return isAppError(error) && error.code.startsWith("template.");
}

function unlessFault<T>(instead: T): (error: unknown) => T {
	return (error) => {
		if (isFault(error)) return instead;
		throw error;
	};
}

/** Throws the same error, said of the field of the request that holds the source, so that a form marks it. */
function tieTo(path: string | undefined): (error: unknown) => never {
	return (error) => {
		if (path === undefined || !isFault(error)) throw error;
		throw new AppError(error.code, error.kind, {
			message: error.message,
			...(error.details && { details: error.details }),
			errors: [{ path, message: error.message }],
		});
	};
}
