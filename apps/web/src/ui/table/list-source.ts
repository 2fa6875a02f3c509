import type { CursorPage, Page } from "@netconductor/contracts/kernel/page";
import { keepPreviousData, type QueryKey, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

const rowsPerPage = 50;
// The most that the API gives at once, for reading a list whole.
const mostPerPage = 500;

export interface Paging {
	page: number;
	page_size: number;
	total: number;
	/** Where `total` tells how many there are at least: counts them all. */
	countAll?: () => void;
}

/** Rows of a list however it is paged: what a table shows, and the way to all of them. */
export interface ListSource<Row> {
	/** Undefined until the first answer. */
	rows: Row[] | undefined;
	fetching: boolean;
	error: unknown;
	retry: () => void;
	/** Of a list that counts. */
	paging?: Paging;
	/** Of a history without end: the way to what is older, undefined when there is no more. */
	more?: { load: (() => void) | undefined; loading: boolean };
	/** Every row that the filters let through, a piece at a time. */
	everything(signal?: AbortSignal): AsyncGenerator<Row[]>;
}

interface PagedWish {
	page?: number | undefined;
	page_size?: number | undefined;
}

/** What a list is asked for besides its filters. */
interface PagedQuery {
	page: number;
	page_size: number;
	count?: "near";
	after?: string;
}

/** What such a list answers; one that may be long tells more of itself. */
type PagedAnswer<Row> = Page<Row> & { total_is_exact?: boolean; next_after?: string | null };

/**
 * A list with pages and a total.
 * @param kind first word of the query's key: what changes of that kind make it be read again
 * @param wish what the address asks for
 */
export function usePagedList<Row, Wish extends PagedWish>(
	kind: string,
	wish: Wish,
	load: (wish: Wish & PagedQuery, signal: AbortSignal) => Promise<PagedAnswer<Row>>,
	options: {
		/** Tells lists of one kind apart. */
		key?: QueryKey;
		/** Other kinds that it shows. */
		shows?: readonly string[];
		/** For what changes without news of it: how often it is read again. */
		every_ms?: number;
		/** It may tell how many there are at least, some past the page, instead of counting them all. */
		near?: boolean;
	} = {},
): ListSource<Row> {
	const { page = 1, page_size = rowsPerPage } = wish;
	const { key = [], shows = [], every_ms, near = false } = options;
	const filter = JSON.stringify({ ...wish, page: undefined, page_size: undefined, sort: undefined });
	const [counted, setCounted] = useState<string>();
	const count = near && counted !== filter ? ({ count: "near" } as const) : {};
	const query = useQuery({
		queryKey: [kind, "list", ...key, { ...wish, page, page_size, ...count }],
		meta: { shows },
		...(every_ms !== undefined && { refetchInterval: every_ms }),
		queryFn: ({ signal }) => load({ ...wish, page, page_size, ...count }, signal),
		placeholderData: keepPreviousData,
	});
	return {
		rows: query.data?.items,
		fetching: query.isFetching,
		error: query.error,
		retry: () => void query.refetch(),
		...(query.data !== undefined && {
			paging: {
				page,
				page_size,
				total: query.data.total,
				...(query.data.total_is_exact === false && { countAll: () => setCounted(filter) }),
			},
		}),
		async *everything(signal = new AbortController().signal) {
			let from: { after?: string } = {};
			for (let at = 1; ; at += 1) {
				const asked = { ...wish, page: at, page_size: mostPerPage, ...count, ...from };
				const { items, total, next_after } = await load(asked, signal);
				yield items;
				if (next_after === undefined ? at * mostPerPage >= total || items.length === 0 : next_after === null) return;
				from = next_after ? { after: next_after } : {};
			}
		},
	};
}

/** A history that grows without end, newest first; its pages follow one another by a cursor. */
export function useCursorList<Row, Wish extends object>(
	kind: string,
	wish: Wish,
	load: (wish: Wish & { cursor?: string | undefined; limit: number }, signal: AbortSignal) => Promise<CursorPage<Row>>,
	options: { key?: QueryKey; limit?: number } = {},
): ListSource<Row> {
	const { limit = rowsPerPage, key = [] } = options;
	const query = useInfiniteQuery({
		queryKey: [kind, "history", ...key, wish],
		queryFn: ({ signal, pageParam }) => load({ ...wish, cursor: pageParam, limit }, signal),
		initialPageParam: undefined as string | undefined,
		getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
		placeholderData: keepPreviousData,
	});
	const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
	return {
		rows,
		fetching: query.isFetching,
		error: query.error,
		retry: () => void query.refetch(),
		more: {
			load: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
			loading: query.isFetchingNextPage,
		},
		async *everything(signal = new AbortController().signal) {
			let cursor: string | undefined;
			do {
				const { items, next_cursor } = await load({ ...wish, cursor, limit: mostPerPage }, signal);
				yield items;
				cursor = next_cursor ?? undefined;
			} while (cursor !== undefined);
		},
	};
}
