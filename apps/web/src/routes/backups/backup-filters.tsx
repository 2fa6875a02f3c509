import { CloseButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { BackupChoices } from "../../ui/backup-choices.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { MomentField } from "../../ui/table/moment-field.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import type { BackupsSearch } from "./search.ts";

type Search = z.output<typeof BackupsSearch>;

const behind = ["device_id", "snapshot_id", "from", "to"] as const;
export const filterNames = ["status", "changed", "run_id", ...behind] as const;
const mostSnapshots = 100;

/** Search and filters of the list of backups. */
export function BackupFilters({ search, onFilter }: { search: Search; onFilter: (change: Partial<Search>) => void }) {
	const api = useApi();
	const snapshots = useQuery({
		queryKey: ["snapshots", "newest", mostSnapshots],
		queryFn: ({ signal }) => api.backup.listSnapshots({ query: { page_size: mostSnapshots } }, { signal }),
	});
	const set = (names: readonly (keyof Search)[]) => names.filter((name) => search[name] !== undefined).length;
	const offered = (snapshots.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
	if (search.snapshot_id !== undefined && !offered.some(({ value }) => value === search.snapshot_id)) {
		offered.push({ value: search.snapshot_id, label: "One snapshot" });
	}
	return (
		<Filters
			set={set(filterNames)}
			moreSet={set(behind)}
			search={
				<SearchField label="Search backups" placeholder="Device name" q={search.q} onSearch={(q) => onFilter({ q })} />
			}
			more={
				<>
					<DevicePicker
						label="Device"
						placeholder="Any device"
						clearable
						width={170}
						device={search.device_id === undefined ? undefined : { id: search.device_id }}
						onPick={(device) => onFilter({ device_id: device?.id })}
					/>
					<Choice
						label="Snapshot"
						any="Any snapshot"
						options={offered}
						value={search.snapshot_id}
						onChange={(snapshot_id) => onFilter({ snapshot_id })}
						width={190}
					/>
					<MomentField label="From" value={search.from} onChange={(from) => onFilter({ from })} />
					<MomentField label="To" value={search.to} onChange={(to) => onFilter({ to })} />
				</>
			}
		>
			<BackupChoices search={search} onFilter={onFilter} />
			{search.run_id !== undefined && (
				<span className="nc-state nc-small">
					Of one run
					<CloseButton size="xs" aria-label="Of any run" onClick={() => onFilter({ run_id: undefined })} />
				</span>
			)}
		</Filters>
	);
}
