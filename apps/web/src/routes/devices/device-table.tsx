import { Checkbox } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import { SortHeader } from "../../ui/sort-header.tsx";
import { HealthState } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";

const mostTags = 3;

/** One page of devices. Without `selected` nothing can be selected. */
export function DeviceTable({
	devices,
	sort,
	onSort,
	selected,
	onSelect,
}: {
	devices: Device[];
	sort: string;
	onSort: (sort: string) => void;
	selected: ReadonlySet<string> | undefined;
	onSelect: (selected: ReadonlySet<string>) => void;
}) {
	const here = devices.filter(({ id }) => selected?.has(id)).length;
	const head = { sort, onSort };

	function choose(ids: string[], chosen: boolean) {
		const next = new Set(selected);
		for (const id of ids) {
			if (chosen) next.add(id);
			else next.delete(id);
		}
		onSelect(next);
	}

	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						{selected !== undefined && (
							<th scope="col" className="nc-tight">
								<Checkbox
									size="xs"
									aria-label="Select all on this page"
									checked={here > 0 && here === devices.length}
									indeterminate={here > 0 && here < devices.length}
									onChange={({ currentTarget }) =>
										choose(
											devices.map(({ id }) => id),
											currentTarget.checked,
										)
									}
								/>
							</th>
						)}
						<SortHeader field="name" {...head}>
							Name
						</SortHeader>
						<SortHeader field="health" {...head}>
							Health
						</SortHeader>
						<SortHeader field="host" className="nc-medium" {...head}>
							Address
						</SortHeader>
						<SortHeader field="device_type" className="nc-medium" {...head}>
							Type
						</SortHeader>
						<th scope="col" className="nc-wide">
							Model and version
						</th>
						<SortHeader field="site" className="nc-medium" {...head}>
							Site
						</SortHeader>
						<th scope="col" className="nc-wide">
							Tags
						</th>
						<SortHeader field="health_at" className="nc-medium" {...head}>
							Last contact
						</SortHeader>
					</tr>
				</thead>
				<tbody>
					{devices.map((device) => {
						const name = visibleLine(device.name);
						const address = visibleLine(device.port === 22 ? device.host : `${device.host}:${device.port}`);
						return (
							<tr key={device.id} data-selected={selected?.has(device.id) || undefined}>
								{selected !== undefined && (
									<td className="nc-tight">
										<Checkbox
											size="xs"
											aria-label={`Select ${name}`}
											checked={selected.has(device.id)}
											onChange={({ currentTarget }) => choose([device.id], currentTarget.checked)}
										/>
									</td>
								)}
								<td className="nc-break">
									<TextLink to="/devices/$id" params={{ id: device.id }} fw={550} size="sm">
										{name}
									</TextLink>
									<div className="nc-narrow nc-small nc-dim">{address}</div>
								</td>
								<td title={device.health_error === null ? undefined : visibleLine(device.health_error)}>
									<HealthState health={device.health} enabled={device.enabled} />
								</td>
								<td className="nc-medium nc-mono">{address}</td>
								<td className="nc-medium">{device.device_type}</td>
								<td className="nc-wide">
									{visibleLine([device.facts.model, device.facts.os_version].filter(Boolean).join(" · "))}
								</td>
								<td className="nc-medium">{visibleLine(device.site ?? "")}</td>
								<td className="nc-wide nc-dim">
									{visibleLine(device.tags.slice(0, mostTags).join(", "))}
									{device.tags.length > mostTags && ` +${device.tags.length - mostTags}`}
								</td>
								<td className="nc-medium nc-tight nc-dim">
									{device.health_at === null ? "never" : <Ago at={device.health_at} />}
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}
