import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { RunKind, RunStatus } from "@netconductor/contracts/tasks/model";
import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { kindWords, schedules } from "../../ui/run-words.ts";
import { runLooks } from "../../ui/state.tsx";
import { Choice, Choices } from "../../ui/table/choice.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { MomentField } from "../../ui/table/moment-field.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import type { RunsSearch } from "./search.ts";

type Search = z.output<typeof RunsSearch>;

const behind = ["device_id", "from", "to"] as const;
export const filterNames = ["q", "kind", "status", "started_by", ...behind] as const;

const mostUsers = 500;

/** Search and filters of the list of runs. */
export function RunFilters({ search, onFilter }: { search: Search; onFilter: (change: Partial<Search>) => void }) {
	const api = useApi();
	const { user } = useMe();
	const permitted = usePermitted();
	const users = useQuery({
		queryKey: ["users", "all"],
		queryFn: ({ signal }) => api.auth.listUsers({ query: { page_size: mostUsers } }, { signal }),
		enabled: permitted("users:read"),
	}).data?.items;
	const { q, kind, started_by, device_id, from, to } = search;
	const status = valuesOf<RunStatus>(search.status);
	const people = new Set([
		user.username,
		...(users ?? []).map(({ username }) => username),
		...Object.keys(schedules),
		...(started_by === undefined ? [] : [started_by]),
	]);
	const set = (names: readonly (keyof Search)[]) => names.filter((name) => search[name] !== undefined).length;
	return (
		<Filters
			set={set(filterNames)}
			moreSet={set(behind)}
			search={
				<SearchField label="Search runs" placeholder="Title or id" q={q} onSearch={(text) => onFilter({ q: text })} />
			}
			more={
				<>
					<DevicePicker
						label="Device"
						placeholder="Any device"
						clearable
						width={210}
						device={device_id === undefined ? undefined : { id: device_id }}
						onPick={(device) => onFilter({ device_id: device?.id })}
					/>
					<MomentField label="From" value={from} onChange={(at) => onFilter({ from: at })} />
					<MomentField label="To" value={to} onChange={(at) => onFilter({ to: at })} />
				</>
			}
		>
			<Choices
				label="Status"
				any="Any status"
				options={RunStatus.options.map((value) => ({ value, label: runLooks[value].word }))}
				value={status}
				onChange={(values) => onFilter({ status: values?.join(",") })}
			/>
			<Choice
				label="Kind"
				any="Any kind"
				options={RunKind.options.map((value) => ({ value, label: kindWords[value] }))}
				value={kind}
				onChange={(value) => onFilter({ kind: value })}
			/>
			<Choice
				label="Started by"
				any="Anybody"
				options={[...people].map((name) => ({ value: name, label: schedules[name] ?? visibleLine(name) }))}
				value={started_by}
				onChange={(name) => onFilter({ started_by: name })}
			/>
		</Filters>
	);
}
