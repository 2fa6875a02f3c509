import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Fragment, type ReactNode } from "react";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";

/** What is known of a device: what was told, and what it said itself. */
export function DeviceFacts({ device }: { device: Device }) {
	const { facts } = device;
	return (
		<Panel title="Facts">
			<dl className="nc-facts nc-panel-body">
				<Fact name="Address" copy={device.host}>
					<span className="nc-mono">{visibleLine(`${device.host}:${device.port}`)}</span>
				</Fact>
				<Fact name="Type">
					<TextLink to="/devices" search={{ device_type: device.device_type }} size="sm">
						{device.device_type}
					</TextLink>
				</Fact>
				<Fact name="Hostname" copy={facts.hostname} />
				<Fact name="Model" copy={facts.model} />
				<Fact name="Version" copy={facts.os_version} />
				<Fact name="Serial" copy={facts.serial} />
				<Fact name="Uptime">{visibleLine(facts.uptime ?? "")}</Fact>
				<Fact name="Facts read">{device.facts_at && <Ago at={device.facts_at} />}</Fact>
				<Fact name="Site">
					{device.site && (
						<TextLink to="/devices" search={{ site: device.site }} size="sm">
							{visibleLine(device.site)}
						</TextLink>
					)}
				</Fact>
				<Fact name="Groups">
					{device.groups.length > 0 && <Listed values={device.groups} link={(group) => ({ group })} />}
				</Fact>
				<Fact name="Tags">{device.tags.length > 0 && <Listed values={device.tags} link={(tag) => ({ tag })} />}</Fact>
				<Fact name="Description">{visibleLine(device.description)}</Fact>
				<Fact name="Last contact">{device.health_at === null ? "never" : <Ago at={device.health_at} />}</Fact>
				<Fact name="Added">
					<Ago at={device.created_at} />
					{device.source === "import" && " by import"}
				</Fact>
			</dl>
		</Panel>
	);
}

/** Each leads to the devices that share it. */
function Listed({
	values,
	link,
}: {
	values: readonly string[];
	link: (value: string) => { tag: string } | { group: string };
}) {
	return values.map((value, index) => (
		<Fragment key={value}>
			{index > 0 && ", "}
			<TextLink to="/devices" search={link(value)} size="sm">
				{visibleLine(value)}
			</TextLink>
		</Fragment>
	));
}

/** Nothing where nothing is known. With `copy` it can be taken into the clipboard as it is. */
function Fact({ name, copy, children }: { name: string; copy?: string | undefined; children?: ReactNode }) {
	const shown = children ?? visibleLine(copy ?? "");
	if (shown === "" || shown === null || shown === false) return null;
	return (
		<>
			<dt>{name}</dt>
			<dd>
				{shown}
				{copy !== undefined && <CopyIcon text={visibleLine(copy)} label={`Copy the ${name.toLowerCase()}`} />}
			</dd>
		</>
	);
}
