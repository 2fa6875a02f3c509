import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useApi, usePermitted } from "../api/context.tsx";

const searchAfter_ms = 200;
const mostOffered = 50;

interface Picked {
	id: string;
	name: string;
}

/** Chooses one device of however many there are: the server looks for what is typed. Also for who may see backups but no inventory. */
export function DevicePicker({
	label,
	heading,
	placeholder,
	device,
	onPick,
	clearable = false,
	width,
	size = "xs",
	error,
	without,
	grow = false,
}: {
	label: string;
	/** Stands above the field, where its label is not seen. */
	heading?: string;
	placeholder: string;
	/** The one that is chosen; its name may still be unknown. */
	device: { id: string; name?: string | undefined } | undefined;
	onPick: (device: Picked | undefined) => void;
	clearable?: boolean;
	width?: number;
	size?: "xs" | "sm";
	error?: ReactNode;
	/** Not offered: the device itself, those that are in already. */
	without?: ReadonlySet<string>;
	/** Takes the room that is left beside others. */
	grow?: boolean;
}) {
	const api = useApi();
	const mayReadDevices = usePermitted()("devices:read");
	const [opened, setOpened] = useState(false);
	const [typed, setTyped] = useState("");
	const [asked] = useDebouncedValue(typed, searchAfter_ms);
	const named = useQuery({
		queryKey: ["devices", "name", device?.id],
		queryFn: async ({ signal }) => (await api.devices.getDevice({ params: { id: device?.id ?? "" } }, { signal })).name,
		enabled: device !== undefined && device.name === undefined && mayReadDevices,
	});
	const chosen = device === undefined ? undefined : { id: device.id, name: device.name ?? named.data ?? device.id };
	const q = asked.trim() === visibleLine(chosen?.name ?? "") ? undefined : asked.trim() || undefined;
	const found = useQuery({
		queryKey: ["devices", "picker", { q, mayReadDevices }],
		queryFn: async ({ signal }): Promise<Picked[]> => {
			if (mayReadDevices) {
				const query = { q, sort: "name", page_size: mostOffered, count: "near" } as const;
				return (await api.devices.listDevices({ query }, { signal })).items.map(({ id, name }) => ({ id, name }));
			}
			const query = { q, sort: "device_name", page_size: mostOffered } as const;
			const { items } = await api.backup.getCoverage({ query }, { signal });
			return items.map(({ device_id, device_name }) => ({ id: device_id, name: device_name }));
		},
		enabled: opened,
		placeholderData: keepPreviousData,
	});
	const offered = (found.data ?? []).filter(({ id }) => !without?.has(id));
	if (chosen !== undefined && !offered.some(({ id }) => id === chosen.id)) offered.unshift(chosen);
	return (
		<Select
			label={heading}
			aria-label={label}
			placeholder={placeholder}
			size={size}
			w={width}
			error={error}
			style={grow ? { flex: "1 1 150px" } : undefined}
			searchable
			clearable={clearable}
			clearButtonProps={{ "aria-label": placeholder }}
			allowDeselect={clearable}
			value={chosen?.id ?? null}
			data={offered.map(({ id, name }) => ({ value: id, label: visibleLine(name) }))}
			filter={({ options }) => options}
			onDropdownOpen={() => setOpened(true)}
			onSearchChange={setTyped}
			nothingFoundMessage={found.isFetching ? "Looking…" : "No device of that name"}
			maxDropdownHeight={320}
			onChange={(id) => onPick(id === null ? undefined : offered.find((one) => one.id === id))}
		/>
	);
}
