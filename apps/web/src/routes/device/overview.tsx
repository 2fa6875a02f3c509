import type { Device } from "@netconductor/contracts/devices/model";
import { usePermitted } from "../../api/context.tsx";
import { ConnectionPanel } from "./connection-panel.tsx";
import { DeviceFacts } from "./device-facts.tsx";
import { HostKeyPanel } from "./host-key.tsx";
import { LastChange } from "./last-change.tsx";
import { LatestTest } from "./latest-test.tsx";
import style from "./overview.module.css";

/** What is known of a device, how it is reached and how that went last. */
export function Overview({ device, run_id }: { device: Device; run_id: string | undefined }) {
	const mayReadBackups = usePermitted()("backups:read");
	return (
		<div className="nc-columns">
			<div>
				<DeviceFacts device={device} />
			</div>
			<div className={style.beside}>
				{device.health === "host_key_changed" && <HostKeyPanel device={device} />}
				<LatestTest device={device} run_id={run_id} />
				{mayReadBackups && <LastChange device={device} />}
				<ConnectionPanel device={device} />
			</div>
		</div>
	);
}
