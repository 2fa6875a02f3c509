import { readMigrations } from "@netconductor/runtime/db/migrate";

/** What a process of the version before would stumble over, while it still runs beside one that has migrated. */
interface Incompatibility {
	migration: string;
	statement: string;
	why: string;
}

const name = String.raw`(?:"?[a-z_]+"?\.)?"?([a-z_0-9]+)"?`;

/** Statements of a migration that take away, rename or narrow what was there before it. What it makes itself is its own. */
export function findIncompatible(migration: string, statements: readonly string[]): Incompatibility[] {
	const all = statements.flatMap(split);
	const made = new Set(
		all.flatMap((statement) => new RegExp(`^create table (?:if not exists )?${name}`).exec(statement)?.[1] ?? []),
	);
	const added = all.flatMap((statement) => [...statement.matchAll(/\badd column (?:if not exists )?"?(\w+)"?/g)]);
	const columns = new Set(added.map(([, column = ""]) => column));
	return all.flatMap((statement) => {
		const why = whyNot(statement, made, columns);
		return why === undefined ? [] : [{ migration, statement, why }];
	});
}

/** The same of all migrations in a folder. */
export async function findIncompatibleIn(service: string, folder: URL): Promise<Incompatibility[]> {
	const migrations = await readMigrations(folder);
	return migrations.flatMap(({ tag, statements }) => findIncompatible(`${service}/${tag}`, statements));
}

/** Statements as PostgreSQL reads them, in small letters and without comments; what is quoted in dollars stays whole. */
function split(text: string): string[] {
	const plain = text.replaceAll(/--[^\n]*/g, " ").replaceAll(/\/\*.*?\*\//gs, " ");
	const quoted: string[] = [];
	const marked = plain.replaceAll(/(\$\w*\$).*?\1/gs, (body) => `$${quoted.push(body) - 1}`);
	return marked
		.split(";")
		.map((one) => one.replaceAll(/\$(\d+)/g, (_, at) => quoted[Number(at)] ?? ""))
		.map((one) => one.toLowerCase().replaceAll(/\s+/g, " ").trim())
		.filter((one) => one !== "");
}

/**
 * @param made tables, and
 * @param columns columns that the migration itself makes: who does not know them leaves them empty
 */
function whyNot(statement: string, made: ReadonlySet<string>, columns: ReadonlySet<string>): string | undefined {
	if (/^drop (table|view|materialized view|function|type|sequence|schema|trigger)\b/.test(statement)) return "drops it";
	if (/^do /.test(statement) && /\bdrop\b/.test(statement)) return "drops what it finds";
	const unique = new RegExp(`^create unique index .*? on (?:only )?${name} (.*)$`).exec(statement);
	if (unique !== null && !made.has(unique[1] ?? "") && !mentions(unique[2], columns)) {
		return "refuses what was allowed twice";
	}
	const table = new RegExp(`^alter table (?:if exists )?(?:only )?${name} (.*)$`).exec(statement);
	if (table === null || made.has(table[1] ?? "")) return undefined;
	return splitActions(table[2] ?? "")
		.map((action) => whyNotAction(action, columns))
		.find((why) => why !== undefined);
}

function whyNotAction(action: string, columns: ReadonlySet<string>): string | undefined {
	if (/^rename\b/.test(action)) return "renames it";
	if (/^drop (column )?(?!constraint)/.test(action)) return "drops it";
	if (/^alter (column )?\S+ (set data )?type\b/.test(action)) return "changes its type";
	if (/^alter (column )?\S+ set not null/.test(action)) return "refuses what was left out";
	if (/^alter (column )?\S+ drop default/.test(action)) return "refuses what was left out";
	if (/^add constraint\b/.test(action) && !mentions(action, columns)) return "refuses what was allowed";
	if (/^add (column )?(?!constraint)/.test(action) && /\bnot null\b/.test(action)) {
		return /\b(default|generated)\b/.test(action) ? undefined : "refuses what was left out";
	}
	return undefined;
}

function mentions(text = "", columns: ReadonlySet<string>): boolean {
	return text.match(/\w+/g)?.some((word) => columns.has(word)) ?? false;
}

/** The actions of one ALTER TABLE: commas within parentheses part nothing. */
function splitActions(text: string): string[] {
	const actions: string[] = [""];
	let depth = 0;
	for (const letter of text) {
		if (letter === "(") depth++;
		if (letter === ")") depth--;
		if (letter === "," && depth === 0) actions.push("");
		else actions[actions.length - 1] += letter;
	}
	return actions.map((action) => action.trim());
}
