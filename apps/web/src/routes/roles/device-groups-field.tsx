import { Checkbox, MultiSelect } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";

const groupsOffered = 500;

/** Device groups by id, for who may see them. */
export function useGroups(): ReadonlyMap<string, string> | undefined {
	const api = useApi();
	const permitted = usePermitted();
	const { data } = useQuery({
		queryKey: ["device_groups", "by_id"],
		queryFn: ({ signal }) => api.devices.listGroups({ query: { page_size: groupsOffered } }, { signal }),
		enabled: permitted("devices:read"),
	});
	return data && new Map(data.items.map(({ id, name }) => [id, name]));
}

interface Props {
	/** Ids of groups; null: every device. */
	value: string[] | null;
	onChange: (value: string[] | null) => void;
	error?: React.ReactNode;
}

/** On which devices a role may do what it may. */
export function DeviceGroupsField({ value, onChange, error }: Props) {
	const { device_groups: own } = useMe();
	const groups = useGroups();
	// What was deleted since stays chosen until somebody takes it out: it holds no device.
	const known = [...(groups ?? [])].map(([id, name]) => ({ value: id, label: visibleLine(name) }));
	const gone = (value ?? []).filter((id) => !groups?.has(id)).map((id) => ({ value: id, label: `deleted (${id})` }));
	return (
		<>
			<Checkbox
				label="Every device"
				description="Otherwise no device exists for who has the role but those in the groups chosen here"
				checked={value === null}
				disabled={own !== null}
				onChange={({ currentTarget }) => onChange(currentTarget.checked ? null : [...(own ?? [])])}
			/>
			{value !== null && (
				<MultiSelect
					label="Device groups"
					description={value.length === 0 ? "Without one the role covers no device" : undefined}
					searchable
					data={groups === undefined ? gone : [...known, ...gone]}
					value={value}
					onChange={onChange}
					error={error}
				/>
			)}
		</>
	);
}
