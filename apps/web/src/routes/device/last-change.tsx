import type { HistoryEntry } from "@netconductor/contracts/backup/model";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { DiffSize } from "../../ui/diff-size.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago, Moment } from "../../ui/time.tsx";

/** When the configuration was read last and when it changed last: what who looks for the cause of a fault asks first. */
export function LastChange({ device }: { device: Device }) {
	const api = useApi();
	const newest = useQuery({
		queryKey: ["backups", device.id, "newest version"],
		queryFn: ({ signal }) =>
			api.backup.getHistory({ params: { device_id: device.id }, query: { limit: 1 } }, { signal }),
	});
	return (
		<Panel
			title="Configuration"
			actions={
				<TextLink to="/devices/$id" params={{ id: device.id }} search={{ tab: "versions" }} size="xs">
					All versions
				</TextLink>
			}
		>
			<Loaded query={newest} rows={2}>
				{({ items: [version] }) =>
					version === undefined ? (
						<p className="nc-panel-body nc-dim">There is no backup of this device yet.</p>
					) : (
						<dl className="nc-facts nc-panel-body">
							<dt>Last good backup</dt>
							<dd>
								<Ago at={version.last_seen_at} />
							</dd>
							<dt>Last change</dt>
							<dd>
								<Change version={version} />
							</dd>
						</dl>
					)
				}
			</Loaded>
		</Panel>
	);
}

function Change({ version }: { version: z.infer<typeof HistoryEntry> }) {
	const { backup_id, first_seen_at, lines_added, lines_removed, started_by } = version;
	if (lines_added === null) {
		return (
			<>
				None since the first backup, <Moment at={first_seen_at} />
			</>
		);
	}
	return (
		<>
			<Moment at={first_seen_at} />, <DiffSize added={lines_added} removed={lines_removed} />, found by{" "}
			{visibleLine(started_by)} ·{" "}
			<TextLink to="/backups/compare" search={{ to: backup_id }}>
				What changed
			</TextLink>
		</>
	);
}
