import type { Snapshot } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { createdAtColumn, startedByColumn } from "../../ui/table/common-columns.tsx";
import { bytes, moment } from "../../ui/words.ts";
import { SnapshotState, snapshotLooks } from "./snapshot-state.tsx";

export const columns: Column<Snapshot>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: ({ id, name, description, pinned, created_at }) => (
			<span title={description === "" ? undefined : visibleLine(description)}>
				<TextLink to="/snapshots/$id" params={{ id }} fw={550} size="sm">
					{visibleLine(name)}
				</TextLink>
				{pinned && (
					<span className="nc-state nc-small nc-calm" style={{ marginLeft: 8 }}>
						<Icon name="pin" size={13} />
						Pinned
					</span>
				)}
				<div className="nc-narrow nc-small nc-dim">{moment(created_at)}</div>
			</span>
		),
	},
	{
		id: "status",
		label: "Status",
		width: 130,
		text: ({ status }) => snapshotLooks[status].word,
		cell: ({ status, error }) => (
			<span title={error === null ? undefined : visibleLine(error)}>
				<SnapshotState status={status} />
			</span>
		),
	},
	{
		id: "devices",
		label: "Devices",
		number: true,
		from: "medium",
		width: 90,
		text: ({ devices }) => String(devices),
		cell: ({ devices }) => devices,
	},
	{
		id: "changed",
		label: "Changed",
		number: true,
		from: "medium",
		width: 90,
		text: ({ changed }) => String(changed),
		cell: ({ id, changed }) =>
			changed === 0 ? (
				<span className="nc-dim">0</span>
			) : (
				<TextLink to="/snapshots/$id" params={{ id }} search={{ changed: "true" }} size="sm">
					{changed}
				</TextLink>
			),
	},
	{
		id: "failed",
		label: "Failed",
		number: true,
		from: "medium",
		width: 80,
		text: ({ failed }) => String(failed),
		cell: ({ id, failed }) =>
			failed === 0 ? (
				<span className="nc-dim">0</span>
			) : (
				<TextLink to="/snapshots/$id" params={{ id }} search={{ status: "failed" }} size="sm">
					{failed}
				</TextLink>
			),
	},
	{
		id: "size",
		label: "Size",
		number: true,
		from: "wide",
		width: 100,
		text: ({ size_bytes }) => String(size_bytes),
		cell: ({ size_bytes }) => bytes(size_bytes),
	},
	startedByColumn({ from: "wide", width: 130 }),
	createdAtColumn("Taken"),
];
