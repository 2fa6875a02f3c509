import { Checkbox, Kbd, Loader, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { useKeyList } from "../../shell/keys.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Page } from "../../ui/page.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { MomentField } from "../../ui/table/moment-field.tsx";
import { useAtOnce } from "../../ui/use-at-once.ts";
import { count } from "../../ui/words.ts";
import { Hits } from "./hits.tsx";
import { SaveHits } from "./save-hits.tsx";
import styles from "./search.module.css";

export const route = createLazyRoute("/signed-in/framed/search")({ component: SearchPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/search");

const searchAfter_ms = 250;
const page_size = 50;
const shortest = 2;
const usualContext = 1;
const contexts = [0, 1, 3, 10];

function SearchPage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const { q = "", regex = false, at, device_id, device_type, context = usualContext, page = 1 } = search;
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const [regexShown, showRegex] = useAtOnce(regex);
	const [caseShown, showCase] = useAtOnce(search.case ?? false);
	const asked = q.length >= shortest;
	const query = {
		q,
		regex: regex ? "true" : "false",
		ignore_case: search.case ? "false" : "true",
		at,
		device_id,
		device_type,
		context,
	} as const;
	const found = useQuery({
		queryKey: ["search", { ...query, page }],
		queryFn: ({ signal }) => api.backup.searchConfigs({ query: { ...query, page, page_size } }, { signal }),
		enabled: asked,
		placeholderData: keepPreviousData,
		retry: false,
	});
	const badPattern = found.isError && problemOf(found.error).code === "backups.bad_pattern";
	const results = useRef<HTMLElement>(null);
	const walk = useRef((by: 1 | -1) => moveFocus(results.current, by));
	useKeyList(
		useMemo(
			() => [
				{ keys: "n", does: "Next hit", group: "Search", run: () => walk.current(1) },
				{ keys: "p", does: "Hit before", group: "Search", run: () => walk.current(-1) },
				{ keys: "j", does: "Next hit", group: "Search", run: () => walk.current(1) },
				{ keys: "k", does: "Hit before", group: "Search", run: () => walk.current(-1) },
			],
			[],
		),
	);

	return (
		<Page
			title="Search configurations"
			actions={asked && <CopyButton text={() => window.location.href} label="Copy link" />}
		>
			<search className="nc-panel nc-panel-body">
				<div className={styles.fields}>
					<Words
						q={q}
						error={badPattern ? visibleLine(problemOf(found.error).detail) : undefined}
						busy={asked && found.isFetching}
						onSearch={(text) => show({ q: text === "" ? undefined : text })}
						onLeave={() => walk.current(1)}
					/>
				</div>
				<div className={styles.options}>
					<Checkbox
						size="xs"
						label="Regular expression (RE2)"
						checked={regexShown}
						onChange={({ currentTarget: { checked } }) => {
							showRegex(checked);
							show({ regex: checked || undefined });
						}}
					/>
					<Checkbox
						size="xs"
						label="Match case"
						checked={caseShown}
						onChange={({ currentTarget: { checked } }) => {
							showCase(checked);
							show({ case: checked || undefined });
						}}
					/>
					<DevicePicker
						label="Device"
						placeholder="Any device"
						clearable
						width={170}
						device={device_id === undefined ? undefined : { id: device_id }}
						onPick={(device) => show({ device_id: device?.id })}
					/>
					<DeviceType value={device_type} onChange={(type) => show({ device_type: type })} />
					<Select
						aria-label="Lines around a hit"
						size="xs"
						w={140}
						allowDeselect={false}
						value={String(context)}
						data={[...new Set([...contexts, context])].map((lines) => ({
							value: String(lines),
							label: `${count(lines, "line")} around`,
						}))}
						onChange={(lines) => show({ context: Number(lines) })}
					/>
					<MomentField label="As of" value={at} onChange={(value) => show({ at: value })} />
				</div>
			</search>
			{found.isError && !badPattern && <ProblemAlert error={found.error} onRetry={() => found.refetch()} />}
			{asked && found.isLoading && <RowsLoading />}
			{!asked && (
				<section className="nc-panel">
					<Empty title="Every configuration at once">
						Type at least {shortest} characters: a VLAN, an address, a user name. The newest configuration of each
						device is searched, or that of a day in the past. Secrets are masked, so they cannot be found.
					</Empty>
				</section>
			)}
			{asked && found.data !== undefined && !found.isError && (
				<section
					ref={results}
					className={`nc-panel ${found.isPlaceholderData ? styles.waiting : ""}`}
					aria-label="What was found"
					aria-busy={found.isFetching}
				>
					<div className="nc-panel-head">
						<Text size="sm" aria-live="polite">
							Found in {found.data.total} of {count(found.data.searched, "configuration")} searched
						</Text>
						{found.data.total > 0 && (
							<span className="nc-state">
								<span className="nc-small nc-dim nc-wide">
									<Kbd size="xs">n</Kbd> <Kbd size="xs">p</Kbd> from hit to hit
								</span>
								<SaveHits query={query} />
							</span>
						)}
					</div>
					{found.data.items.map((item) => (
						<Hits key={item.device_id} item={item} />
					))}
					{found.data.total === 0 && <Empty title="Nothing found" />}
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

/** What is looked for; the search begins a moment after the last key. */
function Words({
	q,
	error,
	busy,
	onSearch,
	onLeave,
}: {
	q: string;
	error: string | undefined;
	busy: boolean;
	onSearch: (text: string) => void;
	/** To the first hit. */
	onLeave: () => void;
}) {
	const [text, setText] = useState(q);
	const sent = useRef(q);
	const search = useDebouncedCallback((given: string) => {
		sent.current = given;
		onSearch(given);
	}, searchAfter_ms);
	// A search that came from elsewhere, by a link or the way back, fills the field; one's own must not take back what is being typed.
	useEffect(() => {
		if (q !== sent.current) setText(q);
		sent.current = q;
	}, [q]);
	const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
		if (event.key === "Escape") event.currentTarget.blur();
		if (event.key !== "ArrowDown" && event.key !== "Enter") return;
		event.preventDefault();
		if (event.key === "Enter" && text !== q) {
			search.cancel();
			sent.current = text;
			onSearch(text);
		} else onLeave();
	};
	return (
		<TextInput
			data-search
			type="search"
			label="Text or pattern"
			size="sm"
			style={{ flex: "1 1 260px" }}
			styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
			value={text}
			error={error}
			maxLength={500}
			autoFocus={q === ""}
			autoComplete="off"
			spellCheck={false}
			rightSection={busy ? <Loader size={14} role="status" aria-label="Searching" /> : undefined}
			onChange={({ currentTarget }) => {
				setText(currentTarget.value);
				search(currentTarget.value);
			}}
			onKeyDown={onKeyDown}
		/>
	);
}

function DeviceType({ value, onChange }: { value: string | undefined; onChange: (type: string | undefined) => void }) {
	const api = useApi();
	const types = useQuery({
		queryKey: ["device_types", "all"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: 500 } }, { signal }),
		enabled: usePermitted()("devices:read"),
	});
	const offered = (types.data?.items ?? []).map(({ id, definition }) => ({
		value: id,
		label: visibleLine(definition.label),
	}));
	if (value !== undefined && !offered.some((one) => one.value === value)) offered.push({ value, label: value });
	return <Choice label="Device type" any="Any type" options={offered} value={value} onChange={onChange} width={190} />;
}

/** Leads to the next or the last hit; Enter opens it, as its link has the focus. */
function moveFocus(results: HTMLElement | null, by: 1 | -1): void {
	const hits = [...(results?.querySelectorAll<HTMLElement>("[data-hit]") ?? [])];
	const at = hits.indexOf(document.activeElement as HTMLElement);
	const next = at === -1 ? hits[by === 1 ? 0 : hits.length - 1] : hits[at + by];
	next?.focus({ preventScroll: true });
	next?.scrollIntoView({ block: "center" });
}
