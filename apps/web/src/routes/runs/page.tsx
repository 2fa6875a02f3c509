import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { useSelection } from "../../ui/table/selection.ts";
import { BulkActions } from "./bulk-actions.tsx";
import { columns } from "./columns.tsx";
import { filterNames, RunFilters } from "./run-filters.tsx";

export const route = createLazyRoute("/signed-in/framed/runs")({ component: RunsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/runs");

function RunsPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const list = useCursorList("runs", search, (query, signal) => api.tasks.listRuns({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
	const filtered = filterNames.some((name) => search[name] !== undefined);
	const mayAct = permitted("runs:cancel") || permitted("runs:start");

	return (
		<Page title="Runs">
			<DataTable
				name="runs"
				noun="run"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ title }) => title}
				source={list}
				views="runs"
				filters={<RunFilters search={search} onFilter={show} />}
				selection={mayAct ? selection : undefined}
				bulk={mayAct ? <BulkActions runs={list.rows ?? []} selection={selection} /> : undefined}
				tone={({ status: now }) => (now === "needs_attention" ? "bad" : undefined)}
				empty={
					filtered ? (
						<NothingMatches title="No run matches" onShowAll={() => void navigate({ search: {}, replace: true })} />
					) : (
						<Empty
							title="Nothing has run yet"
							actions={
								permitted("devices:read") && (
									<ButtonLink variant="default" to="/devices">
										To the devices
									</ButtonLink>
								)
							}
						>
							A backup or a test of devices appears here, live while it goes on.
						</Empty>
					)
				}
			/>
		</Page>
	);
}
