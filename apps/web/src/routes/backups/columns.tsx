import type { Backup } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { DiffSize } from "../../ui/diff-size.tsx";
import { TextLink } from "../../ui/link.tsx";
import { type Look, State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { createdAtColumn, startedByColumn } from "../../ui/table/common-columns.tsx";
import { Ago } from "../../ui/time.tsx";
import { bytes, withoutDevice } from "../../ui/words.ts";

const succeeded: Look = { tone: "good", icon: "ok", word: "Succeeded" };
const failed: Look = { tone: "bad", icon: "cross", word: "Failed" };

/** What a backup found, in words. */
function changeOf({ status, changed, lines_added, lines_removed }: Backup): string {
	if (status === "failed") return "";
	if (changed === null) return "First backup";
	return changed ? `+${lines_added ?? 0} −${lines_removed ?? 0}` : "Unchanged";
}

export const columns: Column<Backup>[] = [
	{
		id: "device",
		label: "Device",
		sort: "device_name",
		text: ({ device_name }) => device_name,
		cell: ({ device_id, device_name, created_at }) => (
			<>
				<TextLink to="/devices/$id" params={{ id: device_id }} fw={550} size="sm">
					{visibleLine(device_name)}
				</TextLink>
				<div className="nc-narrow nc-small nc-dim">
					<Ago at={created_at} />
				</div>
			</>
		),
	},
	{
		id: "status",
		label: "Status",
		from: "medium",
		width: 122,
		text: ({ status }) => (status === "succeeded" ? succeeded : failed).word,
		cell: ({ status }) => <State {...(status === "succeeded" ? succeeded : failed)} />,
	},
	{
		id: "change",
		label: "Change",
		text: changeOf,
		cell: (backup) => {
			const { id, device_name, status, changed, error, lines_added, lines_removed } = backup;
			if (status === "failed") {
				const why = error === null ? "" : visibleLine(withoutDevice(error.message, device_name));
				return (
					<span title={why}>
						<span className="nc-narrow">
							<State {...failed} />
						</span>
						<span className="nc-dim">{why}</span>
					</span>
				);
			}
			if (!changed) return <span className="nc-dim">{changeOf(backup)}</span>;
			return (
				<TextLink to="/backups/compare" search={{ to: id }} size="sm" aria-label={`What changed: ${changeOf(backup)}`}>
					<DiffSize added={lines_added} removed={lines_removed} />
				</TextLink>
			);
		},
	},
	{
		id: "config",
		label: "Config",
		from: "medium",
		width: 84,
		cell: ({ id, device_id, status }) =>
			status === "succeeded" && (
				<TextLink to="/devices/$id" params={{ id: device_id }} search={{ tab: "config", backup: id }} size="sm">
					Config
				</TextLink>
			),
	},
	{
		id: "type",
		label: "Type",
		from: "wide",
		width: 118,
		text: ({ device_type }) => device_type,
		cell: ({ device_type }) => visibleLine(device_type),
	},
	{
		id: "size",
		label: "Size",
		sort: "size_bytes",
		number: true,
		from: "medium",
		width: 90,
		text: ({ size_bytes }) => (size_bytes === null ? "" : String(size_bytes)),
		cell: ({ size_bytes }) => (size_bytes === null ? "" : bytes(size_bytes)),
	},
	startedByColumn({ from: "medium", width: 110 }),
	{
		id: "run",
		label: "Run",
		from: "medium",
		width: 134,
		text: ({ run_id }) => run_id,
		cell: ({ run_id, snapshot_id }) => (
			<>
				<TextLink to="/runs/$id" params={{ id: run_id }} size="sm">
					Run
				</TextLink>
				{snapshot_id !== null && (
					<>
						<span className="nc-dim"> · </span>
						<TextLink to="/snapshots/$id" params={{ id: snapshot_id }} size="sm">
							Snapshot
						</TextLink>
					</>
				)}
			</>
		),
	},
	createdAtColumn("Made"),
];
