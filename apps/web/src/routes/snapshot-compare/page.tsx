import { ActionIcon, Group, Select, UnstyledButton } from "@mantine/core";
import type { Snapshot, SnapshotComparison } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { DiffSize } from "../../ui/diff-size.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { type Look, State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { moment } from "../../ui/words.ts";
import { DeviceOutcome } from "./search.ts";
import styles from "./summary.module.css";

export const route = createLazyRoute("/signed-in/framed/snapshots/compare")({ component: CompareSnapshotsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/snapshots/compare");

type Row = z.infer<typeof SnapshotComparison>["items"][number];

const mostSnapshots = 500;

const looks: Record<DeviceOutcome, Look> = {
	changed: { tone: "busy", icon: "edit", word: "Changed" },
	unchanged: { tone: "good", icon: "ok", word: "Unchanged" },
	only_in_from: { tone: "warn", icon: "minus", word: "Only before" },
	only_in_to: { tone: "calm", icon: "plus", word: "Only after" },
};

const columns: Column<Row>[] = [
	{
		id: "device",
		label: "Device",
		text: ({ device_name }) => device_name,
		cell: ({ device_id, device_name }) => (
			<TextLink to="/devices/$id" params={{ id: device_id }} fw={550} size="sm">
				{visibleLine(device_name)}
			</TextLink>
		),
	},
	{
		id: "status",
		label: "Outcome",
		width: 140,
		text: ({ status }) => looks[status].word,
		cell: ({ status }) => <State {...looks[status]} />,
	},
	{
		id: "lines",
		label: "Lines",
		width: 120,
		text: ({ added, removed }) => `+${added} −${removed}`,
		cell: ({ status, from_backup_id, to_backup_id, added, removed }) => {
			if (status === "unchanged") return <span className="nc-dim">0</span>;
			const size = <DiffSize added={added} removed={removed} />;
			if (from_backup_id === null || to_backup_id === null) return size;
			return (
				<TextLink
					to="/backups/compare"
					search={{ from: from_backup_id, to: to_backup_id }}
					size="sm"
					aria-label={`What changed: +${added} −${removed}`}
				>
					{size}
				</TextLink>
			);
		},
	},
	{
		id: "look",
		label: "Look",
		from: "medium",
		width: 150,
		cell: ({ device_id, status, from_backup_id, to_backup_id }) => {
			if (status === "changed" && from_backup_id !== null && to_backup_id !== null) {
				return (
					<TextLink to="/backups/compare" search={{ from: from_backup_id, to: to_backup_id }} size="sm">
						What changed
					</TextLink>
				);
			}
			const backup = to_backup_id ?? from_backup_id;
			return backup === null ? null : (
				<TextLink to="/devices/$id" params={{ id: device_id }} search={{ tab: "config", backup }} size="sm">
					Config
				</TextLink>
			);
		},
	},
];

function CompareSnapshotsPage() {
	const search = useSearch();
	const navigate = useNavigate();
	const { from, to } = search;
	const choose = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }) });
	return (
		<Page title="Compare snapshots" actions={<CopyButton text={() => window.location.href} label="Copy link" />}>
			<section className="nc-panel nc-panel-body" aria-label="What is compared">
				<Group gap="sm" align="end">
					<SnapshotSelect label="Before" value={from} onChange={(id) => choose({ from: id })} />
					<ActionIcon
						variant="default"
						size={30}
						aria-label="Swap the two sides"
						title="Swap the two sides"
						disabled={from === undefined && to === undefined}
						onClick={() => choose({ from: to, to: from })}
					>
						<Icon name="swap" size={15} />
					</ActionIcon>
					<SnapshotSelect label="After" value={to} onChange={(id) => choose({ to: id })} />
				</Group>
			</section>
			{from === undefined || to === undefined ? (
				<section className="nc-panel">
					<Empty title={from === undefined && to === undefined ? "Choose two snapshots" : "Choose the other snapshot"}>
						What changed between them is listed device by device.
					</Empty>
				</section>
			) : (
				<Compared from={from} to={to} />
			)}
		</Page>
	);
}

function Compared({ from, to }: { from: string; to: string }) {
	const api = useApi();
	const navigate = useNavigate();
	const { status, q, page, page_size } = useSearch();
	const params = { id: from, id2: to };
	const summary = useQuery({
		queryKey: ["snapshots", "summary", params],
		queryFn: async ({ signal }) =>
			(await api.backup.compareSnapshots({ params, query: { page_size: 1 } }, { signal })).summary,
	}).data;
	const list = usePagedList("snapshots", { from, to, status, q, page, page_size }, (wish, signal) => {
		const { from: id, to: id2, ...query } = wish;
		return api.backup.compareSnapshots({ params: { id, id2 }, query }, { signal });
	});
	const show = (change: Partial<ReturnType<typeof useSearch>>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<>
			{summary !== undefined && (
				<div className={styles.counts}>
					{DeviceOutcome.options.map((outcome) => (
						<UnstyledButton
							key={outcome}
							className={styles.count}
							aria-pressed={status === outcome}
							onClick={() => show({ status: status === outcome ? undefined : outcome })}
						>
							<span className={styles.number}>{summary[outcome]}</span>
							<State {...looks[outcome]} />
						</UnstyledButton>
					))}
				</div>
			)}
			<DataTable
				name="compared devices"
				noun="device"
				columns={columns}
				rowId={({ device_id }) => device_id}
				rowName={({ device_name }) => device_name}
				source={list}
				onPage={show}
				filters={
					<SearchField label="Search devices" placeholder="Device name" q={q} onSearch={(text) => show({ q: text })} />
				}
				empty={
					<Empty
						title={status === undefined && q === undefined ? "Neither snapshot has a good backup" : "No device matches"}
					/>
				}
			/>
		</>
	);
}

/** One of the snapshots that there are, newest first. */
function SnapshotSelect({
	label,
	value,
	onChange,
}: {
	label: string;
	value: string | undefined;
	onChange: (id: string) => void;
}) {
	const api = useApi();
	const list = useQuery({
		queryKey: ["snapshots", "newest", mostSnapshots],
		queryFn: ({ signal }) => api.backup.listSnapshots({ query: { page_size: mostSnapshots } }, { signal }),
	});
	const listed = list.data?.items ?? [];
	const missing = value !== undefined && list.data !== undefined && !listed.some(({ id }) => id === value);
	const one = useQuery({
		queryKey: ["snapshots", "one", value],
		queryFn: ({ signal }) => api.backup.getSnapshot({ params: { id: value ?? "" } }, { signal }),
		enabled: missing,
	});
	const offered: Snapshot[] = missing && one.data !== undefined ? [one.data, ...listed] : listed;
	return (
		<Select
			label={label}
			size="xs"
			style={{ flex: "1 1 260px" }}
			placeholder="Choose a snapshot"
			searchable
			allowDeselect={false}
			value={value ?? null}
			data={offered.map(({ id, name, created_at }) => ({
				value: id,
				label: visibleLine(`${name}, ${moment(created_at)}`),
			}))}
			nothingFoundMessage={list.isError ? "The snapshots could not be read" : "No such snapshot"}
			maxDropdownHeight={320}
			onChange={(id) => id !== null && onChange(id)}
		/>
	);
}
