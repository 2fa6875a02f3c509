import type { Selection } from "@netconductor/contracts/devices/model";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { renderFields } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { collected, wholeNumber, yesOrNo } from "../query-options.ts";
import { addSelectionOptions, type SelectionOptions, selectionOf } from "../selection.ts";

type Schedule = Awaited<ReturnType<Cli["clients"]["backup"]["getBackupSchedule"]>>;

interface ScheduleOptions extends SelectionOptions {
	enabled?: boolean;
	cron?: string;
	every?: number;
	timeZone?: string;
	device?: string[];
	exclude?: string[];
	excludeGroup?: string[];
	excludeTag?: string[];
	keepDays?: number;
	keepVersions?: number;
}

/** `backup schedule`: when backups run by themselves, and what is kept. */
export function addBackupSchedule(backup: Command, open: Open): void {
	const schedule = backup.command("schedule").description("When backups run by themselves, and what is kept");
	schedule
		.command("show", { isDefault: true })
		.description("The schedule as it is")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const current = await cli.clients.backup.getBackupSchedule({});
			cli.print(current, () => render(cli, current));
		});

	addPreview(schedule, open);

	const set = schedule
		.command("set")
		.description("Change the schedule; what is not named stays")
		.option("--enabled <yes>", "Whether it fires (default: true once a time is given)", yesOrNo)
		.option("--cron <expression>", 'When, as cron with five fields: "0 3 * * *"')
		.option("--every <minutes>", "When, as an interval", wholeNumber(1, 525_600))
		.option("--time-zone <zone>", "IANA name such as Europe/Berlin")
		.option("--device <device>", "Back up these devices", collected)
		.option("--exclude <device>", 'Leave these out ("none": nothing)', collected)
		.option("--exclude-group <group>", "Leave these groups out", collected)
		.option("--exclude-tag <tag>", "Leave out what has one of these tags", collected)
		.option("--keep-days <days>", "Keep backups this long (0: for ever)", wholeNumber(0, 36_500))
		.option("--keep-versions <number>", "Keep as many versions of each device (0: all)", wholeNumber(0, 100_000));
	addSelectionOptions(set);
	set.action(async (options: ScheduleOptions, self: Command) => {
		const cli = open(self);
		if (Object.keys(options).length === 0) throw usageFailure("Nothing to change was given.");
		if (options.cron !== undefined && options.every !== undefined) throw usageFailure("Give either --cron or --every.");
		const before = await cli.clients.backup.getBackupSchedule({});
		const after = await cli.clients.backup.putBackupSchedule({ body: await changed(cli, before, options) });
		cli.print(after, () => render(cli, after));
	});
}

function addPreview(schedule: Command, open: Open): void {
	schedule
		.command("preview")
		.description("The next ten runs that a time would bring; nothing is changed")
		.option("--cron <expression>", 'When, as cron with five fields: "0 3 * * *"')
		.option("--every <minutes>", "When, as an interval", wholeNumber(1, 525_600))
		.option("--time-zone <zone>", "IANA name such as Europe/Berlin", "UTC")
		.action(async ({ cron, every, timeZone }: { cron?: string; every?: number; timeZone: string }, self: Command) => {
			if ((cron === undefined) === (every === undefined)) throw usageFailure("Give either --cron or --every.");
			const cli = open(self);
			const body = { cron: cron ?? null, interval_minutes: every ?? null, time_zone: timeZone };
			const answer = await cli.clients.backup.previewBackupSchedule({ body });
			cli.print(answer, () => answer.next_runs.map((at) => `${localTime(at)}\n`).join(""));
		});
}

async function changed(cli: Cli, before: Schedule, options: ScheduleOptions) {
	const { cron, every, all, group, tag, device } = options;
	const timed = cron !== undefined || every !== undefined;
	const selects = all || group || tag || device;
	const excludes = options.exclude || options.excludeGroup || options.excludeTag;
	const kept = (given: number | undefined, was: number | null) =>
		given === undefined ? was : given === 0 ? null : given;
	return {
		enabled: options.enabled ?? (timed || before.enabled),
		cron: timed ? (cron ?? null) : before.cron,
		interval_minutes: timed ? (every ?? null) : before.interval_minutes,
		time_zone: options.timeZone ?? before.time_zone,
		include: selects ? await selectionOf(cli, device ?? [], { all, group, tag }) : before.include,
		exclude: !excludes
			? before.exclude
			: options.exclude?.[0] === "none"
				? null
				: await selectionOf(cli, options.exclude ?? [], { group: options.excludeGroup, tag: options.excludeTag }),
		keep_days: kept(options.keepDays, before.keep_days),
		keep_versions: kept(options.keepVersions, before.keep_versions),
	};
}

function render(cli: Cli, schedule: Schedule): string {
	return renderFields(
		[
			["Enabled", schedule.enabled],
			[
				"When",
				schedule.cron ?? (schedule.interval_minutes === null ? "not set" : `every ${schedule.interval_minutes} min`),
			],
			["Time zone", schedule.time_zone],
			["Devices", selectionWords(schedule.include)],
			["Left out", schedule.exclude === null ? "none" : selectionWords(schedule.exclude)],
			["Keep days", schedule.keep_days ?? "for ever"],
			["Keep versions", schedule.keep_versions ?? "all"],
			["Next", schedule.next_runs.slice(0, 3).map(localTime).join(", ")],
			["Last", localTime(schedule.last_run_at)],
			["Last run", schedule.last_run_id ?? undefined],
			["Last error", schedule.last_error ?? undefined],
		],
		cli.terminal.paint,
	);
}

function selectionWords({ all, groups, tags, names, device_ids }: Selection): string {
	if (all) return "all";
	return [
		groups?.length && `groups ${groups.join(", ")}`,
		tags?.length && `tags ${tags.join(", ")}`,
		names?.length && names.join(", "),
		device_ids?.length && `${device_ids.length} by id`,
	]
		.filter(Boolean)
		.join("; ");
}
