import type { DeviceGroup } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { addedColumn } from "../../ui/table/common-columns.tsx";

/** Columns of the list of groups; `credentials` knows the names of those that the role may see. */
export function columnsOf(credentials: ReadonlyMap<string, string> | undefined): Column<DeviceGroup>[] {
	const nameOf = ({ credential_id }: DeviceGroup) =>
		credential_id === null ? "" : (credentials?.get(credential_id) ?? "set");
	return [
		{
			id: "name",
			label: "Name",
			sort: "name",
			text: ({ name }) => name,
			cell: ({ id, name }) => (
				<TextLink to="/groups/$id" params={{ id }} fw={550} size="sm">
					{visibleLine(name)}
				</TextLink>
			),
		},
		{
			id: "devices",
			label: "Devices",
			number: true,
			width: 100,
			text: ({ devices }) => String(devices),
			cell: ({ devices }) => devices,
		},
		{
			id: "credential",
			label: "Credential",
			from: "medium",
			text: nameOf,
			cell: (group) => visibleLine(nameOf(group)),
		},
		{
			id: "description",
			label: "Description",
			from: "medium",
			text: ({ description }) => description,
			cell: ({ description }) => (
				<span className="nc-dim" title={visibleLine(description)}>
					{visibleLine(description)}
				</span>
			),
		},
		addedColumn({ from: "medium" }),
	];
}
