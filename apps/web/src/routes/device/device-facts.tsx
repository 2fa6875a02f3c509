import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";

/** What is known of a device: what was told, and what it said itself. */
export function DeviceFacts({ device }: { device: Device }) {
	const { facts } = device;
	return (
		<Panel title="Facts">
			<dl className="nc-facts nc-panel-body">
				<Fact name="Address">
					<span className="nc-mono">{visibleLine(`${device.host}:${device.port}`)}</span>
				</Fact>
				<Fact name="Type">{device.device_type}</Fact>
				<Fact name="Hostname">{visibleLine(facts.hostname ?? "")}</Fact>
				<Fact name="Model">{visibleLine(facts.model ?? "")}</Fact>
				<Fact name="Version">{visibleLine(facts.os_version ?? "")}</Fact>
				<Fact name="Serial">{visibleLine(facts.serial ?? "")}</Fact>
				<Fact name="Uptime">{visibleLine(facts.uptime ?? "")}</Fact>
				<Fact name="Facts read">{device.facts_at && <Ago at={device.facts_at} />}</Fact>
				<Fact name="Site">{visibleLine(device.site ?? "")}</Fact>
				<Fact name="Groups">{visibleLine(device.groups.join(", "))}</Fact>
				<Fact name="Tags">{visibleLine(device.tags.join(", "))}</Fact>
				<Fact name="Description">{visibleLine(device.description)}</Fact>
				<Fact name="Last contact">{device.health_at === null ? "never" : <Ago at={device.health_at} />}</Fact>
				<Fact name="Last error">
					{device.health_error && <span className="nc-bad">{visibleLine(device.health_error)}</span>}
				</Fact>
			</dl>
		</Panel>
	);
}

/** Nothing where nothing is known. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
	if (children === "" || children === null) return null;
	return (
		<>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</>
	);
}
