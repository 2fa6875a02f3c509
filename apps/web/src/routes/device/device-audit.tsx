import type { AuditRecord } from "@netconductor/contracts/audit/api";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Moment } from "../../ui/time.tsx";
import { changesOf } from "../audit/changes.ts";
import { OutcomeState, outcomeLooks } from "../audit/outcome.tsx";

const mostFields = 6;

/** Fields that differ, by name; what came or went whole has none. */
function changedFields({ before, after }: AuditRecord): string {
	if (before === undefined || after === undefined) return "";
	const fields = [...new Set(changesOf(before, after).map(({ path }) => path))].filter((path) => path !== "updated_at");
	const more = fields.length > mostFields ? ` and ${fields.length - mostFields} more` : "";
	return `${fields.slice(0, mostFields).join(", ")}${more}`;
}

const columns: Column<AuditRecord>[] = [
	{
		id: "when",
		label: "When",
		width: 190,
		text: ({ occurred_at }) => occurred_at,
		cell: ({ id, resource_id, occurred_at }) => (
			<TextLink to="/audit" search={{ resource_id, record: id }} size="sm">
				<Moment at={occurred_at} />
			</TextLink>
		),
	},
	{
		id: "who",
		label: "Who",
		from: "medium",
		width: 150,
		text: ({ actor }) => actor.name,
		cell: ({ actor }) => visibleLine(actor.name),
	},
	{
		id: "what",
		label: "What",
		text: ({ summary }) => summary,
		cell: ({ summary, actor }) => (
			<>
				{visibleLine(summary)}
				<div className="nc-narrow nc-small nc-dim">{visibleLine(actor.name)}</div>
			</>
		),
	},
	{
		id: "fields",
		label: "Changed",
		from: "wide",
		text: changedFields,
		cell: (record) => <span className="nc-dim">{visibleLine(changedFields(record))}</span>,
	},
	{
		id: "outcome",
		label: "Outcome",
		from: "medium",
		width: 120,
		text: ({ outcome }) => outcomeLooks[outcome].word,
		cell: ({ outcome }) => <OutcomeState outcome={outcome} />,
	},
];

/** Who did what to this device, its host key and its override, newest first. */
export function DeviceAudit({ device }: { device: Device }) {
	const api = useApi();
	const list = useCursorList("audit", { resource_id: device.id }, (query, signal) =>
		api.audit.listAudit({ query }, { signal }),
	);
	return (
		<DataTable
			name="device-audit"
			noun="record"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ summary }) => summary}
			source={list}
			empty={
				<Empty title="Nobody has changed this device">
					What was imported stands in the audit trail with its import.
				</Empty>
			}
		/>
	);
}
