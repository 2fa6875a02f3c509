import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { useSelection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { BackupFilters, filterNames } from "./backup-filters.tsx";
import { CleanUp } from "./clean-up.tsx";
import { columns } from "./columns.tsx";

export const route = createLazyRoute("/signed-in/framed/backups")({ component: BackupsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/backups");

const deletedAtOnce = 4;

function BackupsPage() {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const cleanUp = useDrawer();
	const [asking, setAsking] = useState(false);
	const [done, setDone] = useState(0);
	const { backUp } = useStartRuns();
	const list = usePagedList("backups", search, (query, signal) => api.backup.listBackups({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });

	const remove = useMutation({
		mutationFn: async (ids: string[]) => {
			const left = [...ids];
			const gone: string[] = [];
			setDone(0);
			const worker = async () => {
				for (let id = left.pop(); id !== undefined; id = left.pop()) {
					await api.backup.deleteBackup({ params: { id } });
					gone.push(id);
					setDone(gone.length);
				}
			};
			try {
				await Promise.all(Array.from({ length: deletedAtOnce }, worker));
			} finally {
				left.length = 0;
				selection.set(gone, false);
			}
			return gone.length;
		},
		onSuccess: (deleted) => toastDone(`${count(deleted, "backup")} deleted`),
		onError: toastProblem,
		onSettled: () => {
			setAsking(false);
			void queries.invalidateQueries({ queryKey: ["backups"] });
			void queries.invalidateQueries({ queryKey: ["snapshots"] });
		},
	});

	const mayWrite = permitted("backups:write");
	const filtered = search.q !== undefined || filterNames.some((name) => search[name] !== undefined);
	const nothing = list.paging?.total === 0 && !filtered;
	const chosen = selection.ids.size;

	return (
		<Page
			title="Backups"
			actions={
				<>
					{mayWrite && !nothing && (
						<Button variant="default" onClick={cleanUp.open}>
							Clean up
						</Button>
					)}
					<ButtonLink to="/backups/compare" variant="default">
						Compare two
					</ButtonLink>
					{permitted("backups:run") && (
						<Button loading={backUp.isPending} onClick={() => backUp.mutate({ all: true })}>
							Back up all
						</Button>
					)}
				</>
			}
		>
			{nothing ? (
				<section className="nc-panel">
					<Empty
						title="No backups yet"
						actions={
							<ButtonLink to="/devices" variant="default">
								Devices
							</ButtonLink>
						}
					>
						Every backup of a device is kept here with what it changed. Back up all devices, or choose some in the list
						of devices.
					</Empty>
				</section>
			) : (
				<DataTable
					name="backups"
					noun="backup"
					views="backups"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ device_name, created_at }) => `the backup of ${device_name} at ${created_at}`}
					source={list}
					sort={search.sort ?? "-created_at"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					filters={<BackupFilters search={search} onFilter={show} />}
					selection={mayWrite ? selection : undefined}
					bulk={
						<Button variant="default" disabled={chosen === 0} onClick={() => setAsking(true)}>
							Delete
						</Button>
					}
					empty={
						<NothingMatches title="No backup matches" onShowAll={() => void navigate({ search: {}, replace: true })} />
					}
				/>
			)}
			<Confirm
				opened={asking}
				title={`Delete ${count(chosen, "backup")}?`}
				action={remove.isPending ? `${done} of ${chosen} deleted` : "Delete"}
				busy={remove.isPending}
				{...(chosen > 20 && { typed: String(chosen) })}
				onConfirm={() => remove.mutate([...selection.ids])}
				onClose={() => setAsking(false)}
			>
				What a device looked like then cannot be seen or compared any more, also where it was the newest good backup.
				Other backups stay as they are.
			</Confirm>
			{mayWrite && <CleanUp key={cleanUp.key} opened={cleanUp.opened} onClose={cleanUp.close} />}
		</Page>
	);
}
