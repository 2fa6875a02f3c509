import { ActionIcon, Menu } from "@mantine/core";
import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago } from "../../ui/time.tsx";
import { needsOf, scopeOf } from "./words.ts";

export interface PolicyActions {
	edit(policy: ApprovalPolicy): void;
	remove(policy: ApprovalPolicy): void;
	/** Up is towards the first; undefined where the order cannot be changed from what is shown. */
	move: ((policy: ApprovalPolicy, by: -1 | 1) => void) | undefined;
	/** Number of policies besides the built-in one. */
	count: number;
}

export function columnsOf(actions: PolicyActions | undefined): Column<ApprovalPolicy>[] {
	const columns: Column<ApprovalPolicy>[] = [
		{
			id: "position",
			label: "No.",
			number: true,
			sort: "position",
			width: 70,
			text: ({ position }) => String(position),
			cell: ({ position }) => position,
		},
		{
			id: "name",
			label: "Policy",
			sort: "name",
			text: ({ name }) => name,
			cell: (policy) => (
				<span title={visibleLine(policy.description)}>
					<span style={{ fontWeight: 550 }}>{visibleLine(policy.name)}</span>{" "}
					{!policy.enabled && <State tone="calm" icon="stop" word="Off" />}
					{policy.built_in && <State tone="calm" icon="lock" word="Built-in" />}
					<div className="nc-narrow nc-small nc-dim">{visibleLine(needsOf(policy.stages))}</div>
				</span>
			),
		},
		{
			id: "scope",
			label: "For",
			from: "medium",
			text: scopeOf,
			cell: (policy) => visibleLine(scopeOf(policy)),
		},
		{
			id: "needs",
			label: "Needs",
			from: "medium",
			text: ({ stages }) => needsOf(stages),
			cell: ({ stages }) => visibleLine(needsOf(stages)),
		},
		{
			id: "expires",
			label: "Time to decide",
			from: "wide",
			width: 130,
			text: ({ expires_in_minutes }) => String(expires_in_minutes ?? ""),
			cell: ({ expires_in_minutes: minutes }) =>
				minutes === null ? <span className="nc-dim">as for all</span> : `${minutes} min`,
		},
		{
			id: "updated",
			label: "Changed",
			sort: "updated_at",
			from: "asked",
			width: 120,
			text: ({ updated_at }) => updated_at,
			cell: ({ updated_at }) => (
				<span className="nc-dim">
					<Ago at={updated_at} />
				</span>
			),
		},
	];
	if (actions === undefined) return columns;
	return [
		...columns,
		{
			id: "actions",
			label: "Change",
			width: 80,
			cell: (policy) => (policy.built_in ? null : <RowMenu policy={policy} actions={actions} />),
		},
	];
}

function RowMenu({ policy, actions }: { policy: ApprovalPolicy; actions: PolicyActions }) {
	const { edit, remove, move, count } = actions;
	return (
		<Menu position="bottom-end">
			<Menu.Target>
				<ActionIcon variant="subtle" color="gray" aria-label={`Change ${visibleLine(policy.name)}`}>
					<Icon name="more" />
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown>
				<Menu.Item leftSection={<Icon name="edit" size={14} />} onClick={() => edit(policy)}>
					Edit
				</Menu.Item>
				{move !== undefined && policy.position > 1 && (
					<Menu.Item leftSection={<Icon name="up" size={14} />} onClick={() => move(policy, -1)}>
						Look at it earlier
					</Menu.Item>
				)}
				{move !== undefined && policy.position < count && (
					<Menu.Item leftSection={<Icon name="down" size={14} />} onClick={() => move(policy, 1)}>
						Look at it later
					</Menu.Item>
				)}
				<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={() => remove(policy)}>
					Delete
				</Menu.Item>
			</Menu.Dropdown>
		</Menu>
	);
}
