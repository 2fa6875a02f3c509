import { MultiSelect } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";

/** Groups and tags of devices with how many have them; none where the role may not see devices. */
export function useGroupsAndTags() {
	const api = useApi();
	return useQuery({
		queryKey: ["devices", "groups and tags"],
		queryFn: async ({ signal }) => {
			const { by_group, by_tag } = await api.devices.getDeviceSummary({}, { signal });
			return { groups: by_group, tags: by_tag };
		},
		enabled: usePermitted()("devices:read"),
		meta: { shows: ["device_groups"] },
	});
}

/** Groups or tags. What is chosen stays on offer, also where no device has it any more. */
export function Several({
	label,
	description,
	offered,
	disabled = false,
	error,
	field,
}: {
	label: string;
	description?: string;
	offered: readonly { value: string; devices: number }[] | undefined;
	disabled?: boolean;
	error?: ReactNode;
	field: { value?: string[] };
}) {
	const known = offered ?? [];
	return (
		<MultiSelect
			label={label}
			description={description}
			searchable
			clearable
			clearButtonProps={{ "aria-label": `Choose no ${label.toLowerCase()}` }}
			disabled={disabled}
			nothingFoundMessage="None of that name"
			data={[
				...known.map(({ value, devices }) => ({ value, label: visibleLine(`${value} (${devices})`) })),
				...(field.value ?? [])
					.filter((value) => !known.some((one) => one.value === value))
					.map((value) => ({ value, label: visibleLine(value) })),
			]}
			{...field}
			{...(error !== undefined && { error })}
		/>
	);
}
