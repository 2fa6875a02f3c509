import { Button, Select } from "@mantine/core";
import { CoverageStatus } from "@netconductor/contracts/backup/model";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { coverageLooks } from "../../ui/coverage-looks.ts";
import { Empty } from "../../ui/empty.tsx";
import { Page } from "../../ui/page.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useSelection } from "../../ui/table/selection.ts";
import { columns } from "./columns.tsx";

export const route = createLazyRoute("/signed-in/framed/backups/coverage")({ component: CoveragePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/backups/coverage");

const ages = [
	{ value: "24", label: "Stale after 24 hours" },
	{ value: "48", label: "Stale after 48 hours" },
	{ value: "168", label: "Stale after a week" },
	{ value: "720", label: "Stale after 30 days" },
];

/** Every enabled device by its newest good backup. */
function CoveragePage() {
	const api = useApi();
	const mayRun = usePermitted()("backups:run");
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const { backUp } = useStartRuns();
	const list = usePagedList("backups", { ...search, list: "coverage" }, ({ list: _, ...query }, signal) =>
		api.backup.getCoverage({ query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const filtered = search.q !== undefined || search.status !== undefined;

	return (
		<Page title="Backup coverage">
			<DataTable
				name="coverage"
				noun="device"
				columns={columns}
				rowId={({ device_id }) => device_id}
				rowName={({ device_name }) => device_name}
				tone={({ status }) => (status === "never" ? "bad" : status === "stale" ? "warn" : undefined)}
				source={list}
				sort={search.sort ?? "status"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={
					<>
						<SearchField label="Search devices" placeholder="Name…" q={search.q} onSearch={(q) => show({ q })} />
						<Choices
							label="Backup"
							any="Any backup"
							options={CoverageStatus.options.map((value) => ({ value, label: coverageLooks[value].word }))}
							value={valuesOf(search.status)}
							onChange={(values) => show({ status: values?.join(",") })}
						/>
						<Select
							aria-label="When a backup is stale"
							size="xs"
							w={180}
							allowDeselect={false}
							data={ages}
							value={String(search.stale_after_hours ?? 48)}
							onChange={(hours) => show({ stale_after_hours: hours === "48" ? undefined : Number(hours) })}
						/>
					</>
				}
				selection={mayRun ? selection : undefined}
				bulk={
					<Button
						variant="default"
						disabled={selection.ids.size === 0}
						loading={backUp.isPending}
						onClick={() => backUp.mutate({ device_ids: [...selection.ids] })}
					>
						Back up selected
					</Button>
				}
				empty={
					<Empty
						title={filtered ? "No device matches" : "No enabled device"}
						actions={
							filtered && (
								<Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
									Show all
								</Button>
							)
						}
					>
						{filtered ? undefined : "Add a device, and its backups are watched here."}
					</Empty>
				}
			/>
		</Page>
	);
}
