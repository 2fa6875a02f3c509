import type { AuditRecord } from "@netconductor/contracts/audit/api";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Moment } from "../../ui/time.tsx";
import { OutcomeState, outcomeLooks } from "./outcome.tsx";
import { resourceText } from "./resource-link.tsx";

export const columns: Column<AuditRecord>[] = [
	{
		id: "when",
		label: "When",
		width: 195,
		cell: ({ id, occurred_at }) => (
			<TextLink to="/audit" search={(before) => ({ ...before, record: id })} replace resetScroll={false} size="sm">
				<Moment at={occurred_at} />
			</TextLink>
		),
	},
	{
		id: "who",
		label: "Who",
		from: "medium",
		width: 140,
		cell: ({ actor }) => (
			<span
				title={visibleLine(`${actor.kind} ${actor.name}`)}
				className={actor.kind === "service" ? "nc-dim" : undefined}
			>
				{visibleLine(actor.name)}
				{actor.kind === "service_account" && <div className="nc-small nc-dim">service account</div>}
			</span>
		),
	},
	{
		id: "what",
		label: "What",
		cell: (record) => (
			<>
				{visibleLine(record.summary)}
				<div className="nc-narrow nc-small nc-dim">{visibleLine(`${record.actor.name} · ${resourceText(record)}`)}</div>
			</>
		),
	},
	{
		id: "on",
		label: "On",
		from: "medium",
		cell: (record) => visibleLine(resourceText(record)),
	},
	{
		id: "outcome",
		label: "Outcome",
		from: "medium",
		width: 120,
		cell: ({ outcome }) => <OutcomeState outcome={outcome} />,
	},
	{
		id: "error",
		label: "Error",
		from: "asked",
		cell: ({ error_code }) => <span className="nc-mono">{visibleLine(error_code ?? "")}</span>,
	},
	{
		id: "ip",
		label: "From",
		from: "asked",
		width: 130,
		cell: ({ actor }) => <span className="nc-mono">{visibleLine(actor.ip ?? "")}</span>,
	},
	{
		id: "position",
		label: "Position",
		from: "asked",
		width: 90,
		number: true,
		cell: ({ position }) => position,
	},
];

/** Without what the record that is open beside the list says of its own. */
export const columnsBeside = columns.filter(({ id }) => id !== "on");

export const outcomeOptions = (Object.keys(outcomeLooks) as (keyof typeof outcomeLooks)[]).map((value) => ({
	value,
	label: outcomeLooks[value].word,
}));
