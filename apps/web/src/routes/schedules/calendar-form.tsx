import { NumberInput, SegmentedControl, Select, Switch, TextInput } from "@mantine/core";
import type { ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import { CalendarInput } from "@netconductor/contracts/scheduling/model";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { Several, useGroupsAndTags } from "../../ui/pick/several.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { ownTimeZone, timeZones } from "../schedule/timing.ts";
import { TimingFields } from "./timing-fields.tsx";
import { calendarTimingOf, timingStart, valuesOfTiming } from "./timing-values.ts";

/** Adds a freeze or a window, or changes one. Further ranges and rules that it has from elsewhere stay. Give it another `key` at each opening. */
export function CalendarForm({
	calendar: given,
	opened,
	onClose,
}: {
	calendar?: ScheduleCalendar | undefined;
	opened: boolean;
	onClose: () => void;
}) {
	const [calendar] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const groups = useGroupsAndTags().data?.groups;
	const [range] = calendar?.ranges ?? [];
	const [again] = calendar?.recurring ?? [];
	const form = useContractForm({
		initial: {
			...timingStart,
			...(again !== undefined && valuesOfTiming(again.timing)),
			name: calendar?.name ?? "",
			kind: (calendar?.kind ?? "freeze") as "freeze" | "window",
			enabled: calendar?.enabled ?? true,
			time_zone: calendar?.time_zone ?? ownTimeZone(),
			times_are: (again === undefined ? "range" : "recurring") as "range" | "recurring",
			from: range?.from ?? "",
			to: range?.to ?? "",
			minutes: (again?.duration_minutes ?? 240) as number | string,
			groups: calendar?.groups ?? ([] as string[]),
			ranges: null,
			recurring: null,
		},
		schema: CalendarInput,
		toBody: (values): CalendarInput => {
			const once = values.times_are === "range";
			const own = { from: values.from, to: values.to };
			const when = values.when === "once" || values.when === "interval" ? "daily" : values.when;
			const rule = { timing: calendarTimingOf({ ...values, when }), duration_minutes: Number(values.minutes) };
			return {
				name: values.name.trim(),
				description: calendar?.description ?? "",
				kind: values.kind,
				enabled: values.enabled,
				time_zone: values.time_zone,
				ranges: [...(once ? [own] : []), ...(calendar?.ranges.slice(1) ?? [])],
				recurring: [...(once ? [] : [rule]), ...(calendar?.recurring.slice(1) ?? [])],
				groups: values.groups.length === 0 ? null : values.groups,
			};
		},
		send: (body) =>
			calendar === undefined
				? api.scheduling.createCalendar({ body })
				: api.scheduling.updateCalendar({ params: { id: calendar.id }, body }),
		about: {
			"schedule_calendars.name_taken": "name",
			"schedules.bad_time_zone": "time_zone",
			"device_groups.not_found": "groups",
		},
		onDone: (saved) => {
			void queries.invalidateQueries({ queryKey: ["schedules"] });
			toastDone(`The ${saved.kind} ${saved.name} is ${calendar === undefined ? "added" : "changed"}`);
			onClose();
		},
	});
	const values = form.form.getValues();
	const { errors } = form.form;
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={calendar === undefined ? "Add a freeze or window" : `Edit ${calendar.name}`}
			action={calendar === undefined ? "Add" : "Save"}
			form={form}
		>
			<TextInput label="Name" withAsterisk data-autofocus maxLength={200} {...form.field("name")} />
			<Select
				label="What it does"
				allowDeselect={false}
				data={[
					{ value: "freeze", label: "Freeze: nothing is changed while it lasts" },
					{ value: "window", label: "Window: changes are made only inside it" },
				]}
				{...form.field("kind")}
			/>
			<Several label="Device groups" description="None: all devices" offered={groups} field={form.field("groups")} />
			<SegmentedControl
				size="xs"
				aria-label="Which times"
				style={{ alignSelf: "start" }}
				data={[
					{ value: "range", label: "From … to" },
					{ value: "recurring", label: "Again and again" },
				]}
				{...form.field("times_are")}
			/>
			{values.times_are === "range" ? (
				<>
					<TextInput type="datetime-local" label="From" {...form.field("from")} error={errors.ranges} />
					<TextInput type="datetime-local" label="To" {...form.field("to")} />
				</>
			) : (
				<>
					<TimingFields
						values={values}
						field={form.field as Parameters<typeof TimingFields>[0]["field"]}
						error={errors.recurring}
						calendarOnly
					/>
					<NumberInput
						label="For"
						min={1}
						max={44_640}
						allowDecimal={false}
						suffix=" minutes"
						{...form.field("minutes")}
					/>
				</>
			)}
			<Select
				label="Time zone"
				description={`Yours is ${ownTimeZone()}`}
				searchable
				allowDeselect={false}
				data={timeZones(values.time_zone)}
				limit={100}
				nothingFoundMessage="No such time zone"
				{...form.field("time_zone")}
			/>
			<Switch label="In force" {...form.field("enabled", { type: "checkbox" })} />
		</FormDrawer>
	);
}
