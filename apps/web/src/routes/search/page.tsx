import { Button, Checkbox, Group, Text, TextInput } from "@mantine/core";
import type { SearchResult } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useRef } from "react";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { count } from "../../ui/words.ts";

export const route = createLazyRoute("/signed-in/framed/search")({ component: SearchPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/search");

const page_size = 50;

function SearchPage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const { q, regex = false, at, page = 1 } = search;
	const field = useRef<HTMLInputElement>(null);
	const asked = q !== undefined && q.length >= 2;
	const query = {
		q: q ?? "",
		regex: regex ? "true" : "false",
		ignore_case: search.case ? "false" : "true",
		at: at === undefined ? undefined : new Date(at).toISOString(),
		page,
		page_size,
	} as const;
	const found = useQuery({
		queryKey: ["search", query],
		queryFn: ({ signal }) => api.backup.searchConfigs({ query }, { signal }),
		enabled: asked,
		placeholderData: keepPreviousData,
		retry: false,
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const given = new FormData(event.currentTarget);
		void navigate({
			search: {
				q: String(given.get("q")) || undefined,
				regex: given.has("regex") || undefined,
				case: given.has("case") || undefined,
				at: String(given.get("at")) || undefined,
			},
		});
	}

	return (
		<Page title="Search configs">
			{/* A new search from elsewhere fills the form anew. */}
			<search key={JSON.stringify({ q, regex, at, case: search.case })} className="nc-panel nc-panel-body">
				<form onSubmit={submit}>
					<Group align="end" gap="sm">
						<TextInput
							ref={field}
							data-search
							name="q"
							type="search"
							label="Text or pattern"
							size="sm"
							style={{ flex: "1 1 260px" }}
							styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
							defaultValue={q ?? ""}
							minLength={2}
							maxLength={500}
							required
							autoFocus={!asked}
							onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
						/>
						<TextInput name="at" type="datetime-local" label="As of" size="sm" defaultValue={at ?? ""} />
						<Button type="submit" size="sm" loading={found.isFetching} leftSection={<Icon name="search" size={14} />}>
							Search
						</Button>
					</Group>
					<Group gap="lg" mt="sm">
						<Checkbox size="xs" name="regex" label="Regular expression (RE2)" defaultChecked={regex} />
						<Checkbox size="xs" name="case" label="Match case" defaultChecked={search.case ?? false} />
					</Group>
				</form>
			</search>
			{found.isError && <ProblemAlert error={found.error} onRetry={() => found.refetch()} />}
			{found.isLoading && <RowsLoading />}
			{asked && found.data !== undefined && !found.isError && (
				<section className="nc-panel" aria-label="What was found">
					<div className="nc-panel-head">
						<Text size="sm" aria-live="polite">
							Found in {count(found.data.total, "configuration")} of {found.data.searched} searched
						</Text>
					</div>
					{found.data.items.map((item) => (
						<Hits key={item.device_id} item={item} />
					))}
					{found.data.total > page_size && (
						<Pager
							page={page}
							page_size={page_size}
							total={found.data.total}
							noun="device"
							onChange={(to) => void navigate({ search: (before) => ({ ...before, page: to.page }) })}
						/>
					)}
				</section>
			)}
		</Page>
	);
}

function Hits({ item }: { item: SearchResult["items"][number] }) {
	const { device_id, device_name, device_type, backup_id, hits, hits_total } = item;
	return (
		<article aria-label={visibleLine(device_name)} style={{ borderBottom: "1px solid var(--nc-line)" }}>
			<Group px="sm" pt="sm" gap="xs">
				<TextLink to="/devices/$id" params={{ id: device_id }} fw={600} size="sm">
					{visibleLine(device_name)}
				</TextLink>
				<Text size="xs" c="dimmed">
					{device_type} · {count(hits_total, "line")}
					{hits_total > hits.length && `, the first ${hits.length} shown`}
				</Text>
			</Group>
			<div className="nc-code" style={{ padding: "6px 0 10px" }}>
				{excerpts(hits).map((lines) => (
					<table key={lines.at(-1)?.number} className="nc-diff nc-found">
						<tbody>
							{lines.map(({ number, text, hit }) =>
								hit === undefined ? (
									<tr key={number} className="nc-dim">
										<td className="nc-gutter">{number || ""}</td>
										<td className="nc-lines">{visibleLine(text)}</td>
									</tr>
								) : (
									<tr key={number}>
										<td className="nc-gutter">
											<TextLink
												to="/devices/$id"
												params={{ id: device_id }}
												search={{ tab: "config", backup: backup_id, line: number }}
												inherit
												aria-label={`Line ${number} in the configuration of ${visibleLine(device_name)}`}
											>
												{number}
											</TextLink>
										</td>
										<td className="nc-lines">
											{visibleLine(text.slice(0, hit.start))}
											<mark className="nc-hit">{visibleLine(text.slice(hit.start, hit.end))}</mark>
											{visibleLine(text.slice(hit.end))}
										</td>
									</tr>
								),
							)}
						</tbody>
					</table>
				))}
			</div>
		</article>
	);
}

type Hit = SearchResult["items"][number]["hits"][number];

/** A line of an excerpt; number 0 is the heading of the section that the excerpt lies in. */
interface ExcerptLine {
	number: number;
	text: string;
	hit?: Hit;
}

/** Hits with the lines around them; those that touch become one excerpt, in which no line stands twice. */
function excerpts(hits: Hit[]): ExcerptLine[][] {
	const all: ExcerptLine[][] = [];
	for (const hit of hits) {
		const lines = [...hit.before, hit.text, ...hit.after].map((text, index): ExcerptLine => {
			const number = hit.line - hit.before.length + index;
			return { number, text, ...(number === hit.line && { hit }) };
		});
		const open = all.at(-1);
		const last = open?.at(-1)?.number ?? 0;
		if (open === undefined || (lines[0]?.number ?? 0) > last + 1) {
			const heading = hit.section !== null && !hit.before.includes(hit.section);
			all.push(heading ? [{ number: 0, text: hit.section ?? "" }, ...lines] : lines);
			continue;
		}
		for (const line of lines) {
			const at = open.findIndex(({ number }) => number === line.number);
			if (at === -1) open.push(line);
			else if (line.hit !== undefined) open[at] = line;
		}
	}
	return all;
}
