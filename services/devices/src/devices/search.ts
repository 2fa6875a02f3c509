import type { Database } from "@netconductor/runtime/db/database";
import { type SQL, sql } from "drizzle-orm";
import { holds } from "../sql.ts";
import { devices } from "../tables.ts";

/** Condition that a device has what a person typed in what is searched through. */
export type DeviceSearch = (typed: string) => Promise<SQL>;

const refreshAfter_ms = 5_000;
/** Its index entries are two, and few of the texts of an inventory share them by chance. */
const partLength = 4;

/**
 * The index by trigrams reads a list of devices for each trigram of what is searched for, also those of what every device has (`site-`): in a large
 * inventory they cost more than all the rest. So it is asked for a part alone that few devices have, where one is known, and what it finds
 * is compared with the whole. The texts that PostgreSQL keeps of the table to plan by tell which parts are common; whatever they tell, the same
 * devices are found.
 */
export function createDeviceSearch(db: Database): DeviceSearch {
	let known: { texts: Promise<readonly string[]>; until_ms: number } | undefined;

	function someTexts(): Promise<readonly string[]> {
		if (known === undefined || known.until_ms < performance.now()) {
			known = { texts: readSomeTexts(db), until_ms: performance.now() + refreshAfter_ms };
			known.texts.catch(() => {
				known = undefined;
			});
		}
		return known.texts;
	}

	return async (typed) => {
		const part = typed.length > partLength ? rarePart(typed, await someTexts()) : undefined;
		if (part === undefined) return holds(sql`${devices.search_text}`, typed);
		return sql`${holds(sql`${devices.search_text}`, part)} and strpos(${devices.search_text}, lower(${typed})) > 0`;
	};
}

/** Some hundred of them, evenly spread; none before PostgreSQL has looked at the table, or where it has less. */
async function readSomeTexts(db: Database): Promise<readonly string[]> {
	const [row] = await db.query<{ texts: string[] | null }>(
		`select histogram_bounds::text::text[] as texts from pg_stats
		where schemaname = current_schema() and tablename = 'devices' and attname = 'search_text'`,
	);
	return row?.texts ?? [];
}

/**
 * The part of what was typed that the fewest of the texts have. Undefined where each is of more than one in fifty: what has all of it is then many
 * devices, which are found sooner along the order of their list. Letters and digits of ASCII alone, which are the same in lower case wherever they
 * are compared, and in which the index does not look for the borders of words.
 */
export function rarePart(typed: string, texts: readonly string[]): string | undefined {
	if (texts.length === 0) return undefined;
	let rarest: { part: string; in_texts: number } | undefined;
	for (let at = 0; at + partLength <= typed.length && rarest?.in_texts !== 0; at++) {
		const part = typed.slice(at, at + partLength);
		if (!/^[a-z0-9]+$/i.test(part)) continue;
		const lower = part.toLowerCase();
		const in_texts = texts.filter((text) => text.includes(lower)).length;
		if (in_texts * 50 <= texts.length && in_texts < (rarest?.in_texts ?? Infinity)) rarest = { part, in_texts };
	}
	return rarest?.part;
}
