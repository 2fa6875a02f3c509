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
				{hits.map((hit) => (
					<table key={hit.line} className="nc-diff" style={{ marginTop: 6 }}>
						<tbody>
							{hit.section !== null && !hit.before.includes(hit.section) && (
								<tr>
									<td className="nc-gutter" />
									<td className="nc-lines nc-dim">{visibleLine(hit.section)}</td>
								</tr>
							)}
							{numbered(hit.before, hit.line - hit.before.length).map((line) => (
								<Line key={line.number} {...line} />
							))}
							<tr>
								<td className="nc-gutter">
									<TextLink
										to="/devices/$id"
										params={{ id: device_id }}
										search={{ tab: "config", backup: backup_id, line: hit.line }}
										inherit
										aria-label={`Line ${hit.line} in the configuration of ${visibleLine(device_name)}`}
									>
										{hit.line}
									</TextLink>
								</td>
								<td className="nc-lines">
									{visibleLine(hit.text.slice(0, hit.start))}
									<mark className="nc-hit">{visibleLine(hit.text.slice(hit.start, hit.end))}</mark>
									{visibleLine(hit.text.slice(hit.end))}
								</td>
							</tr>
							{numbered(hit.after, hit.line + 1).map((line) => (
								<Line key={line.number} {...line} />
							))}
						</tbody>
					</table>
				))}
			</div>
		</article>
	);
}

function numbered(lines: string[], first: number): { number: number; text: string }[] {
	return lines.map((text, index) => ({ number: first + index, text }));
}

function Line({ number, text }: { number: number; text: string }) {
	return (
		<tr className="nc-dim">
			<td className="nc-gutter">{number}</td>
			<td className="nc-lines">{visibleLine(text)}</td>
		</tr>
	);
}
