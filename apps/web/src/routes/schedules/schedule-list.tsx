import { ScheduleState } from "@netconductor/contracts/scheduling/model";
import type { ReactNode } from "react";
import { useApi } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { columns } from "./columns.tsx";
import { stateLooks } from "./looks.tsx";
import type { SchedulesSearch } from "./search.ts";
import { useKinds } from "./use-kinds.ts";

/** Schedules with their state, their next run and what came of the last. */
export function ScheduleList({
	search,
	onShow,
	add,
}: {
	search: SchedulesSearch;
	onShow: (change: Partial<SchedulesSearch>) => void;
	add: ReactNode;
}) {
	const api = useApi();
	const kinds = useKinds().data ?? [];
	const { q, kind, state, sort, page, page_size } = search;
	const list = usePagedList("schedules", { q, kind, state, sort, page, page_size }, (query, signal) =>
		api.scheduling.listSchedules({ query }, { signal }),
	);
	const filtered = q !== undefined || kind !== undefined || state !== undefined;
	return (
		<DataTable
			name="schedules"
			noun="schedule"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ name }) => name}
			source={list}
			sort={sort ?? "name"}
			onSort={(wanted) => onShow({ sort: wanted as typeof sort })}
			onPage={onShow}
			tone={({ state: now }) => (now === "refused" ? "bad" : undefined)}
			filters={
				<Filters
					set={(kind === undefined ? 0 : 1) + (state === undefined ? 0 : 1)}
					search={
						<SearchField label="Search schedules" placeholder="Name" q={q} onSearch={(text) => onShow({ q: text })} />
					}
				>
					<Choices
						label="State"
						any="Any state"
						options={ScheduleState.options.map((value) => ({ value, label: stateLooks[value].word }))}
						value={valuesOf<ScheduleState>(state)}
						onChange={(values) => onShow({ state: values?.join(",") })}
					/>
					<Choices
						label="Kind"
						any="Any kind"
						options={kinds.map(({ kind: value, label }) => ({ value, label }))}
						value={valuesOf(kind)}
						onChange={(values) => onShow({ kind: values?.join(",") })}
					/>
				</Filters>
			}
			empty={
				filtered ? (
					<NothingMatches
						title="No schedule matches"
						onShowAll={() => onShow({ q: undefined, kind: undefined, state: undefined })}
					/>
				) : (
					<Empty title="No schedules yet" actions={add}>
						A schedule starts a run by itself: a backup every night, a connection test every hour.
					</Empty>
				)
			}
		/>
	);
}
