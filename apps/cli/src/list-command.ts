import type { Operation } from "@netconductor/contracts/kernel/operation";
import type { CursorPage, Page } from "@netconductor/contracts/kernel/page";
import type { Command } from "commander";
import type { Cli, Open } from "./cli.ts";
import { type Column, renderTable } from "./output/table.ts";
import { count } from "./output/words.ts";
import { addQueryOptions, filtersOf, type ListOptions, pagingOf } from "./query-options.ts";
import { findCredential, findDevice, findSnapshot, findUser } from "./resolve.ts";

type Query = Record<string, unknown>;

interface ListDeclaration<T> {
	/** `list` unless told. */
	name?: string;
	description: string;
	operation: Operation;
	/** Reads one page. `given` are the command's arguments, where its name declares some. */
	read: (cli: Cli, query: Query, options: Query, given: readonly string[]) => Promise<Page<T> | CursorPage<T>>;
	columns: readonly Column<T>[];
	/** One entry, in words: `device`. */
	noun: string;
	plural?: string;
}

const largestPage = 500;

/** A `list` command: filters, order and paging come from the operation's contract. */
export function addListCommand<T>(parent: Command, open: Open, declared: ListDeclaration<T>): Command {
	const { description, operation, read, columns, noun, plural = `${noun}s` } = declared;
	const command = parent.command(declared.name ?? "list").description(description);
	const schema = operation.query;
	if (schema === undefined) throw new TypeError(`${operation.path} takes no query, so it is not a list`);
	addQueryOptions(command, schema);
	return command.action(async () => {
		const cli = open(command);
		const options = command.opts<ListOptions & Query>();
		const filters = { ...filtersOf(schema, options), ...(await idsOf(cli, options)) };
		const answer = await readPages(pagingOf(schema), options, filters, (query) =>
			read(cli, query, options, command.args),
		);
		cli.print(answer, () => (answer.items.length === 0 ? "" : renderTable(columns, answer.items, cli.terminal)));
		cli.note(footer(answer, noun, plural));
	});
}

/** Ids of what the options name. */
export async function idsOf(cli: Cli, options: Query): Promise<Query> {
	const ids: Query = {};
	if (typeof options.device === "string") ids.device_id = (await findDevice(cli, options.device)).id;
	if (typeof options.snapshot === "string") ids.snapshot_id = (await findSnapshot(cli, options.snapshot)).id;
	if (typeof options.credential === "string") ids.credential_id = (await findCredential(cli, options.credential)).id;
	if (typeof options.owner === "string") ids.owner_id = (await findUser(cli, options.owner)).id;
	if (typeof options.run === "string") ids.run_id = options.run;
	return ids;
}

/** One page as asked for, or with `--all` every page as one. */
async function readPages<T>(
	paging: "page" | "cursor",
	{ page, limit, cursor, all }: ListOptions,
	filters: Query,
	read: (query: Query) => Promise<Page<T> | CursorPage<T>>,
): Promise<Page<T> | CursorPage<T>> {
	const sized = (size: number | undefined) => (paging === "page" ? { page_size: size } : { limit: size });
	if (!all) return read({ ...filters, ...sized(limit), ...(paging === "page" ? { page } : { cursor }) });
	const items: T[] = [];
	for (let next: Query = {}; ; ) {
		const answer = await read({ ...filters, ...sized(largestPage), ...next });
		items.push(...answer.items);
		if ("next_cursor" in answer) {
			if (answer.next_cursor === null) return { items, next_cursor: null };
			next = { cursor: answer.next_cursor };
		} else {
			const after = "next_after" in answer ? answer.next_after : undefined;
			const isLast =
				after === undefined
					? answer.items.length === 0 || answer.page * answer.page_size >= answer.total
					: after === null;
			if (isLast) return { ...answer, items, page: 1, page_size: items.length };
			// By where the page before ended, each entry is read once whatever comes and goes meanwhile.
			next = { page: answer.page + 1, after };
		}
	}
}

function footer(answer: Page<unknown> | CursorPage<unknown>, noun: string, plural: string): string {
	const shown = answer.items.length;
	if ("next_cursor" in answer) {
		const more = answer.next_cursor === null ? "" : `; more with --cursor ${answer.next_cursor} or --all`;
		return `${count(shown, noun, plural)}${more}`;
	}
	if (shown === answer.total) return count(shown, noun, plural);
	const isLast = answer.page * answer.page_size >= answer.total;
	const atLeast = "total_is_exact" in answer && answer.total_is_exact === false ? "at least " : "";
	return `${shown} of ${atLeast}${count(answer.total, noun, plural)}${isLast ? "" : `; more with --page ${answer.page + 1} or --all`}`;
}
