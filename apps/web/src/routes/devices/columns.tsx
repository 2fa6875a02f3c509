import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import { HealthState, healthLooks } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";

function address({ host, port }: Device): string {
	return port === 22 ? host : `${host}:${port}`;
}

export const columns: Column<Device>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: (device) => (
			<>
				<TextLink to="/devices/$id" params={{ id: device.id }} fw={550} size="sm">
					{visibleLine(device.name)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim">{visibleLine(address(device))}</div>
			</>
		),
	},
	{
		id: "health",
		label: "Health",
		sort: "health",
		width: 160,
		text: ({ health, enabled }) => (enabled ? healthLooks[health].word : "Disabled"),
		cell: ({ health, enabled, health_error }) => (
			<span title={health_error === null ? undefined : visibleLine(health_error)}>
				<HealthState health={health} enabled={enabled} />
			</span>
		),
	},
	{
		id: "address",
		label: "Address",
		sort: "host",
		from: "medium",
		text: address,
		cell: (device) => <span className="nc-mono">{visibleLine(address(device))}</span>,
	},
	{
		id: "type",
		label: "Type",
		sort: "device_type",
		from: "medium",
		text: ({ device_type }) => device_type,
		cell: ({ device_type }) => device_type,
	},
	{
		id: "model",
		label: "Model and version",
		from: "wide",
		text: ({ facts }) => [facts.model, facts.os_version].filter(Boolean).join(" "),
		cell: ({ facts }) => visibleLine([facts.model, facts.os_version].filter(Boolean).join(" · ")),
	},
	{
		id: "serial",
		label: "Serial number",
		from: "asked",
		text: ({ facts }) => facts.serial ?? "",
		cell: ({ facts }) => <span className="nc-mono">{visibleLine(facts.serial ?? "")}</span>,
	},
	{
		id: "site",
		label: "Site",
		sort: "site",
		from: "medium",
		text: ({ site }) => site ?? "",
		cell: ({ site }) => visibleLine(site ?? ""),
	},
	{
		id: "tags",
		label: "Tags",
		from: "wide",
		text: ({ tags }) => tags.join(";"),
		cell: ({ tags }) => <span className="nc-dim">{visibleLine(tags.join(", "))}</span>,
	},
	{
		id: "groups",
		label: "Groups",
		from: "asked",
		text: ({ groups }) => groups.join(";"),
		cell: ({ groups }) => <span className="nc-dim">{visibleLine(groups.join(", "))}</span>,
	},
	{
		id: "contact",
		label: "Last contact",
		sort: "health_at",
		from: "medium",
		width: 120,
		text: ({ health_at }) => health_at ?? "",
		cell: ({ health_at }) => <span className="nc-dim">{health_at === null ? "never" : <Ago at={health_at} />}</span>,
	},
];
