import type { Coverage } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { coverageLooks } from "../../ui/coverage-looks.ts";
import { TextLink } from "../../ui/link.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";
import { withoutDevice } from "../../ui/words.ts";

export type Covered = Coverage["items"][number];

export const columns: Column<Covered>[] = [
	{
		id: "device",
		label: "Device",
		sort: "device_name",
		text: ({ device_name }) => device_name,
		cell: ({ device_id, device_name }) => (
			<TextLink to="/devices/$id" params={{ id: device_id }} fw={550} size="sm">
				{visibleLine(device_name)}
			</TextLink>
		),
	},
	{
		id: "status",
		label: "Backup",
		sort: "status",
		width: 100,
		text: ({ status }) => coverageLooks[status].word,
		cell: ({ status }) => <State {...coverageLooks[status]} />,
	},
	{
		id: "last_good",
		label: "Last good",
		sort: "last_good_at",
		width: 120,
		text: ({ last_good_at }) => last_good_at ?? "",
		cell: ({ last_good_at }) => (
			<span className="nc-dim">{last_good_at === null ? "never" : <Ago at={last_good_at} />}</span>
		),
	},
	{
		id: "type",
		label: "Type",
		width: 160,
		from: "wide",
		text: ({ device_type }) => device_type,
		cell: ({ device_type }) => device_type,
	},
	{
		id: "last_failed",
		label: "Last failed",
		width: 120,
		from: "medium",
		text: ({ last_failed_at }) => last_failed_at ?? "",
		cell: ({ last_failed_at }) => (
			<span className="nc-dim">{last_failed_at !== null && <Ago at={last_failed_at} />}</span>
		),
	},
	{
		id: "error",
		label: "Why",
		from: "medium",
		text: ({ last_error }) => last_error?.message ?? "",
		cell: ({ device_name, last_error }) =>
			last_error !== null && visibleLine(withoutDevice(last_error.message, device_name)),
	},
];
