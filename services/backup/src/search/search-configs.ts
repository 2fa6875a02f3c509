import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Database, Orm } from "@netconductor/runtime/db/database";
import { isCancelled } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import type { Call, Handler } from "@netconductor/runtime/host/service";
import { patternFault } from "@netconductor/runtime/pattern";
import { storable } from "@netconductor/runtime/text/lines";
import { type SQL, sql } from "drizzle-orm";
import { escapeLike } from "../backups/read-backups.ts";
import type { ContentStore } from "../contents/content-store.ts";
import { type ScopeNeeds, scopeOf } from "../scope.ts";
import type { PackedTexts } from "../text/match-texts.ts";
import { fold, requiredLiterals, type SearchTerm } from "../text/matcher.ts";
import type { TextPool } from "../text/text-pool.ts";

type Operations = (typeof backupApi)["operations"];

interface Needs extends ScopeNeeds {
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
	/** The index has told already that it matches; others are looked through. */
	settled: boolean;
}

/** A search until its end: what it asks PostgreSQL ends with it. */
interface SearchRun {
	term: SearchTerm;
	filter: SQL;
	signal: AbortSignal;
	/** Runs statements for as long as the search may still take. */
	ask<T>(statements: (on: Orm) => Promise<T>): Promise<T>;
}

/** Texts that are read and looked through at a time, in bytes unpacked. */
const batchBytes = 16 * 1024 * 1024;
const batchRows = 500;

/**
 * Finds devices whose config has a matching line. Masked texts alone are searched, so nobody finds a secret by guessing it.
 *
 * Plain text without regard to case is answered by the trigram index on folded texts. For other terms the index (or the part of the pattern
 * that must be there) gives candidates, which threads look through, and so they do with texts that are nobody's current config any more.
 * All of it, statements included, ends at a time limit.
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
		const deadline = performance.now() + needs.search_timeout_ms;
		const timeout = AbortSignal.timeout(needs.search_timeout_ms);
		const signal = AbortSignal.any([call.signal, timeout]);
		// Shorter ones are in no index of three-letter pieces.
		const isIndexed = literalsOf(term).some(({ length }) => length >= 3);
		const ask = <T>(statements: (on: Orm) => Promise<T>) => withinTime(needs.db, deadline, isIndexed, statements);
		try {
			const exists = await scopeOf(needs, call, sql`d.device_id`);
			return await search(needs, call, { term, filter: filterOf(query, exists), signal, ask });
		} catch (error) {
			if (call.signal.aborted || !(timeout.aborted || isCancelled(error))) throw error;
			throw failed("backups.search_too_broad", {
				message: `The search was ended after ${needs.search_timeout_ms} ms. Search for a longer text, or for one device or device type.`,
			});
		}
	};
}

/**
 * Statements that PostgreSQL ends at the deadline. Where an index can help it is told to use it: it counts a large text as the pointer that the
 * row holds, so that reading all of them looks cheap.
 */
function withinTime<T>(
	db: Database,
	deadline: number,
	isIndexed: boolean,
	statements: (on: Orm) => Promise<T>,
): Promise<T> {
	return db.transaction(async (tx) => {
		const left_ms = Math.max(1, Math.ceil(deadline - performance.now()));
		await tx.execute(
			sql`select set_config('statement_timeout', ${String(left_ms)}, true), set_config('enable_seqscan', ${isIndexed ? "off" : "on"}, true)`,
		);
		return statements(tx);
	});
}

function filterOf({ device_id, device_type }: Call<Operations["searchConfigs"]>["query"], exists = sql`true`): SQL {
	return sql`${exists}
		${device_id === undefined ? sql`` : sql`and d.device_id = ${device_id}`}
		${device_type === undefined ? sql`` : sql`and d.device_type = ${storable(device_type)}`}`;
}

