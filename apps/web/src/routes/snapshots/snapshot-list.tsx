import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { TruthChoice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useSelection } from "../../ui/table/selection.ts";
import { columns } from "./columns.tsx";
import type { SnapshotsSearch } from "./search.ts";

type Search = z.output<typeof SnapshotsSearch>;

/** Snapshots, newest first; two that are chosen can be compared. */
export function SnapshotList({ search, onShow }: { search: Search; onShow: (change: Partial<Search>) => void }) {
	const api = useApi();
	const navigate = useNavigate();
	const mayRun = usePermitted()("backups:run");
	const selection = useSelection();
	const { q, pinned, sort, page, page_size } = search;
	const list = usePagedList("snapshots", { q, pinned, sort, page, page_size }, (query, signal) =>
		api.backup.listSnapshots({ query }, { signal }),
	);
	const filtered = q !== undefined || pinned !== undefined;
	const chosen = [...selection.ids];

	// The earlier of the two is what the later one is compared with: ids grow with time.
	const [from, to] = chosen.toSorted();
	if (list.paging?.total === 0 && !filtered) {
		return (
			<section className="nc-panel">
				<Empty title="No snapshots yet">
					A snapshot is what all devices looked like at one time: it is taken whenever several are backed up together.{" "}
					{mayRun
						? "Take one before and one after a change."
						: "Somebody whose role may start backups has to take one."}
				</Empty>
			</section>
		);
	}
	return (
		<DataTable
			name="snapshots"
			noun="snapshot"
			views="snapshots"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ name }) => name}
			source={list}
			sort={sort ?? "-created_at"}
			onSort={(wanted) => onShow({ sort: wanted as typeof sort })}
			onPage={onShow}
			filters={
				<Filters
					set={pinned === undefined ? 0 : 1}
					search={
						<SearchField label="Search snapshots" placeholder="Name" q={q} onSearch={(text) => onShow({ q: text })} />
					}
				>
					<TruthChoice
						label="Pinned"
						any="Pinned or not"
						yes="Pinned"
						no="Not pinned"
						value={pinned}
						onChange={(value) => onShow({ pinned: value })}
					/>
				</Filters>
			}
			selection={selection}
			bulk={
				<Button
					variant="default"
					disabled={chosen.length !== 2}
					title={chosen.length === 2 ? undefined : "Choose two"}
					onClick={() => void navigate({ to: "/snapshots/compare", search: { from, to } })}
				>
					Compare the two
				</Button>
			}
			empty={
				<NothingMatches title="No snapshot matches" onShowAll={() => onShow({ q: undefined, pinned: undefined })} />
			}
		/>
	);
}
