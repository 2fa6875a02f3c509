import { Group, Select } from "@mantine/core";
import type { Backup } from "@netconductor/contracts/backup/model";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { moment } from "../../ui/words.ts";

const mostVersions = 200;

/** One side of a comparison: a device, and which of its versions. */
export function VersionChoice({
	side,
	backup,
	other,
	onChoose,
}: {
	side: "from" | "to";
	backup: Backup | undefined;
	/** What stands on the other side. */
	other: string | undefined;
	onChoose: (id: string) => void;
}) {
	const api = useApi();
	const [opened, setOpened] = useState(false);
	const [without, setWithout] = useState<string>();
	const name = side === "from" ? "Before" : "After";
	const versions = useQuery({
		queryKey: ["backups", "versions", backup?.device_id],
		queryFn: async ({ signal }) =>
			(
				await api.backup.getHistory(
					{ params: { device_id: backup?.device_id ?? "" }, query: { limit: mostVersions } },
					{ signal },
				)
			).items,
		enabled: opened && backup !== undefined,
	});
	const pick = useMutation({
		mutationFn: async ({ id, name: device }: { id: string; name: string }) => {
			const query = { device_id: id, status: "succeeded", sort: "-created_at", page_size: 2 } as const;
			const { items } = await api.backup.listBackups({ query });
			return { device, newest: items.find((one) => one.id !== other) ?? items[0] };
		},
		onSuccess: ({ device, newest }) => {
			setWithout(newest === undefined ? device : undefined);
			if (newest !== undefined) onChoose(newest.id);
		},
		onError: toastProblem,
	});
	const listed = (versions.data ?? []).map(({ backup_id, first_seen_at, lines_added, lines_removed }) => ({
		value: backup_id,
		label: `${moment(first_seen_at)}${lines_added === null ? ", first version" : `  +${lines_added} −${lines_removed}`}`,
	}));
	if (backup !== undefined && !listed.some(({ value }) => value === backup.id)) {
		listed.unshift({ value: backup.id, label: moment(backup.created_at) });
	}
	return (
		<Group gap={6} align="end" style={{ flex: "1 1 300px", minWidth: 0 }}>
			<DevicePicker
				label={`${name}: device`}
				heading={name}
				grow
				placeholder="Choose a device"
				device={backup === undefined ? undefined : { id: backup.device_id, name: backup.device_name }}
				onPick={(device) => device !== undefined && pick.mutate(device)}
			/>
			<Select
				aria-label={`${name}: version`}
				size="xs"
				style={{ flex: "1 1 170px" }}
				placeholder={without === undefined ? "Its newest version" : `${without} has no backup yet`}
				disabled={backup === undefined}
				allowDeselect={false}
				searchable
				value={backup?.id ?? null}
				data={listed}
				onDropdownOpen={() => setOpened(true)}
				nothingFoundMessage={versions.isFetching ? "Looking…" : "No such version"}
				maxDropdownHeight={320}
				onChange={(id) => id !== null && onChoose(id)}
			/>
		</Group>
	);
}
