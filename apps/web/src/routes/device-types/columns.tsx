import type { DeviceType } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { Origin } from "./origin.tsx";

export const columns: Column<DeviceType>[] = [
	{
		id: "label",
		label: "Name",
		sort: "label",
		text: ({ label }) => label,
		cell: ({ id, label }) => (
			<>
				<TextLink to="/device-types/$id" params={{ id }} fw={550} size="sm">
					{visibleLine(label)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim nc-mono">{id}</div>
			</>
		),
	},
	{
		id: "id",
		label: "Id",
		sort: "id",
		from: "medium",
		text: ({ id }) => id,
		cell: ({ id }) => <span className="nc-mono">{id}</span>,
	},
	{
		id: "vendor",
		label: "Vendor",
		sort: "vendor",
		from: "medium",
		text: ({ vendor }) => vendor,
		cell: ({ vendor }) => visibleLine(vendor),
	},
	{
		id: "origin",
		label: "Origin",
		from: "medium",
		width: 130,
		text: ({ built_in }) => (built_in ? "built in" : "custom"),
		cell: ({ built_in }) => <Origin built_in={built_in} />,
	},
	{
		id: "command",
		label: "Configuration is read with",
		from: "wide",
		text: ({ definition }) => definition.config.commands.join("; "),
		cell: ({ definition }) => <span className="nc-mono">{visibleLine(definition.config.commands.join("; "))}</span>,
	},
	{
		id: "devices",
		label: "Devices",
		sort: "devices",
		width: 110,
		number: true,
		text: ({ devices }) => String(devices),
		cell: ({ id, devices }) =>
			devices === 0 ? (
				<span className="nc-dim">0</span>
			) : (
				<TextLink to="/devices" search={{ device_type: id }} size="sm">
					{count(devices, "device")}
				</TextLink>
			),
	},
	{
		id: "changed",
		label: "Changed",
		from: "asked",
		width: 130,
		text: ({ updated_at }) => updated_at ?? "",
		cell: ({ updated_at }) => (updated_at === null ? "" : <Ago at={updated_at} />),
	},
];
