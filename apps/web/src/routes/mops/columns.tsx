import type { MopSummary } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { RunStatus } from "@netconductor/contracts/tasks/model";
import { TextLink } from "../../ui/link.tsx";
import { type Look, runLooks, State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { changedByColumn, changedColumn, descriptionColumn } from "../../ui/table/definition-columns.tsx";
import { Ago } from "../../ui/time.tsx";

/** Whether a procedure may be started, as icon and word. */
export function MopState({ enabled }: Pick<MopSummary, "enabled">) {
	return enabled ? (
		<State tone="good" icon="ok" word="Enabled" />
	) : (
		<State tone="calm" icon="stop" word="Not enabled" />
	);
}

const underWay = { tone: "busy", icon: "running", word: "Not ended" } as const;

/** How a run of a procedure is looked at. Until it has ended the list does not know how far it is: its page does. */
export function mopRunLook(status: RunStatus): Look {
	return status === "queued" || status === "running" || status === "waiting" ? underWay : runLooks[status];
}

/** Columns of the list of procedures. */
export function columnsOf(mayReadRuns: boolean): Column<MopSummary>[] {
	return [
		{
			id: "name",
			label: "Name",
			sort: "name",
			text: ({ name }) => name,
			cell: ({ id, name, enabled }) => (
				<>
					<TextLink to="/mops/$id" params={{ id }} fw={550} size="sm">
						{visibleLine(name)}
					</TextLink>
					{!enabled && (
						<div className="nc-narrow nc-small">
							<MopState enabled={enabled} />
						</div>
					)}
				</>
			),
		},
		{
			id: "enabled",
			label: "State",
			width: 130,
			from: "medium",
			text: ({ enabled }) => (enabled ? "enabled" : "not enabled"),
			cell: ({ enabled }) => <MopState enabled={enabled} />,
		},
		{
			id: "writes",
			label: "Does",
			width: 130,
			from: "medium",
			text: ({ writes }) => (writes ? "changes" : "reads"),
			cell: ({ writes }) =>
				writes ? <State tone="warn" icon="edit" word="Changes" /> : <span className="nc-dim">Reads only</span>,
		},
		{
			id: "steps",
			label: "Steps",
			number: true,
			width: 80,
			from: "medium",
			text: ({ steps }) => String(steps),
			cell: ({ steps }) => steps,
		},
		descriptionColumn(),
		{
			id: "tags",
			label: "Tags",
			from: "wide",
			width: 150,
			text: ({ tags }) => tags.join(", "),
			cell: ({ tags }) => visibleLine(tags.join(", ")),
		},
		{
			id: "status",
			label: "Last run",
			width: 150,
			text: ({ last_run_status }) => (last_run_status === null ? "never" : mopRunLook(last_run_status).word),
			cell: ({ last_run_status, last_run_id, name }) =>
				last_run_status === null ? (
					<span className="nc-dim">never</span>
				) : last_run_id !== null && mayReadRuns ? (
					<TextLink
						to="/runs/$id"
						params={{ id: last_run_id }}
						size="sm"
						aria-label={`Last run of ${visibleLine(name)}: ${mopRunLook(last_run_status).word}`}
					>
						<State {...mopRunLook(last_run_status)} />
					</TextLink>
				) : (
					<State {...mopRunLook(last_run_status)} />
				),
		},
		{
			id: "last_run",
			label: "Run",
			sort: "last_run_at",
			width: 120,
			from: "medium",
			text: ({ last_run_at }) => last_run_at ?? "",
			cell: ({ last_run_at }) => <span className="nc-dim">{last_run_at === null ? "" : <Ago at={last_run_at} />}</span>,
		},
		{
			id: "version",
			label: "Version",
			number: true,
			width: 90,
			from: "asked",
			text: ({ version }) => String(version),
			cell: ({ id, version }) => (
				<TextLink to="/mops/$id" params={{ id }} search={{ tab: "versions" }} size="sm">
					{version}
				</TextLink>
			),
		},
		changedColumn({ width: 120, from: "wide" }),
		changedByColumn({ width: 120, from: "asked" }),
	];
}
