import { ActionIcon, MultiSelect, Switch } from "@mantine/core";
import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { DevicePicker } from "../device-picker.tsx";
import { Icon } from "../icon.tsx";
import { count } from "../words.ts";
import { DeviceName } from "./device-name.tsx";
import style from "./selection-fields.module.css";

const mostShown = 20;

/** Devices by group, tag and name, or all of them. */
export function SelectionFields({
	label,
	selection,
	onChange,
	error,
	places = [],
}: {
	/** What they are chosen for, for screen readers: "Devices of bgp". */
	label: string;
	selection: Selection;
	onChange: (selection: Selection) => void;
	error?: string | undefined;
	/** What may stand for groups, tags and names until it is filled in: places of parameters. */
	places?: readonly string[];
}) {
	const api = useApi();
	const permitted = usePermitted();
	const offered = useQuery({
		queryKey: ["devices", "groups and tags"],
		queryFn: async ({ signal }) => {
			const { by_group, by_tag } = await api.devices.getDeviceSummary({}, { signal });
			return { groups: by_group, tags: by_tag };
		},
		enabled: permitted("devices:read"),
		meta: { shows: ["device_groups"] },
	}).data;
	const { all = false, device_ids = [], names = [], groups = [], tags = [] } = selection;
	return (
		<fieldset className={style.fields} aria-label={label}>
			<Switch
				label="Every device"
				checked={all}
				onChange={({ currentTarget }) =>
					onChange(currentTarget.checked ? { ...selection, all: true } : { ...selection, all: false })
				}
			/>
			{!all && (
				<>
					<div className={style.two}>
						<Several
							label="Groups"
							places={places}
							offered={offered?.groups}
							value={groups}
							onChange={(chosen) => onChange({ ...selection, groups: chosen })}
						/>
						<Several
							label="Tags"
							places={places}
							offered={offered?.tags}
							value={tags}
							onChange={(chosen) => onChange({ ...selection, tags: chosen })}
						/>
					</div>
					{places.length > 0 && (
						<Several
							label="Device names"
							places={places}
							value={names.filter((name) => places.includes(name))}
							onChange={(chosen) =>
								onChange({ ...selection, names: [...names.filter((name) => !places.includes(name)), ...chosen] })
							}
						/>
					)}
					<DevicePicker
						label={`Add a device to ${label}`}
						heading="Single devices"
						placeholder="Add a device"
						size="sm"
						device={undefined}
						without={new Set(device_ids)}
						onPick={(picked) => picked && onChange({ ...selection, device_ids: [...device_ids, picked.id] })}
					/>
					{device_ids.length + names.length > 0 && (
						<ul className={style.chosen}>
							{device_ids.slice(0, mostShown).map((id) => (
								<li key={id}>
									<DeviceName id={id} />
									<LeaveOut
										onClick={() => onChange({ ...selection, device_ids: device_ids.filter((one) => one !== id) })}
									/>
								</li>
							))}
							{names.slice(0, mostShown).map((name) => (
								<li key={name}>
									{visibleLine(name)}
									<LeaveOut onClick={() => onChange({ ...selection, names: names.filter((one) => one !== name) })} />
								</li>
							))}
							{Math.max(0, device_ids.length - mostShown) + Math.max(0, names.length - mostShown) > 0 && (
								<li className="nc-dim">
									and{" "}
									{count(
										Math.max(0, device_ids.length - mostShown) + Math.max(0, names.length - mostShown),
										"more device",
									)}
								</li>
							)}
						</ul>
					)}
				</>
			)}
			{error !== undefined && <div className={style.error}>{visibleLine(error)}</div>}
		</fieldset>
	);
}

function LeaveOut({ onClick }: { onClick: () => void }) {
	return (
		<ActionIcon
			variant="subtle"
			color="gray"
			size="xs"
			aria-label="Leave it out"
			title="Leave it out"
			onClick={onClick}
		>
			<Icon name="cross" size={12} />
		</ActionIcon>
	);
}

/** Groups or tags. What is chosen stays on offer, also where no device has it any more. */
function Several({
	label,
	offered = [],
	places,
	value,
	onChange,
}: {
	label: string;
	places: readonly string[];
	offered?: readonly { value: string; devices: number }[] | undefined;
	value: string[];
	onChange: (value: string[]) => void;
}) {
	return (
		<MultiSelect
			label={label}
			searchable
			clearable
			clearButtonProps={{ "aria-label": `Choose no ${label.toLowerCase()}` }}
			nothingFoundMessage="None of that name"
			data={[
				...offered.map((one) => ({ value: one.value, label: visibleLine(`${one.value} (${one.devices})`) })),
				...[...new Set([...places, ...value])]
					.filter((chosen) => !offered.some((one) => one.value === chosen))
					.map((chosen) => ({ value: chosen, label: visibleLine(chosen) })),
			]}
			value={value}
			onChange={onChange}
		/>
	);
}
