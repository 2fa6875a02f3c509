import { Button, Group, NumberInput, SegmentedControl, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type BackupSchedule, BackupScheduleInput } from "@netconductor/contracts/backup/model";
import type { Selection } from "@netconductor/contracts/devices/model";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { RetentionFields } from "../../ui/form/retention-fields.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { Panel } from "../../ui/page.tsx";
import { Several, useGroupsAndTags } from "../../ui/pick/several.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { NextRuns } from "./next-runs.tsx";
import styles from "./schedule.module.css";
import { cronPresets, intervalPresets, ownTimeZone, timeZones } from "./timing.ts";

type Schedule = z.infer<typeof BackupSchedule>;

const previewAfter_ms = 250;

const start = {
	enabled: false,
	when: "cron" as "cron" | "interval",
	cron: "0 2 * * *",
	interval_minutes: 1440 as number | string,
	time_zone: "UTC",
	everything: true,
	include_groups: [] as string[],
	include_tags: [] as string[],
	exclude_groups: [] as string[],
	exclude_tags: [] as string[],
	/** Stands for both lists together, so that what the contract says of them has a place. */
	include: null,
	keep_days: "" as number | string,
	keep_versions: "" as number | string,
};
type Values = typeof start;

/** The schedule as it is filled in, with the runs that it would have. */
export function ScheduleForm({
	schedule,
	onBegin,
	onSaved,
}: {
	schedule: Schedule;
	/** Something was changed that is not saved. */
	onBegin: () => void;
	onSaved: (saved: Schedule) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const mayWrite = permitted("backups:write");
	const initial = useMemo(() => valuesOf(schedule), [schedule]);
	const form = useContractForm({
		initial,
		schema: BackupScheduleInput,
		toBody: (values) => bodyOf(values, schedule),
		send: (body) => api.backup.putBackupSchedule({ body }),
		onDone: (saved) => {
			queries.setQueryData(["backup_schedule"], saved);
			toastDone("Schedule saved");
			onSaved(saved);
		},
		about: { "backup_schedule.bad_cron": "cron", "backup_schedule.bad_time_zone": "time_zone" },
	});
	const { dirty } = form;
	// biome-ignore lint/correctness/useExhaustiveDependencies: told once, when the first change is made
	useEffect(() => {
		if (dirty) onBegin();
	}, [dirty]);
	const values = form.form.getValues();
	const choices = useGroupsAndTags();
	const [timing] = useDebouncedValue(
		JSON.stringify({
			cron: values.when === "cron" ? values.cron.trim() : null,
			interval_minutes: values.when === "interval" ? Number(values.interval_minutes) : null,
			time_zone: values.time_zone,
		}),
		previewAfter_ms,
	);
	const byName = namedDevices(schedule.include);
	return (
		<form onSubmit={form.submit} noValidate aria-label="Backup schedule">
			<fieldset disabled={!mayWrite} className={styles.fields}>
				<div className={styles.columns}>
					<Stack gap="md">
						{form.problem !== undefined && <ProblemAlert error={form.problem} />}
						<Panel title="When">
							<Stack gap="sm" p="sm">
								<Switch label="Backups run by themselves" {...form.field("enabled", { type: "checkbox" })} />
								<SegmentedControl
									size="xs"
									aria-label="How the times are given"
									style={{ alignSelf: "start" }}
									disabled={!mayWrite}
									data={[
										{ value: "cron", label: "At times (cron)" },
										{ value: "interval", label: "At intervals" },
									]}
									{...form.field("when")}
								/>
								{values.when === "cron" ? (
									<>
										<TextInput
											label="Cron expression"
											description="Minute, hour, day of the month, month, day of the week"
											maxLength={100}
											styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
											{...form.field("cron")}
										/>
										<Presets
											presets={cronPresets}
											value={values.cron}
											onChoose={(cron) => form.form.setFieldValue("cron", cron)}
										/>
									</>
								) : (
									<>
										<NumberInput
											label="Every so many minutes"
											min={1}
											max={525_600}
											allowDecimal={false}
											suffix=" minutes"
											{...form.field("interval_minutes")}
										/>
										<Presets
											presets={intervalPresets}
											value={String(values.interval_minutes)}
											onChoose={(minutes) => form.form.setFieldValue("interval_minutes", Number(minutes))}
										/>
									</>
								)}
								<Select
									label="Time zone"
									description={`Yours is ${ownTimeZone()}`}
									searchable
									allowDeselect={false}
									disabled={!mayWrite}
									data={timeZones(schedule.time_zone)}
									limit={100}
									nothingFoundMessage="No such time zone"
									{...form.field("time_zone")}
								/>
							</Stack>
						</Panel>
						<Panel title="Which devices">
							<Stack gap="sm" p="sm">
								<Switch label="Every enabled device" {...form.field("everything", { type: "checkbox" })} />
								{!values.everything && (
									<>
										{byName > 0 && (
											<span className="nc-small nc-dim">
												{count(byName, "device")} chosen one by one elsewhere; they stay in.
											</span>
										)}
										<Several
											label="Groups"
											disabled={!mayWrite}
											offered={choices.data?.groups}
											error={form.form.errors.include && "Choose at least one group or tag"}
											field={form.field("include_groups")}
										/>
										<Several
											label="Tags"
											disabled={!mayWrite}
											offered={choices.data?.tags}
											field={form.field("include_tags")}
										/>
									</>
								)}
								<Several
									label="Leave out groups"
									disabled={!mayWrite}
									offered={choices.data?.groups}
									field={form.field("exclude_groups")}
								/>
								<Several
									label="Leave out tags"
									disabled={!mayWrite}
									offered={choices.data?.tags}
									field={form.field("exclude_tags")}
								/>
							</Stack>
						</Panel>
						<Panel title="What is kept">
							<Stack gap="sm" p="sm">
								<RetentionFields
									field={form.field}
									older="Older backups are deleted; empty keeps them. The newest good one of each device always stays."
									versions="Consecutive backups with the same text are one version; empty keeps all."
								/>
							</Stack>
						</Panel>
						{mayWrite && (
							<Group>
								<Button type="submit" loading={form.saving} disabled={!dirty}>
									Save the schedule
								</Button>
								{dirty && (
									<Button variant="default" onClick={form.reset}>
										Undo changes
									</Button>
								)}
							</Group>
						)}
					</Stack>
					<NextRuns timing={JSON.parse(timing)} enabled={values.enabled} />
				</div>
			</fieldset>
		</form>
	);
}

function Presets({
	presets,
	value,
	onChoose,
}: {
	presets: readonly { value: string; label: string }[];
	value: string;
	onChoose: (value: string) => void;
}) {
	return (
		<Group gap={6} role="group" aria-label="Presets">
			{presets.map((preset) => (
				<Button
					key={preset.value}
					variant={preset.value === value ? "light" : "default"}
					aria-pressed={preset.value === value}
					onClick={() => onChoose(preset.value)}
				>
					{preset.label}
				</Button>
			))}
		</Group>
	);
}

function valuesOf(schedule: Schedule): Values {
	const { enabled, cron, interval_minutes, time_zone, include, exclude, keep_days, keep_versions, updated_at } =
		schedule;
	return {
		enabled,
		when: interval_minutes === null ? "cron" : "interval",
		cron: cron ?? start.cron,
		interval_minutes: interval_minutes ?? start.interval_minutes,
		time_zone: updated_at === null ? ownTimeZone() : time_zone,
		everything: include.all === true,
		include_groups: include.groups ?? [],
		include_tags: include.tags ?? [],
		exclude_groups: exclude?.groups ?? [],
		exclude_tags: exclude?.tags ?? [],
		include: null,
		keep_days: keep_days ?? "",
		keep_versions: keep_versions ?? "",
	};
}

/** What was filled in, as the API takes it. Devices that were chosen one by one, by other means than this form, stay chosen. */
function bodyOf(values: Values, before: Schedule): z.input<typeof BackupScheduleInput> {
	const { enabled, when, cron, interval_minutes, time_zone, everything, keep_days, keep_versions } = values;
	const exclude = {
		...oneByOne(before.exclude),
		...(values.exclude_groups.length > 0 && { groups: values.exclude_groups }),
		...(values.exclude_tags.length > 0 && { tags: values.exclude_tags }),
	};
	return {
		enabled,
		cron: when === "cron" ? cron.trim() : null,
		interval_minutes: when === "interval" ? Number(interval_minutes) : null,
		time_zone,
		include: everything
			? { all: true }
			: { ...oneByOne(before.include), groups: values.include_groups, tags: values.include_tags },
		exclude: Object.keys(exclude).length === 0 ? null : exclude,
		keep_days: keep_days === "" ? null : Number(keep_days),
		keep_versions: keep_versions === "" ? null : Number(keep_versions),
	};
}

function oneByOne(selection: Selection | null): Selection {
	return {
		...(selection?.device_ids?.length && { device_ids: selection.device_ids }),
		...(selection?.names?.length && { names: selection.names }),
	};
}

function namedDevices({ device_ids, names }: Selection): number {
	return (device_ids?.length ?? 0) + (names?.length ?? 0);
}
