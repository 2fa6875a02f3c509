import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Call, Handler } from "@netconductor/runtime/host/service";
import { patternFault } from "@netconductor/runtime/pattern";
import { type SQL, sql } from "drizzle-orm";
import { escapeLike } from "../backups/read-backups.ts";
import type { ContentStore } from "../contents/content-store.ts";
import { storable } from "../text/lines.ts";
import { fold, requiredLiterals, type SearchTerm } from "../text/matcher.ts";
import type { TextPool } from "../text/text-pool.ts";

type Operations = (typeof backupApi)["operations"];

interface Needs {
	db: Database;
	contents: ContentStore;
	texts: TextPool;
	search_timeout_ms: number;
}

/** A device's config at the asked time. */
interface Config extends Record<string, unknown> {
	device_id: string;
	device_name: string;
	device_type: string;
	backup_id: string;
	content_id: string;
	created_at: string;
}

/** Texts that are read and looked through at a time, in bytes unpacked. */
const batchBytes = 16 * 1024 * 1024;
const batchRows = 500;

/**
 * Finds devices whose config has a matching line. Masked texts alone are searched, so nobody finds a secret by guessing it.
 *
 * Plain text without regard to case is answered by the trigram index on folded texts. For other terms the index (or the part of the pattern
 * that must be there) gives candidates, which threads look through line by line, up to a time limit.
 * @throws backups.bad_pattern, backups.search_too_broad
 */
export function searchConfigs(needs: Needs): Handler<Operations["searchConfigs"]> {
	return async (call) => {
		const { query } = call;
		const term: SearchTerm = { q: storable(query.q), regex: query.regex, ignore_case: query.ignore_case };
		const fault = term.regex ? patternFault(term.q) : undefined;
		if (fault !== undefined) {
			throw failed("backups.bad_pattern", {
				message: `This is not a pattern in RE2 syntax: ${fault}`,
				errors: [{ path: "query.q", message: fault }],
			});
		}
		const timeout = AbortSignal.timeout(needs.search_timeout_ms);
		const signal = AbortSignal.any([call.signal, timeout]);
		try {
			return await search(needs, call, term, signal);
		} catch (error) {
			if (!timeout.aborted || call.signal.aborted) throw error;
			throw failed("backups.search_too_broad", {
				message: `The search was ended after ${needs.search_timeout_ms} ms. Search for a longer text, or for one device or device type.`,
			});
		}
	};
}

async function search(
	needs: Needs,
	{ query }: Call<Operations["searchConfigs"]>,
	term: SearchTerm,
	signal: AbortSignal,
) {
	const { db, contents, texts } = needs;
	const filter = sql`true
		${query.device_id === undefined ? sql`` : sql`and d.device_id = ${query.device_id}`}
		${query.device_type === undefined ? sql`` : sql`and d.device_type = ${storable(query.device_type)}`}`;
	const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
	const searched = await countConfigs(db, filter, query.at);

	let page: Config[];
	let total: number;
	if (query.at === undefined && !term.regex && isFoldable(term)) {
		({ page, total } = await findIndexed(db, filter, [fold(term.q)], window));
	} else {
		const candidates =
			query.at === undefined ? await findCurrent(db, filter, literalsOf(term)) : await findAt(db, filter, query.at);
		const matching = await filterMatching(needs, candidates, term, signal);
		total = matching.length;
		page = matching.slice(window.offset, window.offset + window.limit);
	}

	const packed = await contents.readMasked(page.map(({ content_id }) => content_id));
	const found = page.flatMap((config) => {
		const text = packed.get(config.content_id);
		return text === undefined ? [] : [{ config, text }];
	});
	const size = costOf(
		term,
		found.map(({ text }) => text.size),
	);
	const hits = await texts.run(
		"findHits",
		{ texts: found.map(({ text }) => text), term, context: query.context },
		size,
		signal,
	);
	return {
		items: found.map(({ config: { content_id: _, ...config } }, index) => ({
			...config,
			...(hits[index] as (typeof hits)[number]),
		})),
		page: query.page,
		page_size: query.page_size,
		total,
		searched,
	};
}

/** A pattern may be slow on any text: it always runs on a thread, which can be ended. */
function costOf({ regex }: SearchTerm, sizes: readonly number[]): number {
	return regex ? Number.POSITIVE_INFINITY : sizes.reduce((sum, size) => sum + size, 0);
}

/** Literals that an index of three-letter pieces can look for. */
function literalsOf({ q, regex }: SearchTerm): string[] {
	return regex
		? requiredLiterals(q)
				.filter((literal) => literal.length >= 3)
				.map(fold)
		: [fold(q)];
}

/** Whether folded text says all there is to know: case does not count, or the term has none. A line end is in no line. */
function isFoldable({ q, ignore_case }: SearchTerm): boolean {
	return (ignore_case || (q === q.toLowerCase() && q === q.toUpperCase())) && !/[\r\n]/.test(q);
}

