import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";

const askAfter_ms = 200;
const choices = 30;

type Props = Omit<SelectProps, "data" | "value" | "onChange" | "searchValue" | "onSearchChange"> & {
	value?: string | null;
	onChange?: (id: string | null) => void;
	/** Not offered: the device itself, those that are in already. */
	without?: ReadonlySet<string>;
};

/** Choice of one device among any number: the server looks for what is typed. */
export function DeviceSelect({ value = null, onChange, without, ...rest }: Props) {
	const api = useApi();
	const [text, setText] = useState("");
	const [asked] = useDebouncedValue(text, askAfter_ms);
	const chosen = useQuery({
		queryKey: ["devices", value],
		queryFn: ({ signal }) => api.devices.getDevice({ params: { id: value ?? "" } }, { signal }),
		enabled: value !== null,
	});
	// The field holds the name of the chosen device until something else is typed.
	const q = chosen.data !== undefined && asked === labelOf(chosen.data) ? "" : asked.trim().slice(0, 200);
	const found = useQuery({
		queryKey: ["devices", "choice", q],
		queryFn: ({ signal }) =>
			api.devices.listDevices({ query: { q: q || undefined, page_size: choices, sort: "name" } }, { signal }),
		placeholderData: keepPreviousData,
	});
	const offered = (found.data?.items ?? []).filter(({ id }) => !without?.has(id));
	const known = chosen.data !== undefined && !offered.some(({ id }) => id === value) ? [chosen.data] : [];
	return (
		<Select
			searchable
			clearable
			clearButtonProps={{ "aria-label": "Choose none" }}
			placeholder="Name or address"
			nothingFoundMessage={found.isFetching ? "Looking…" : "No such device"}
			{...rest}
			value={value}
			{...(onChange !== undefined && { onChange })}
			searchValue={text}
			onSearchChange={setText}
			filter={({ options }) => options}
			data={[...known, ...offered].map((device) => ({ value: device.id, label: labelOf(device) }))}
		/>
	);
}

function labelOf({ name, host }: { name: string; host: string }): string {
	return visibleLine(name === host ? name : `${name} (${host})`);
}
