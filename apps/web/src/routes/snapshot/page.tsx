import { Button } from "@mantine/core";
import type { Snapshot } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { BackupChoices } from "../../ui/backup-choices.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { bytes, count, duration } from "../../ui/words.ts";
import { columns } from "../backups/columns.tsx";
import { SnapshotState } from "../snapshots/snapshot-state.tsx";
import { DeleteSnapshot } from "./delete-snapshot.tsx";
import { EditSnapshot } from "./edit-snapshot.tsx";

export const route = createLazyRoute("/signed-in/framed/snapshots/$id")({ component: SnapshotPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/snapshots/$id");

// What is the same for all of them stands beside the list.
const own = columns.filter(({ id }) => id !== "run" && id !== "started_by");

function SnapshotPage() {
	const { id } = useParams();
	const api = useApi();
	const snapshot = useQuery({
		queryKey: ["snapshots", "one", id],
		queryFn: ({ signal }) => api.backup.getSnapshot({ params: { id } }, { signal }),
	});
	if (snapshot.data === undefined) {
		return (
			<NotLoaded
				title="Snapshot"
				query={snapshot}
				wayOut={
					<ButtonLink to="/snapshots" variant="default">
						All snapshots
					</ButtonLink>
				}
			/>
		);
	}
	return <Loaded snapshot={snapshot.data} />;
}

function Loaded({ snapshot }: { snapshot: Snapshot }) {
	const { id, name, description, status, pinned, error } = snapshot;
	const api = useApi();
	const queries = useQueryClient();
	const mayWrite = usePermitted()("backups:write");
	const edit = useDrawer();
	const [deleting, setDeleting] = useState(false);
	const pin = useMutation({
		mutationFn: () => api.backup.updateSnapshot({ params: { id }, body: { pinned: !pinned } }),
		onSuccess: (changed) => {
			queries.setQueryData(["snapshots", "one", id], changed);
			toastDone(changed.pinned ? "Pinned: retention leaves it alone" : "No longer pinned");
		},
		onError: toastProblem,
	});
	return (
		<Page
			title={name}
			beside={
				<>
					<SnapshotState status={status} />
					{pinned && (
						<span className="nc-state nc-calm">
							<Icon name="pin" size={14} />
							Pinned
						</span>
					)}
				</>
			}
			actions={
				<>
					<ButtonLink to="/snapshots/compare" search={{ to: id }} variant="default">
						Compare with another
					</ButtonLink>
					{mayWrite && (
						<>
							<Button
								variant="default"
								loading={pin.isPending}
								leftSection={<Icon name="pin" size={14} />}
								onClick={() => pin.mutate()}
							>
								{pinned ? "Unpin" : "Pin"}
							</Button>
							<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={edit.open}>
								Rename
							</Button>
							<Button
								variant="default"
								leftSection={<Icon name="trash" size={14} />}
								disabled={status === "running"}
								onClick={() => setDeleting(true)}
							>
								Delete
							</Button>
						</>
					)}
				</>
			}
		>
			{error !== null && <Notice tone="bad" icon="warning" title={error} />}
			<div className="nc-columns">
				<div>
					<Panel title="About it">
						<div className="nc-panel-body">
							{description !== "" && (
								<p style={{ margin: "0 0 10px" }} className="nc-break">
									{visibleLine(description)}
								</p>
							)}
							<Facts snapshot={snapshot} />
						</div>
					</Panel>
				</div>
				<div>
					<Devices snapshot={snapshot} />
				</div>
			</div>
			{mayWrite && (
				<>
					<EditSnapshot key={edit.key} snapshot={snapshot} opened={edit.opened} onClose={edit.close} />
					<DeleteSnapshot snapshot={snapshot} opened={deleting} onClose={() => setDeleting(false)} />
				</>
			)}
		</Page>
	);
}

function Facts({ snapshot }: { snapshot: Snapshot }) {
	const { devices, succeeded, failed, skipped, changed, size_bytes, started_by, created_at, finished_at, run_id } =
		snapshot;
	return (
		<dl className="nc-facts">
			<dt>Taken</dt>
			<dd>
				<Moment at={created_at} />
			</dd>
			<dt>Started by</dt>
			<dd>{visibleLine(started_by)}</dd>
			{finished_at !== null && (
				<>
					<dt>Took</dt>
					<dd>{duration(new Date(finished_at).getTime() - new Date(created_at).getTime())}</dd>
				</>
			)}
			<dt>Devices</dt>
			<dd>{devices}</dd>
			<dt>Succeeded</dt>
			<dd>{succeeded}</dd>
			<dt>Failed</dt>
			<dd>{failed}</dd>
			{skipped > 0 && (
				<>
					<dt>Left out</dt>
					<dd>{skipped}</dd>
				</>
			)}
			<dt>Changed</dt>
			<dd>{changed}</dd>
			<dt>Size</dt>
			<dd>{bytes(size_bytes)}</dd>
			{run_id !== null && (
				<>
					<dt>Run</dt>
					<dd>
						<TextLink to="/runs/$id" params={{ id: run_id }} size="sm">
							Its steps and output
						</TextLink>
					</dd>
				</>
			)}
		</dl>
	);
}

function Devices({ snapshot: { id, devices } }: { snapshot: Snapshot }) {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const list = usePagedList("backups", { ...search, snapshot_id: id }, (query, signal) =>
		api.backup.listBackups({ query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const filtered = search.q !== undefined || search.status !== undefined || search.changed !== undefined;
	return (
		<DataTable
			name="backups of the snapshot"
			noun="backup"
			columns={own}
			rowId={({ id: backup_id }) => backup_id}
			rowName={({ device_name }) => device_name}
			source={list}
			sort={search.sort ?? "-created_at"}
			onSort={(sort) => show({ sort: sort as typeof search.sort })}
			onPage={show}
			tone={({ status }) => (status === "failed" ? "bad" : undefined)}
			filters={
				<>
					<SearchField label="Search devices" placeholder="Device name" q={search.q} onSearch={(q) => show({ q })} />
					<BackupChoices search={search} onFilter={show} />
				</>
			}
			empty={
				filtered ? (
					<NothingMatches
						title="No device matches"
						onShowAll={() => show({ q: undefined, status: undefined, changed: undefined })}
					/>
				) : (
					<Empty title="Nothing here">{count(devices, "device")} taken, no backup kept.</Empty>
				)
			}
		/>
	);
}
