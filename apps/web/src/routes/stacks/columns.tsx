import type { StackSummary } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { changedByColumn, changedColumn, descriptionColumn } from "../../ui/table/definition-columns.tsx";
import { Ago } from "../../ui/time.tsx";
import { PendingChanges, StackState, stackLooks } from "./looks.tsx";

/** Columns of the list of stacks. */
export function columnsOf(mayReadRuns: boolean): Column<StackSummary>[] {
	return [
		{
			id: "name",
			label: "Name",
			sort: "name",
			text: ({ name }) => name,
			cell: (stack) => (
				<>
					<TextLink to="/stacks/$id" params={{ id: stack.id }} fw={550} size="sm">
						{visibleLine(stack.name)}
					</TextLink>
					<div className="nc-narrow nc-small">
						<PendingChanges stack={stack} />
					</div>
				</>
			),
		},
		{
			id: "state",
			label: "State",
			sort: "state",
			width: 145,
			text: ({ state }) => stackLooks[state].word,
			cell: ({ state }) => <StackState state={state} />,
		},
		{
			id: "pending",
			label: "Definition",
			width: 145,
			from: "medium",
			text: ({ pending_changes, version }) => `version ${version}${pending_changes ? ", changed since" : ""}`,
			cell: (stack) =>
				stack.pending_changes ? (
					<PendingChanges stack={stack} />
				) : (
					<span className="nc-dim">{stack.deployed_version === null ? `version ${stack.version}` : "as deployed"}</span>
				),
		},
		{
			id: "services",
			label: "Services",
			number: true,
			width: 90,
			from: "medium",
			text: ({ services }) => String(services),
			cell: ({ services }) => services,
		},
		descriptionColumn(),
		{
			id: "deployed",
			label: "Deployed",
			sort: "deployed_at",
			width: 130,
			from: "medium",
			text: ({ deployed_at }) => deployed_at ?? "",
			cell: ({ deployed_at }) => (
				<span className="nc-dim">{deployed_at === null ? "never" : <Ago at={deployed_at} />}</span>
			),
		},
		{
			id: "run",
			label: "Last run",
			width: 100,
			from: "medium",
			text: ({ last_run_id }) => last_run_id ?? "",
			cell: ({ last_run_id, name }) =>
				last_run_id !== null && mayReadRuns ? (
					<TextLink to="/runs/$id" params={{ id: last_run_id }} size="sm">
						See it
						<span className="nc-visually-hidden">: the last run of {visibleLine(name)}</span>
					</TextLink>
				) : (
					<span className="nc-dim">{last_run_id === null ? "none" : ""}</span>
				),
		},
		changedColumn({ width: 130, from: "wide" }),
		changedByColumn({ width: 130, from: "asked" }),
	];
}
