import { NumberInput, Select, Textarea, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Schedule } from "@netconductor/contracts/scheduling/model";
import { ScheduleInput, ScheduleRule } from "@netconductor/contracts/scheduling/model";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { MomentInput } from "../../ui/form/moment-input.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { ownTimeZone, timeZones } from "../schedule/timing.ts";
import { RunsPreview } from "./next-runs.tsx";
import { bodyOfValues, ruleOfValues, type ScheduleValues, valuesOfSchedule } from "./schedule-values.ts";
import styles from "./schedules.module.css";
import { TimingFields } from "./timing-fields.tsx";
import { useKinds } from "./use-kinds.ts";
import { useChosenMop, WhatFields } from "./what-fields.tsx";

const previewAfter_ms = 250;

const WithChoice = ScheduleInput.refine(({ params }) => params?.stack !== "" && params?.mop !== "", {
	path: ["params"],
	message: "Choose one",
});

/** Adds a schedule, or changes `schedule`. Give it another `key` at each opening. */
export function ScheduleForm({
	schedule: given,
	opened,
	onClose,
	onSaved,
}: {
	schedule?: Schedule;
	opened: boolean;
	onClose: () => void;
	onSaved?: (schedule: Schedule) => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [schedule] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const kinds = (useKinds().data ?? []).filter(
		({ kind, permission }) => permitted(permission as Parameters<typeof permitted>[0]) || kind === schedule?.kind,
	);
	const kindOf = (values: ScheduleValues) => kinds.find(({ kind }) => kind === values.kind);
	const [mopKey, setMopKey] = useState(() => valuesOfSchedule(schedule).mop);
	const mop = useChosenMop(mopKey);
	const form = useContractForm({
		initial: valuesOfSchedule(schedule),
		schema: WithChoice,
		toBody: (values) => bodyOfValues(values, { kind: kindOf(values), mop, before: schedule }),
		send: (body) =>
			schedule === undefined
				? api.scheduling.createSchedule({ body })
				: api.scheduling.updateSchedule({ params: { id: schedule.id }, body }),
		about: {
			"schedules.name_taken": "name",
			"schedules.bad_cron": "cron",
			"schedules.bad_timing": "timing",
			"schedules.bad_time_zone": "time_zone",
			"devices.not_found": "names",
			"device_groups.not_found": "groups",
			"stacks.not_found": "params",
			"mops.not_found": "params",
		},
		onDone: (saved) => {
			void queries.invalidateQueries({ queryKey: ["schedules"] });
			toastDone(`The schedule ${saved.name} is ${schedule === undefined ? "added" : "changed"}`);
			onClose();
			onSaved?.(saved);
		},
	});
	const values = form.form.getValues();
	const kind = kindOf(values);
	if (values.mop !== mopKey) setMopKey(values.mop);
	const [asked] = useDebouncedValue(JSON.stringify(ruleOfValues(values)), previewAfter_ms);
	const rule = ScheduleRule.safeParse(JSON.parse(asked));
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={schedule === undefined ? "Add a schedule" : `Edit ${schedule.name}`}
			action={schedule === undefined ? "Add schedule" : "Save"}
			form={form}
		>
			<TextInput label="Name" withAsterisk data-autofocus maxLength={200} {...form.field("name")} />
			<Select
				label="What is run"
				description="With your permissions, looked at again each time"
				allowDeselect={false}
				data={kinds.map(({ kind: value, label }) => ({ value, label }))}
				{...form.field("kind")}
			/>
			{kind !== undefined && <WhatFields form={form} schedule={schedule} kind={kind} mop={mop} />}
			<TimingFields
				values={values}
				field={form.field as Parameters<typeof TimingFields>[0]["field"]}
				error={form.form.errors.timing}
			/>
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
			<Title order={3} size="h6">
				The next ten runs
			</Title>
			{rule.success ? (
				<RunsPreview rule={JSON.parse(asked)} />
			) : (
				<p className="nc-small nc-dim" role="status">
					{rule.error.issues[0]?.message ?? "Say when, and the times appear here."}
				</p>
			)}
			<Further form={form} changes={kind?.changes_devices === true} />
		</FormDrawer>
	);
}

type Form = ReturnType<typeof useContractForm<ScheduleValues, ScheduleInput, Schedule>>;

/** What most schedules leave as it is. */
function Further({ form, changes }: { form: Form; changes: boolean }) {
	return (
		<details className={styles.further}>
			<summary>Further settings</summary>
			<div className={styles.furtherFields}>
				<Select
					label="A time that the clocks leave out"
					allowDeselect={false}
					data={[
						{ value: "run_after", label: "Runs right after the gap" },
						{ value: "skip", label: "Does not run that day" },
					]}
					{...form.field("skipped_hour")}
				/>
				<Select
					label="A time that the clocks show twice"
					allowDeselect={false}
					data={[
						{ value: "first", label: "Runs the first time" },
						{ value: "both", label: "Runs both times" },
					]}
					{...form.field("repeated_hour")}
				/>
				<Select
					label="While the run before goes on"
					allowDeselect={false}
					data={[
						{ value: "skip", label: "The next one is skipped" },
						{ value: "queue", label: "One waits for its end" },
						{ value: "run_anyway", label: "It is run anyway" },
					]}
					{...form.field("overlap")}
				/>
				<Select
					label="Missed while NetConductor was down"
					allowDeselect={false}
					data={[
						{ value: "run_once", label: "One run stands for all" },
						{ value: "run_all", label: "Each is made up for" },
						{ value: "skip", label: "Left out" },
					]}
					{...form.field("missed")}
				/>
				{form.form.getValues().missed === "run_all" && (
					<NumberInput
						label="At most"
						min={1}
						max={100}
						allowDecimal={false}
						suffix=" runs"
						{...form.field("missed_limit")}
					/>
				)}
				{changes && (
					<Select
						label="Due during a freeze or outside a window"
						allowDeselect={false}
						data={[
							{ value: "wait", label: "Waits until it may run" },
							{ value: "skip", label: "Is skipped" },
						]}
						{...form.field("held")}
					/>
				)}
				<NumberInput
					label="Jitter"
					description="Each run starts up to so much later"
					min={0}
					max={86_400}
					allowDecimal={false}
					suffix=" seconds"
					{...form.field("jitter_s")}
				/>
				<NumberInput
					label="Ends after"
					description="Empty: never"
					min={1}
					max={1_000_000}
					allowDecimal={false}
					suffix=" runs"
					{...form.field("max_runs")}
				/>
				<MomentInput label="Not before" {...form.field("start_at")} />
				<MomentInput label="Not after" {...form.field("end_at")} />
				<Textarea
					label="Description"
					autosize
					minRows={2}
					maxRows={5}
					maxLength={2000}
					{...form.field("description")}
				/>
			</div>
		</details>
	);
}
