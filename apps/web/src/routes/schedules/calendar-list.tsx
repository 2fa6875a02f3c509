import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { CalendarForm } from "./calendar-form.tsx";
import type { SchedulesSearch } from "./search.ts";

/** Freezes and maintenance windows. */
export function CalendarList({
	search,
	onShow,
}: {
	search: SchedulesSearch;
	onShow: (change: Partial<SchedulesSearch>) => void;
}) {
	const api = useApi();
	const mayWrite = usePermitted()("schedules:write");
	const form = useDrawer();
	const [edited, setEdited] = useState<ScheduleCalendar>();
	const [leaving, setLeaving] = useState<ScheduleCalendar>();
	const { q, page, page_size } = search;
	const list = usePagedList(
		"schedules",
		{ q, page, page_size },
		(query, signal) => api.scheduling.listCalendars({ query }, { signal }),
		{ key: ["calendars"] },
	);
	const remove = useMutation({
		mutationFn: ({ id }: ScheduleCalendar) => api.scheduling.deleteCalendar({ params: { id } }),
		onSuccess: (_, { name }) => toastDone(`${name} is deleted`),
		onError: toastProblem,
		onSettled: () => setLeaving(undefined),
	});
	const open = (calendar: ScheduleCalendar | undefined) => {
		setEdited(calendar);
		form.open();
	};
	const add = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={() => open(undefined)}>
			Add a freeze or window
		</Button>
	);
	return (
		<>
			<DataTable
				name="calendars"
				noun="calendar"
				columns={mayWrite ? [...columns, actionsColumn(open, setLeaving)] : columns}
				rowId={({ id }) => id}
				rowName={({ name }) => name}
				source={list}
				onPage={onShow}
				filters={
					<>
						<SearchField label="Search calendars" placeholder="Name" q={q} onSearch={(text) => onShow({ q: text })} />
						{add}
					</>
				}
				empty={
					q === undefined ? (
						<Empty title="No freezes or windows yet" actions={add}>
							A freeze holds back every scheduled change while it lasts; a window lets changes of its devices begin only
							inside it. Backups and other runs that only read are never held.
						</Empty>
					) : (
						<Empty title="No calendar matches" />
					)
				}
			/>
			{mayWrite && <CalendarForm key={form.key} calendar={edited} opened={form.opened} onClose={form.close} />}
			<Confirm
				opened={leaving !== undefined}
				title={`Delete ${visibleLine(leaving?.name ?? "")}?`}
				action="Delete"
				busy={remove.isPending}
				onConfirm={() => leaving !== undefined && remove.mutate(leaving)}
				onClose={() => setLeaving(undefined)}
			>
				What it holds back now starts at once, unless another freeze or window holds it.
			</Confirm>
		</>
	);
}

const columns: Column<ScheduleCalendar>[] = [
	{
		id: "name",
		label: "Name",
		text: ({ name }) => name,
		cell: ({ name, kind, description }) => (
			<span title={description === "" ? undefined : visibleLine(description)}>
				{visibleLine(name)}
				<div className="nc-narrow nc-small nc-dim">{kind === "freeze" ? "Freeze" : "Window"}</div>
			</span>
		),
	},
	{
		id: "kind",
		label: "Kind",
		from: "medium",
		width: 100,
		text: ({ kind }) => kind,
		cell: ({ kind }) => (kind === "freeze" ? "Freeze" : "Window"),
	},
	{
		id: "now",
		label: "Now",
		width: 120,
		text: ({ enabled, active }) => (!enabled ? "off" : active ? "lasts" : "not now"),
		cell: ({ enabled, active, kind }) =>
			!enabled ? (
				<State tone="calm" icon="stop" word="Off" />
			) : active ? (
				<State
					tone={kind === "freeze" ? "warn" : "good"}
					icon={kind === "freeze" ? "lock" : "ok"}
					word={kind === "freeze" ? "Frozen" : "Open"}
				/>
			) : (
				<State tone="calm" icon="minus" word="Not now" />
			),
	},
	{
		id: "devices",
		label: "Devices",
		from: "medium",
		text: ({ groups }) => groups?.join(" ") ?? "all",
		cell: ({ groups }) => (groups === null ? "All" : visibleLine(groups.join(", "))),
	},
	{
		id: "next",
		label: "Next",
		from: "medium",
		width: 330,
		text: ({ next_periods: [next] }) => next?.from ?? "",
		cell: ({ next_periods: [next] }) =>
			next !== undefined && (
				<>
					<Moment at={next.from} /> to <Moment at={next.to} />
				</>
			),
	},
];

function actionsColumn(
	onEdit: (calendar: ScheduleCalendar) => void,
	onDelete: (calendar: ScheduleCalendar) => void,
): Column<ScheduleCalendar> {
	return {
		id: "actions",
		label: "Actions",
		width: 130,
		cell: (calendar) => (
			<span style={{ display: "flex", gap: 4 }}>
				<Button
					variant="default"
					size="compact-xs"
					onClick={() => onEdit(calendar)}
					aria-label={`Edit ${visibleLine(calendar.name)}`}
				>
					Edit
				</Button>
				<Button
					variant="default"
					size="compact-xs"
					onClick={() => onDelete(calendar)}
					aria-label={`Delete ${visibleLine(calendar.name)}`}
				>
					Delete
				</Button>
			</span>
		),
	};
}
