import { backupApi } from "@netconductor/contracts/backup/api";
import type { SearchResult } from "@netconductor/contracts/backup/model";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { count } from "../output/words.ts";
import { addQueryOptions, filtersOf, type ListOptions, pointInTime } from "../query-options.ts";
import { findBackedUpDevice } from "../resolve.ts";

interface SearchOptions extends ListOptions, Record<string, unknown> {
	regex?: boolean;
	caseSensitive?: boolean;
	at?: string;
	device?: string;
	list?: boolean;
}

/** `backup search`: the whole fleet's configurations, like grep. */
export function addBackupSearch(backup: Command, open: Open): void {
	const { query } = backupApi.operations.searchConfigs;
	const command = backup
		.command("search <text>")
		.description("Search the current configurations of all devices, or those at a date")
		.option("--regex", "The text is a regular expression (RE2), matched line by line")
		.option("--case-sensitive", "Tell upper from lower case")
		.option("--at <time>", "As things stood then", pointInTime)
		.option("--list", "Only the names of devices that match");
	addQueryOptions(command, query, { without: ["q", "regex", "ignore_case", "at"] });
	command.action(async (text: string, options: SearchOptions, self: Command) => {
		const cli = open(self);
		const device_id = options.device === undefined ? undefined : (await findBackedUpDevice(cli, options.device)).id;
		const result = await search(cli, options, {
			...filtersOf(query, options),
			q: text,
			regex: options.regex ? "true" : "false",
			ignore_case: options.caseSensitive ? "false" : "true",
			at: options.at,
			device_id,
		});
		cli.print(result, () => (options.list ? renderNames(result) : renderHits(cli, result)));
		const shown =
			result.items.length < result.total ? ` (${result.items.length} shown; more with --page or --all)` : "";
		cli.note(`${count(result.total, "device")} of ${result.searched} match${shown}`);
	});
}

type Query = Parameters<Cli["clients"]["backup"]["searchConfigs"]>[0]["query"];

async function search(cli: Cli, { page, limit, all }: ListOptions, query: Query): Promise<SearchResult> {
	const { backup } = cli.clients;
	if (!all) return backup.searchConfigs({ query: { ...query, page, page_size: limit } });
	const items: SearchResult["items"] = [];
	for (let at = 1; ; at++) {
		const answer = await backup.searchConfigs({ query: { ...query, page: at, page_size: 200 } });
		items.push(...answer.items);
		if (answer.items.length === 0 || at * answer.page_size >= answer.total) {
			return { ...answer, items, page: 1, page_size: items.length };
		}
	}
}

function renderNames(result: SearchResult): string {
	return result.items.map(({ device_name }) => `${sanitiseLine(device_name)}\n`).join("");
}

/** Like grep: `device:12:text` for a hit, `device-11-text` for the lines around it. */
function renderHits(cli: Cli, result: SearchResult): string {
	const { paint } = cli.terminal;
	const groups = result.items.flatMap(({ device_name, hits, hits_total }) => {
		const name = sanitiseLine(device_name);
		const around = (line: number, text: string) => paint("dim", `${name}-${line}-${visible(text)}`);
		const shown = hits.map(({ line, text, start, end, before, after, section }) =>
			[
				...(section === null || before.includes(section) ? [] : [paint("hunk", `${name}  ${visible(section)}`)]),
				...before.map((each, at) => around(line - before.length + at, each)),
				`${paint("heading", name)}:${line}:${visible(text.slice(0, start))}${paint("match", visible(text.slice(start, end)))}${visible(text.slice(end))}`,
				...after.map((each, at) => around(line + at + 1, each)),
			].join("\n"),
		);
		if (hits_total > hits.length) shown.push(paint("dim", `${name}: ${hits_total - hits.length} more`));
		return shown;
	});
	const separator = result.items.some(({ hits }) => hits.some(({ before, after }) => before.length + after.length > 0))
		? `\n${paint("dim", "--")}\n`
		: "\n";
	return groups.length === 0 ? "" : `${groups.join(separator)}\n`;
}

function visible(text: string): string {
	return sanitiseLine(text.replaceAll("\t", "    "));
}