async function search(needs: Needs, { query }: Call<Operations["searchConfigs"]>, asked: SearchRun) {
	const { contents, texts } = needs;
	const { term, signal, ask } = asked;
	const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };

	let page: Config[];
	let total: number;
	let searched: number;
	const { at } = query;
	if (at === undefined && isFoldable(term)) {
		({ page, total, searched } = await ask((on) => findIndexed(on, asked, window)));
	} else {
		const found = await ask((on) => (at === undefined ? findCurrent(on, asked) : findAt(on, asked, at)));
		const matching = await lookThrough(needs, found.candidates, asked);
		({ searched } = found);
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
		items: found.map(({ config: { content_id: _, settled: __, ...config } }, index) => ({
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

/** Literals that every text with a match holds, folded. */
function literalsOf({ q, regex }: SearchTerm): string[] {
	return regex
		? requiredLiterals(q)
				.filter((literal) => literal.length >= 3)
				.map(fold)
		: [fold(q)];
}

/** Whether folded text says all there is to know: case does not count, or the term has none. A line end is in no line. */
function isFoldable({ q, regex, ignore_case }: SearchTerm): boolean {
	return !regex && (ignore_case || (q === q.toLowerCase() && q === q.toUpperCase())) && !/[\r\n]/.test(q);
}

const columns = sql`d.device_id, d.device_name, d.device_type, d.backup_id, d.content_id, false as settled,
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

const searchedToday = sql`(select count(*) from devices d where d.content_id is not null and d.deleted_at is null`;

/** One page of what the index alone answers. */
async function findIndexed(on: Orm, { term, filter }: SearchRun, { limit, offset }: { limit: number; offset: number }) {
	const { rows } = await on.execute<Config & { total: string; searched: string }>(sql`
		with matching as materialized (
			select d.device_id from devices d join (${holding(literalsOf(term))}) t using (content_id) where d.deleted_at is null and ${filter}
		), counted as (select (select count(*) from matching) as total, ${searchedToday} and ${filter}) as searched)
		select ${columns}, counted.* from counted
			left join (select d.* from devices d join matching using (device_id) order by d.device_name, d.device_id limit ${limit} offset ${offset}) d on true
			order by d.device_name, d.device_id`);
	const { total, searched } = rows[0] ?? { total: 0, searched: 0 };
	return { page: present(rows), total: Number(total), searched: Number(searched) };
}

interface Found {
	candidates: Config[];
	/** How many configs there were to search. */
	searched: number;
}

async function findCurrent(on: Orm, { term, filter }: SearchRun): Promise<Found> {
	const { rows } = await on.execute<Config & { searched: string }>(sql`
		select ${columns}, searched from ${searchedToday} and ${filter}) as counted (searched) left join (
			select d.* from devices d join (${holding(literalsOf(term))}) t using (content_id) where d.deleted_at is null and ${filter}
		) d on true order by d.device_name, d.device_id`);
	return { candidates: present(rows), searched: Number(rows[0]?.searched ?? 0) };
}

/**
 * Each device's newest good backup then, by one step down an index for each. Where its text is still some device's current one the search index
 * knows it.
 */
async function findAt(on: Orm, { term, filter }: SearchRun, at: string): Promise<Found> {
	const { rows } = await on.execute<Config & { searched: string }>(sql`
		with configs as materialized (
			select d.device_id, b.device_name, b.device_type, b.id as backup_id, b.content_id, b.created_at
			from devices d cross join lateral (
				select id, content_id, created_at, device_name, device_type from backups b
				where b.device_id = d.device_id and b.status = 'succeeded' and b.created_at <= ${at}::timestamptz
				order by b.created_at desc, b.id desc limit 1) b
			where ${filter}
		), known as materialized (${holding(literalsOf(term))}), candidates as (
			select c.*, k.content_id is not null and ${isFoldable(term)} as settled from configs c
				left join search_texts t using (content_id) left join known k using (content_id)
			where t.content_id is null or k.content_id is not null
		)
		select c.device_id, c.device_name, c.device_type, c.backup_id, c.content_id, c.settled, searched,
			to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
		from (select count(*) from configs) as counted (searched) left join candidates c on true order by c.device_name, c.device_id`);
	return { candidates: present(rows), searched: Number(rows[0]?.searched ?? 0) };
}

/** The configs of rows that carry a count beside them, also where there is no config. */
function present(rows: readonly (Config & { total?: string; searched: string })[]): Config[] {
	return rows.flatMap(({ total: _, searched: __, ...config }) => (config.device_id === null ? [] : [config]));
}

/** Candidates with a matching line, in order. Equal configs are looked through once. */
async function lookThrough({ db, texts }: Needs, candidates: readonly Config[], asked: SearchRun): Promise<Config[]> {
	const { term, signal, ask } = asked;
	if (!term.regex && /[\r\n]/.test(term.q)) return [];
	const ids = [...new Set(candidates.flatMap(({ settled, content_id }) => (settled ? [] : [content_id])))];
	const matching = new Set<string>();
	// Two batches at a time: one is read while another is looked through.
	const running = new Set<Promise<void>>();
	for await (const batch of batches(db, ids)) {
		signal.throwIfAborted();
		const work = (async () => {
			const { found, ...packed } = await ask((on) => readTogether(on, batch));
			const matches = await texts.run("matchTexts", { ...packed, term }, costOf(term, packed.sizes), signal);
			for (const [index, id] of found.entries()) if (matches[index]) matching.add(id);
		})();
		running.add(work);
		work.then(
			() => running.delete(work),
			() => {},
		);
		if (running.size >= 2) await Promise.race(running);
	}
	await Promise.all(running);
	return candidates.filter(({ settled, content_id }) => settled || matching.has(content_id));
}

/** Masked texts, one after the other. As base64 they are two thirds of what PostgreSQL makes of bytes, and read in half the time. */
async function readTogether(on: Orm, content_ids: readonly string[]): Promise<PackedTexts & { found: string[] }> {
	const { rows } = await on.execute<{ found: string[] | null; sizes: number[] | null; packed: string | null }>(
		sql`select array_agg(id::text order by id) as found, array_agg(masked_size order by id) as sizes,
				encode(string_agg(masked, ''::bytea order by id), 'base64') as packed
			from contents where id = any(${sql.param([...content_ids])}::uuid[])`,
	);
	const { found, sizes, packed } = rows[0] ?? {};
	return { found: found ?? [], sizes: sizes ?? [], packed: Buffer.from(packed ?? "", "base64") };
}

/** Ids in groups whose texts are together not too large. */
async function* batches(db: Database, ids: readonly string[]): AsyncGenerator<string[]> {
	let batch: string[] = [];
	let bytes = 0;
	for (let from = 0; from < ids.length; from += 5_000) {
		const { rows } = await db.orm.execute<{ id: string; size: number }>(
			sql`select id, masked_size as size from contents where id = any(${sql.param(ids.slice(from, from + 5_000))}::uuid[])`,
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
