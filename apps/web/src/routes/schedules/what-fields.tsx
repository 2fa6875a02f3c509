import { Select, Switch, TagsInput, Textarea } from "@mantine/core";
import type { Mop } from "@netconductor/contracts/config/mops";
import type { Schedule, ScheduleInput, ScheduleKind } from "@netconductor/contracts/scheduling/model";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import type { useContractForm } from "../../ui/form/use-contract-form.ts";
import { mostOffered, NamedPicker } from "../../ui/pick/named-picker.tsx";
import { Several, useGroupsAndTags } from "../../ui/pick/several.tsx";
import { count } from "../../ui/words.ts";
import { StartFields } from "../mop/start/start-fields.tsx";
import { type ScheduleValues, selectionOf, startValuesOf, takes } from "./schedule-values.ts";

type Form = ReturnType<typeof useContractForm<ScheduleValues, ScheduleInput, Schedule>>;

/** The procedure that is chosen, once it is there. */
export function useChosenMop(mop: string): Mop | undefined {
	const api = useApi();
	return useQuery({
		queryKey: ["mops", "one", mop],
		queryFn: ({ signal }) => api.config.getMop({ params: { id: mop } }, { signal }),
		enabled: usePermitted()("mops:read") && mop !== "",
	}).data;
}

/** What the run is to do: a field for each parameter that its kind takes. */
export function WhatFields({
	form,
	schedule,
	kind,
	mop,
}: {
	form: Form;
	schedule: Schedule | undefined;
	kind: Pick<ScheduleKind, "params_schema">;
	mop: Mop | undefined;
}) {
	const { config } = useApi();
	const permitted = usePermitted();
	const wanted = takes(kind);
	const values = form.form.getValues();
	const { params: error } = form.form.errors;
	return (
		<>
			{wanted.stack && (
				<NamedPicker
					label="Service stack"
					things={{
						kind: "stacks",
						noun: "service stack",
						readable: permitted("stacks:read"),
						one: (id, signal) => config.getStack({ params: { id } }, { signal }),
						search: (q, signal) => config.listStacks({ query: { q, page_size: mostOffered } }, { signal }),
					}}
					value={values.stack === "" ? null : values.stack}
					error={error}
					onPick={(stack) => form.form.setFieldValue("stack", stack)}
				/>
			)}
			{wanted.source && (
				<Select
					label="Compared with"
					allowDeselect={false}
					data={[
						{ value: "backup", label: "The newest backup of each device" },
						{ value: "live", label: "What each device says then" },
					]}
					{...form.field("source")}
				/>
			)}
			{wanted.mop && (
				<>
					<NamedPicker
						label="Procedure"
						description="What it is when it is due is carried out"
						things={{
							kind: "mops",
							noun: "procedure",
							readable: permitted("mops:read"),
							one: (id, signal) => config.getMop({ params: { id } }, { signal }),
							search: (q, signal) => config.listMops({ query: { q, page_size: mostOffered } }, { signal }),
						}}
						value={values.mop === "" ? null : values.mop}
						error={error}
						onPick={(id) => form.form.setValues({ mop: id, typed: {}, which: "own", targets: {} })}
					/>
					{mop !== undefined && (
						<StartFields
							mop={mop}
							values={startValuesOf(mop, values)}
							onValues={({ typed, which, selection }) => form.form.setValues({ typed, which, targets: selection })}
							errors={{}}
						/>
					)}
				</>
			)}
			{(wanted.select || wanted.exclude) && <Devices form={form} schedule={schedule} wanted={wanted} />}
			{wanted.reason && (
				<Textarea
					label="Reason"
					description="For those who approve, and for those who read it later"
					autosize
					minRows={2}
					maxRows={6}
					maxLength={500}
					{...form.field("reason")}
				/>
			)}
			{wanted.more && (
				<Textarea
					label="Further parameters"
					description="A JSON object, as the API reference describes it"
					autosize
					minRows={2}
					maxRows={12}
					spellCheck={false}
					styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
					{...form.field("rest")}
					error={error}
				/>
			)}
		</>
	);
}

function Devices({
	form,
	schedule,
	wanted,
}: {
	form: Form;
	schedule: Schedule | undefined;
	wanted: ReturnType<typeof takes>;
}) {
	const choices = useGroupsAndTags().data;
	const one = schedule === undefined ? 0 : (selectionOf(schedule.params)?.device_ids?.length ?? 0);
	return (
		<>
			{wanted.select && (
				<>
					<Switch label="Every enabled device" {...form.field("everything", { type: "checkbox" })} />
					{!form.form.getValues().everything && (
						<>
							{one > 0 && (
								<span className="nc-small nc-dim">
									{count(one, "device")} chosen one by one elsewhere; they stay in.
								</span>
							)}
							<Several
								label="Groups"
								offered={choices?.groups}
								error={form.form.errors.params}
								field={form.field("groups")}
							/>
							<Several label="Tags" offered={choices?.tags} field={form.field("tags")} />
							<TagsInput label="Devices by name" {...form.field("names")} />
						</>
					)}
				</>
			)}
			{wanted.exclude && (
				<>
					<Several label="Leave out groups" offered={choices?.groups} field={form.field("exclude_groups")} />
					<Several label="Leave out tags" offered={choices?.tags} field={form.field("exclude_tags")} />
				</>
			)}
		</>
	);
}
