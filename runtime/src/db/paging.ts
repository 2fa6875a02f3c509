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

/** What a list is ordered by. */
interface PageOrder {
	sort: string;
	field: string;
	column: AnyColumn | SQL;
	/** What it is compared with, of a value of the field. */
	comparable: (value: KeyValue) => SQL;
	id: AnyColumn;
	descending: boolean;
	mayBeNull: boolean;
	isUnique: boolean;
}

/**
 * The window that a query `{page, page_size, sort}` asks for. `sort` is a key of `columns`, `-` before it for descending; nulls come last.
 * An expression among them must never be null, and one of `unique` decides the order alone: an index then gives it, in both directions.
 * @throws request.invalid for any other
 */
export function pageWindow<F extends string>(
	query: { page: number; page_size: number; sort?: F | `-${F}` | undefined },
	orders: PageOrders<F>,
): PageWindow {
	const { column, id, descending, mayBeNull, isUnique } = pageOrder(query.sort, orders);
	const [order, opposite] = descending ? [desc, asc] : [asc, desc];
	return {
		limit: query.page_size,
		offset: (query.page - 1) * query.page_size,
		order_by: [mayBeNull ? sql`${order(column)} nulls last` : order(column), ...(isUnique ? [] : [order(id)])],
		reverse: [mayBeNull ? sql`${opposite(column)} nulls first` : opposite(column), ...(isUnique ? [] : [opposite(id)])],
	};
}

interface PageOrders<F extends string> {
	columns: Record<F, AnyColumn | SQL>;
	id: AnyColumn;
	fallback: F | `-${F}`;
	unique?: readonly F[];
	/** What an expression among the columns is of a value. */
	of?: Partial<Record<F, (value: SQL) => SQL>>;
}

function pageOrder<F extends string>(
	asked: F | `-${F}` | undefined,
	{ columns, id, fallback, unique = [], of = {} }: PageOrders<F>,
): PageOrder {
	const sort = asked ?? fallback;
	const descending = sort.startsWith("-");
	const field = (descending ? sort.slice(1) : sort) as F;
	if (!Object.hasOwn(columns, field)) {
		throw failed("request.invalid", {
			message: `This list cannot be sorted by ${field}. It can by ${Object.keys(columns).join(", ")}.`,
			errors: [{ path: "query.sort", message: "not a field that this list is sorted by" }],
		});
	}
	const column = columns[field];
	const made: ((value: SQL) => SQL) | undefined = of[field];
	return {
		sort,
		field,
		column,
		comparable: (value) =>
			made?.(sql`${value}::text`) ?? (is(column, Column) ? sql`${sql.param(value, column)}` : sql`${value}`),
		id,
		descending,
		mayBeNull: is(column, Column) && !column.notNull,
		isUnique: column === id || unique.includes(field),
	};
}

const PageEnd = z.tuple([z.string(), z.union([z.string(), z.number(), z.null()]), z.uuid()]);

/** Where a page ends, for `followingPage`: the place of its last row in the order that was asked for. */
export function endOfPage<F extends string>(
	sort: F | `-${F}` | undefined,
	orders: PageOrders<F>,
	last: Record<F, string | number | boolean | null> & { id: string },
): string {
	const order = pageOrder(sort, orders);
	return encodeCursor([order.sort, last[order.field as F] as KeyValue, last.id]);
}

/**
 * Condition on the rows behind the end of a page: found there, the next page is what follows, whatever came or went before it, and an index leads to it
 * unless the order has nulls.
 * @throws request.invalid when the cursor is not one of this list in this order
 */
export function followingPage<F extends string>(
	cursor: string,
	sort: F | `-${F}` | undefined,
	orders: PageOrders<F>,
): SQL {
	const order = pageOrder(sort, orders);
	const [given, value, row] = parseCursor(cursor, PageEnd, "query.after");
	if (given !== order.sort || !isPlace(order, value)) throw foreignCursor("query.after");
	const { column, comparable, id, isUnique, mayBeNull } = order;
	const than = sql.raw(order.descending ? "<" : ">");
	if (value === null) return sql`(${column} is null and ${id} ${than} ${sql.param(row, id)})`;
	if (isUnique) return sql`${column} ${than} ${comparable(value)}`;
	const behind = sql`(${column}, ${id}) ${than} (${comparable(value)}, ${sql.param(row, id)})`;
	return mayBeNull ? sql`(${behind} or ${column} is null)` : behind;
}

/** Whether a cursor may name this value: one of another type PostgreSQL would refuse as a fault of ours. */
function isPlace({ column, mayBeNull }: PageOrder, value: KeyValue | null): boolean {
	if (value === null) return mayBeNull;
	const type = is(column, Column) ? column.getSQLType() : "text";
	if (type.startsWith("timestamp")) return typeof value === "string" && isInstant(value);
	if (type === "text") return typeof value === "string" && !value.includes("\0");
	return typeof value === "number";
}

/** As it is written on the wire. PostgreSQL knows no year 0, and writes those after 9999 in another way. */
function isInstant(value: string): boolean {
	const at = Date.parse(value);
	return /^(?!0000)\d{4}-/.test(value) && !Number.isNaN(at) && new Date(at).toISOString() === value;
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

function encodeCursor(values: (KeyValue | null)[]): string {
	return Buffer.from(JSON.stringify(values)).toString("base64url");
}

function decodeCursor(cursor: string, key: CursorKey): KeyValue[] {
	const schema = z.tuple(key.map((part) => part.schema) as [z.ZodType<KeyValue>, ...z.ZodType<KeyValue>[]]);
	return parseCursor(cursor, schema, "query.cursor");
}

function parseCursor<T>(cursor: string, schema: z.ZodType<T>, path: string): T {
	try {
		return schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
	} catch {
		throw foreignCursor(path);
	}
}

function foreignCursor(path: string) {
	return failed("request.invalid", {
		message: "This cursor does not belong to this list. Start again without one.",
		errors: [{ path, message: "not a cursor of this list" }],
	});
}
