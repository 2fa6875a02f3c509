import { Button } from "@mantine/core";
import type { DeviceDrift, StackValidation } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { usePermitted } from "../../api/context.tsx";
import { DriftLines } from "../../ui/diff/drift-lines.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import styles from "./stack.module.css";

/** What a comparison says of a device, as icon and word. */
export const driftLooks: Readonly<Record<DeviceDrift["state"], Look>> = {
	drifted: { tone: "bad", icon: "warning", word: "Drifted" },
	unknown: { tone: "calm", icon: "question", word: "Not known" },
	in_sync: { tone: "good", icon: "ok", word: "As it should be" },
};
const shownAtFirst = 50;

/** What a comparison with backups came to, until it is closed. */
export function DriftPanels({ found, onClose }: { found: StackValidation; onClose: () => void }) {
	const differing = found.devices.filter(({ state }) => state !== "in_sync");
	const alike = found.devices.filter(({ state }) => state === "in_sync");
	return (
		<section className={styles.devices} aria-label="Compared with the newest backups">
			<div className="nc-panel nc-panel-body">
				<div className={styles.bar} style={{ justifyContent: "space-between" }}>
					<div className={styles.bar}>
						{(["drifted", "unknown", "in_sync"] as const).map((state) => (
							<span key={state} className="nc-state" style={{ gap: 6 }}>
								<State {...driftLooks[state]} /> <strong>{found.counts[state]}</strong>
							</span>
						))}
					</div>
					<Button variant="default" onClick={onClose}>
						Close the comparison
					</Button>
				</div>
			</div>
			{differing.map((device) => (
				<DriftDevice key={device.device_id} device={device} />
			))}
			{alike.length > 0 && <AlikeDevices devices={alike} />}
		</section>
	);
}

/** What stands differently on one device. */
export function DriftDevice({ device }: { device: DeviceDrift }) {
	const permitted = usePermitted();
	const { device_id, device_name, state, backup_id, backed_up_at, missing, unwanted, reason } = device;
	const name = visibleLine(device_name);
	const linked = permitted("backups:read") && permitted("devices:read");
	return (
		<Panel
			title={name}
			actions={
				<div className={styles.bar}>
					<span className="nc-small nc-dim">
						{backed_up_at === null || backup_id === null ? (
							"never backed up"
						) : linked ? (
							<TextLink to="/devices/$id" params={{ id: device_id }} search={{ tab: "config", backup: backup_id }}>
								backed up <Ago at={backed_up_at} />
							</TextLink>
						) : (
							<>
								backed up <Ago at={backed_up_at} />
							</>
						)}
					</span>
					<span className="nc-small">
						<State {...driftLooks[state]} />
					</span>
				</div>
			}
		>
			{reason !== null && <p className="nc-panel-body">{visibleLine(reason)}</p>}
			<DriftLines missing={missing} unwanted={unwanted} device_name={device_name} />
		</Panel>
	);
}

/** Devices that are as they should be, by name. */
export function AlikeDevices({ devices }: { devices: readonly DeviceDrift[] }) {
	const [most, setMost] = useState(shownAtFirst);
	return (
		<Panel title={`As they should be: ${count(devices.length, "device")}`}>
			<p className="nc-panel-body nc-break" style={{ margin: 0 }}>
				{visibleLine(
					devices
						.slice(0, most)
						.map(({ device_name }) => device_name)
						.join(", "),
				)}
				{devices.length > most && (
					<Button ml="xs" size="compact-xs" variant="default" onClick={() => setMost(devices.length)}>
						and {devices.length - most} more
					</Button>
				)}
			</p>
		</Panel>
	);
}