const columns = sql`d.device_id, d.device_name, d.device_type, d.backup_id, d.content_id,
	to_char(d.backed_up_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at`;

/** Contents of today that hold every literal. Large ones are not in the trigram index and are asked for apart. */
function holding(literals: readonly string[]): SQL {
	if (literals.length === 0) return sql`select content_id from search_texts`;
	const all = sql.join(
		literals.map((literal) => sql`folded like ${`%${escapeLike(literal)}%`}`),
		sql` and `,
	);
	return sql`select content_id from search_texts where not big and ${all} union all select content_id from search_texts where big and ${all}`;
}

async function findIndexed(
	db: Database,
	filter: SQL,
	literals: readonly string[],
	{ limit, offset }: { limit: number; offset: number },
): Promise<{ page: Config[]; total: number }> {
	const { rows } = await db.orm.execute<Config & { total: string }>(sql`
		with matching as materialized (
			select d.device_id from devices d join (${holding(literals)}) t using (content_id) where d.deleted_at is null and ${filter}
		), counted as (select count(*) as total from matching)
		select ${columns}, counted.total from counted
			left join (select d.* from devices d join matching using (device_id) order by d.device_name, d.device_id limit ${limit} offset ${offset}) d on true
			order by d.device_name, d.device_id`);
	const total = Number(rows[0]?.total ?? 0);
	return {
		page: rows.filter((row) => row.device_id !== null).map(({ total: _, ...config }) => config as Config),
		total,
	};
}

async function findCurrent(db: Database, filter: SQL, literals: readonly string[]): Promise<Config[]> {
	const { rows } = await db.orm.execute<Config>(sql`
		select ${columns} from devices d join (${holding(literals)}) t using (content_id)
		where d.deleted_at is null and ${filter} order by d.device_name, d.device_id`);
	return rows;
}

/** Each device's newest good backup then, by one step down an index for each. */
function configsAt(filter: SQL, at: string): SQL {
	return sql`devices d cross join lateral (
			select id, content_id, created_at, device_name, device_type from backups b
			where b.device_id = d.device_id and b.status = 'succeeded' and b.created_at <= ${at}::timestamptz
			order by b.created_at desc, b.id desc limit 1) b where ${filter}`;
}

async function findAt(db: Database, filter: SQL, at: string): Promise<Config[]> {
	const { rows } = await db.orm.execute<Config>(sql`
		select d.device_id, b.device_name, b.device_type, b.id as backup_id, b.content_id,
			to_char(b.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
		from ${configsAt(filter, at)} order by b.device_name, d.device_id`);
	return rows;
}

async function countConfigs(db: Database, filter: SQL, at: string | undefined): Promise<number> {
	const { rows } = await db.orm.execute<{ n: string }>(
		at === undefined
			? sql`select count(*) as n from devices d where d.content_id is not null and d.deleted_at is null and ${filter}`
			: sql`select count(*) as n from ${configsAt(filter, at)}`,
	);
	return Number(rows[0]?.n ?? 0);
}

/** Candidates with a matching line, in order. Equal configs are looked through once. */
async function filterMatching(
	{ db, contents, texts }: Needs,
	candidates: readonly Config[],
	term: SearchTerm,
	signal: AbortSignal,
): Promise<Config[]> {
	if (/[\r\n]/.test(term.regex ? "" : term.q)) return [];
	const ids = [...new Set(candidates.map(({ content_id }) => content_id))];
	const matching = new Set<string>();
	// Two batches at a time: one is read while another is looked through.
	const running = new Set<Promise<void>>();
	for await (const batch of batches(db, ids)) {
		signal.throwIfAborted();
		const work = (async () => {
			const packed = [...(await contents.readMasked(batch))];
			const size = costOf(
				term,
				packed.map(([, text]) => text.size),
			);
			const found = await texts.run("filterMatching", { texts: packed.map(([, text]) => text), term }, size, signal);
			for (const [index, [id]] of packed.entries()) if (found[index]) matching.add(id);
		})();
		running.add(work);
		work.then(
			() => running.delete(work),
			() => {},
		);
		if (running.size >= 2) await Promise.race(running);
	}
	await Promise.all(running);
	return candidates.filter(({ content_id }) => matching.has(content_id));
}

/** Ids in groups whose texts are together not too large. */
async function* batches(db: Database, ids: readonly string[]): AsyncGenerator<string[]> {
	let batch: string[] = [];
	let bytes = 0;
	for (let from = 0; from < ids.length; from += 5_000) {
		const { rows } = await db.orm.execute<{ id: string; size: number }>(
			sql`select id, masked_size as size from contents where id in ${ids.slice(from, from + 5_000)}`,
		);
		for (const { id, size } of rows) {
			if (batch.length > 0 && (bytes + size > batchBytes || batch.length >= batchRows)) {
				yield batch;
				batch = [];
				bytes = 0;
			}
			batch.push(id);
			bytes += size;
		}
	}
	if (batch.length > 0) yield batch;
}
