import type { CursorPage, Page } from "@netconductor/contracts/kernel/page";
import { type AnyColumn, asc, Column, desc, is, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { failed } from "../errors.ts";

/** `limit`, `offset` and order of one page. The id breaks ties, so that no row is on two pages or on none. */
export interface PageWindow {
	limit: number;
	offset: number;
	order_by: SQL[];
	/** The same order from its other end. */
	reverse: SQL[];
}

/**
 * The window that a query `{page, page_size, sort}` asks for. `sort` is a key of `columns`, `-` before it for descending; nulls come last.
 * An expression among them must never be null, and one of `unique` decides the order alone: an index then gives it, in both directions.
 * @throws request.invalid for any other
 */
export function pageWindow<F extends string>(
	query: { page: number; page_size: number; sort?: F | `-${F}` | undefined },
	{
		columns,
		id,
		fallback,
		unique = [],
	}: { columns: Record<F, AnyColumn | SQL>; id: AnyColumn; fallback: F | `-${F}`; unique?: readonly F[] },
): PageWindow {
	const sort = query.sort ?? fallback;
	const descending = sort.startsWith("-");
	const field = (descending ? sort.slice(1) : sort) as F;
	if (!Object.hasOwn(columns, field)) {
		throw failed("request.invalid", {
			message: `This list cannot be sorted by ${field}. It can by ${Object.keys(columns).join(", ")}.`,
			errors: [{ path: "query.sort", message: "not a field that this list is sorted by" }],
		});
	}
	const column = columns[field];
	const [order, opposite] = descending ? [desc, asc] : [asc, desc];
	const mayBeNull = is(column, Column) && !column.notNull;
	const isUnique = column === id || unique.includes(field);
	return {
		limit: query.page_size,
		offset: (query.page - 1) * query.page_size,
		order_by: [mayBeNull ? sql`${order(column)} nulls last` : order(column), ...(isUnique ? [] : [order(id)])],
		reverse: [mayBeNull ? sql`${opposite(column)} nulls first` : opposite(column), ...(isUnique ? [] : [opposite(id)])],
	};
}

/** The same page of a list of so many rows, looked for from the end that is nearer: from the other one its rows come the other way round. */
export function fromNearerEnd(window: PageWindow, total: number): PageWindow {
	const { offset, order_by, reverse } = window;
	const limit = Math.min(window.limit, total - offset);
	if (offset <= total / 2 || limit <= 0) return window;
	return { limit, offset: total - offset - limit, order_by: reverse, reverse: order_by };
}

/** The answer of a paged list. */
export function toPage<T>(query: { page: number; page_size: number }, items: T[], total: number): Page<T> {
	return { items, page: query.page, page_size: query.page_size, total };
}

type KeyValue = string | number;

/** What a history is ordered by: columns that together are unique and never null, each with the schema of its value. */
export type CursorKey = readonly { column: AnyColumn; schema: z.ZodType<KeyValue> }[];

/**
 * The part of a history after `cursor`: condition, order and a limit one greater than asked, which tells `toCursorPage` whether more follows.
 * @throws request.invalid when the cursor is not one of this history
 */
export function cursorWindow(
	query: { cursor?: string | undefined; limit: number },
	{ key, direction }: { key: CursorKey; direction: "ascending" | "descending" },
): { where: SQL | undefined; order_by: SQL[]; limit: number } {
	const order = direction === "ascending" ? asc : desc;
	return {
		where: query.cursor === undefined ? undefined : after(decodeCursor(query.cursor, key), key, direction),
		order_by: key.map(({ column }) => order(column)),
		limit: query.limit + 1,
	};
}

function after(values: KeyValue[], key: CursorKey, direction: "ascending" | "descending"): SQL {
	const columns = sql.join(
		key.map(({ column }) => sql`${column}`),
		sql`, `,
	);
	const bounds = sql.join(
		key.map(({ column }, index) => sql`${sql.param(values[index], column)}`),
		sql`, `,
	);
	// One row comparison, which an index on the same columns answers from its position.
	return direction === "ascending" ? sql`(${columns}) > (${bounds})` : sql`(${columns}) < (${bounds})`;
}

/** The answer of a history: `rows` as the window's limit gave them, `keyOf` the key of a row in the order of its columns. */
export function toCursorPage<T>(rows: T[], limit: number, keyOf: (row: T) => KeyValue[]): CursorPage<T> {
	const items = rows.slice(0, limit);
	const last = items.at(-1);
	return { items, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

function encodeCursor(values: KeyValue[]): string {
	return Buffer.from(JSON.stringify(values)).toString("base64url");
}

function decodeCursor(cursor: string, key: CursorKey): KeyValue[] {
	try {
		const schema = z.tuple(key.map((part) => part.schema) as [z.ZodType<KeyValue>, ...z.ZodType<KeyValue>[]]);
		return schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
	} catch {
		throw failed("request.invalid", {
			message: "This cursor does not belong to this list. Start again without one.",
			errors: [{ path: "query.cursor", message: "not a cursor of this list" }],
		});
	}
}
