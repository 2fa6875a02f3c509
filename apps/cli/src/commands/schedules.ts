import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { NextRun, Occurrence, Schedule, ScheduleInput } from "@netconductor/contracts/scheduling/model";
import { timingWords } from "@netconductor/contracts/scheduling/words";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { collected, pointInTime, wholeNumber } from "../query-options.ts";
import { findSchedule } from "../resolve.ts";
import { addSelectionOptions, type SelectionOptions, selectionOf } from "../selection.ts";
import { addCalendarCommands } from "./schedule-calendars.ts";
import { addTimingOptions, type TimingOptions, timingOf } from "./schedule-timing.ts";

interface ScheduleOptions extends SelectionOptions, TimingOptions {
	name?: string;
	description?: string;
	kind?: string;
	params?: string;
	device?: string[];
	timeZone?: string;
	skippedHour?: Schedule["skipped_hour"];
	repeatedHour?: Schedule["repeated_hour"];
	start?: string;
	end?: string;
	maxRuns?: number;
	jitter?: number;
	overlap?: Schedule["overlap"];
	missed?: Schedule["missed"];
	missedLimit?: number;
	held?: Schedule["held"];
}

/** `schedules`: what starts by itself, when, and what came of it. */
export function addScheduleCommands(program: Command, open: Open): void {
	const schedules = program.command("schedules").description("What starts by itself, when, and what came of it");
	addListCommand<Schedule>(schedules, open, {
		description: "Schedules",
		operation: schedulingApi.operations.listSchedules,
		read: (cli, query) => cli.clients.scheduling.listSchedules({ query }),
		noun: "schedule",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "STATE", value: ({ state }) => state },
			{ title: "KIND", value: ({ kind }) => kind },
			{ title: "WHEN", value: ({ timing, time_zone }) => `${timingWords(timing)} (${time_zone})` },
			{ title: "NEXT", value: ({ next_due_at }) => localTime(next_due_at) },
			{ title: "LAST", value: ({ last }) => last?.status },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});

	schedules
		.command("show <schedule>")
		.description("One schedule with its next runs")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const schedule = await findSchedule(cli, given);
			const { next_runs } = await cli.clients.scheduling.getNextRuns({
				params: { id: schedule.id },
				query: { count: 3 },
			});
			cli.print({ ...schedule, next_runs }, () => renderSchedule(cli, schedule, next_runs));
		});

	addCreateAndEdit(schedules, open);
	addSwitches(schedules, open);
	addReading(schedules, open);
	addCalendarCommands(schedules, open);
}

function addCreateAndEdit(schedules: Command, open: Open): void {
	const create = schedules
		.command("create <name>")
		.description("Add a schedule; it runs with your permissions, looked at again each time")
		.requiredOption("--kind <kind>", "What is run: backup, connectivity_test, … (`schedules kinds`)");
	addInputOptions(create).action(async (name: string, options: ScheduleOptions, self: Command) => {
		const cli = open(self);
		const timing = timingOf(options);
		if (timing === undefined) throw usageFailure("When? Give --once, --every, --daily, --weekly, --monthly or --cron.");
		const params = await paramsOf(cli, options);
		if (params === undefined)
			throw usageFailure("Which devices? Name some with --device, or give --all, --group, --tag or --params.");
		const body = { ...inputOf(options), name, kind: options.kind ?? "", params, timing };
		const made = await cli.clients.scheduling.createSchedule({ body });
		cli.print(made, () => `Added the schedule ${made.name}; it comes due next at ${localTime(made.next_due_at)}.\n`);
	});

	const edit = schedules
		.command("edit <schedule>")
		.description("Change a schedule; what is not named stays, and it runs with your permissions from then on")
		.option("--name <name>", "New name");
	addInputOptions(edit).action(async (given: string, options: ScheduleOptions, self: Command) => {
		const cli = open(self);
		if (Object.keys(options).length === 0) throw usageFailure("Nothing to change was given.");
		const before = await findSchedule(cli, given);
		const params = (await paramsOf(cli, options)) ?? before.params;
		const body: ScheduleInput = {
			...settingsOf(before),
			...inputOf(options),
			...(options.name !== undefined && { name: options.name }),
			params,
			timing: timingOf(options) ?? before.timing,
		};
		const after = await cli.clients.scheduling.updateSchedule({ params: { id: before.id }, body });
		cli.print(after, () => renderSchedule(cli, after, []));
	});
}

function addInputOptions(command: Command): Command {
	addTimingOptions(command)
		.option("--time-zone <zone>", "IANA name such as Europe/Berlin (default: UTC)")
		.option("--skipped-hour <policy>", "A time that summer time leaves out: run_after or skip")
		.option("--repeated-hour <policy>", "A time that comes twice: first or both")
		.option("--start <time>", "Nothing comes due before", pointInTime)
		.option("--end <time>", "Nothing comes due after", pointInTime)
		.option("--max-runs <number>", "Ends after so many runs (0: never)", wholeNumber(0, 1_000_000))
		.option("--jitter <seconds>", "Each run starts up to so much later", wholeNumber(0, 86_400))
		.option("--overlap <policy>", "While the run before goes on: skip, queue or run_anyway")
		.option("--missed <policy>", "After downtime: run_once, run_all or skip")
		.option("--missed-limit <number>", "How many run_all makes up for", wholeNumber(1, 100))
		.option("--held <policy>", "During a freeze: wait or skip")
		.option("--description <text>", "Description")
		.option("--device <device>", "These devices", collected)
		.option("--params <json>", "What the kind takes, as JSON, in place of devices");
	return addSelectionOptions(command);
}

function addSwitches(schedules: Command, open: Open): void {
	const change = (
		name: string,
		description: string,
		act: (cli: Cli, id: string) => Promise<unknown>,
		told: (schedule: Schedule) => string,
	) =>
		schedules
			.command(`${name} <schedule>`)
			.description(description)
			.action(async (given: string, _options: unknown, self: Command) => {
				const cli = open(self);
				const schedule = await findSchedule(cli, given);
				cli.print(await act(cli, schedule.id), () => `${told(schedule)}\n`);
			});
	change(
		"pause",
		"Nothing comes due until it is resumed; what waits is skipped",
		(cli, id) => cli.clients.scheduling.pauseSchedule({ params: { id } }),
		({ name }) => `Paused ${name}.`,
	);
	change(
		"resume",
		"Let a paused schedule go on with its next time",
		(cli, id) => cli.clients.scheduling.resumeSchedule({ params: { id } }),
		({ name }) => `Resumed ${name}.`,
	);
	change(
		"run",
		"Run it now, with your permissions; its times stay as they are",
		(cli, id) => cli.clients.scheduling.runScheduleNow({ params: { id } }),
		({ name }) => `${name} is about to run; \`netconductor schedules history\` shows what comes of it.`,
	);
	schedules
		.command("delete <schedule>")
		.description("Delete a schedule with its history")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findSchedule(cli, given);
			if (!(await confirmed(cli, yes, `Delete the schedule ${name} and its history?`))) return;
			await cli.clients.scheduling.deleteSchedule({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the schedule ${name}.\n`);
		});
}

function addReading(schedules: Command, open: Open): void {
	schedules
		.command("next <schedule>")
		.description("When it comes due next, by the clock of its zone and here")
		.option("--count <number>", "How many", wholeNumber(1, 100), 10)
		.action(async (given: string, { count }: { count: number }, self: Command) => {
			const cli = open(self);
			const { id } = await findSchedule(cli, given);
			const answer = await cli.clients.scheduling.getNextRuns({ params: { id }, query: { count } });
			cli.print(answer, () => renderRuns(cli, answer.next_runs));
		});
	addListCommand<Occurrence>(schedules, open, {
		name: "history [schedule]",
		description: "Each time that a schedule came due, newest first; of all schedules unless one is named",
		operation: schedulingApi.operations.listOccurrences,
		read: async (cli, query, _options, [given]) =>
			given === undefined
				? cli.clients.scheduling.listOccurrences({ query })
				: cli.clients.scheduling.getScheduleHistory({ params: { id: (await findSchedule(cli, given)).id }, query }),
		noun: "occurrence",
		columns: [
			{ title: "DUE", value: ({ due_at }) => localTime(due_at) },
			{ title: "SCHEDULE", value: ({ schedule_name }) => schedule_name },
			{ title: "STATUS", value: ({ status }) => status },
			{ title: "STARTED", value: ({ started_at }) => localTime(started_at) },
			{ title: "RUN", value: ({ run_id }) => run_id, whole: true },
			{ title: "HELD BY", value: ({ held_by }) => held_by ?? " " },
			{
				title: "APPROVAL",
				value: ({ bypassed_by }) => (bypassed_by === null ? " " : `BYPASSED by ${bypassed_by}`),
				style: ({ bypassed_by }) => (bypassed_by === null ? undefined : "bad"),
			},
			{ title: "REASON", value: ({ reason }) => reason },
		],
	});
	schedules
		.command("kinds")
		.description("What can be scheduled")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const answer = await cli.clients.scheduling.listScheduleKinds({});
			cli.print(answer, () =>
				renderTable(
					[
						{ title: "KIND", value: ({ kind }) => kind },
						{ title: "NAME", value: ({ label }) => label },
						{ title: "CHANGES DEVICES", value: ({ changes_devices }) => (changes_devices ? "yes" : "no") },
						{ title: "NEEDS", value: ({ permission }) => permission },
					],
					answer.items,
					cli.terminal,
				),
			);
		});
	schedules
		.command("conflicts")
		.description("Schedules that touch the same devices at nearly the same time, and runs that will be held back")
		.option("--within <minutes>", "How close is close", wholeNumber(0, 1440), 30)
		.option("--days <days>", "How far to look ahead", wholeNumber(1, 31), 7)
		.action(async ({ within, days }: { within: number; days: number }, self: Command) => {
			const cli = open(self);
			const answer = await cli.clients.scheduling.listConflicts({ query: { within_minutes: within, days } });
			cli.print(answer, () =>
				answer.items.length === 0
					? ""
					: renderTable(
							[
								{ title: "AT", value: ({ schedule }) => localTime(schedule.at) },
								{ title: "SCHEDULE", value: ({ schedule }) => schedule.name },
								{
									title: "CONFLICT",
									value: (conflict) =>
										conflict.type === "held"
											? `held by ${conflict.calendar.name} until ${localTime(conflict.until)}`
											: `${conflict.other.name} at ${localTime(conflict.other.at)} on ${conflict.devices} of the same devices`,
								},
							],
							answer.items,
							cli.terminal,
						),
			);
			if (answer.items.length === 0) cli.note("No conflicts");
		});
}

async function paramsOf(cli: Cli, options: ScheduleOptions): Promise<Record<string, unknown> | undefined> {
	const { params, device, all, group, tag } = options;
	const selects = device !== undefined || all || group !== undefined || tag !== undefined;
	if (params === undefined)
		return selects ? { select: await selectionOf(cli, device ?? [], { all, group, tag }) } : undefined;
	if (selects) throw usageFailure("Give either --params or devices.");
	try {
		const parsed: unknown = JSON.parse(params);
		if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
			return parsed as Record<string, unknown>;
	} catch {}
	throw usageFailure("--params is not a JSON object.");
}

/** What was named, by the contract's names. */
function inputOf(options: ScheduleOptions): Partial<ScheduleInput> {
	const given = {
		description: options.description,
		time_zone: options.timeZone,
		skipped_hour: options.skippedHour,
		repeated_hour: options.repeatedHour,
		start_at: options.start,
		end_at: options.end,
		max_runs: options.maxRuns === 0 ? null : options.maxRuns,
		jitter_s: options.jitter,
		overlap: options.overlap,
		missed: options.missed,
		missed_limit: options.missedLimit,
		held: options.held,
	};
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function settingsOf(schedule: Schedule): ScheduleInput {
	const { name, description, kind, params, timing, time_zone, skipped_hour, repeated_hour, start_at, end_at } =
		schedule;
	const { max_runs, jitter_s, overlap, missed, missed_limit, held, paused } = schedule;
	return {
		name,
		description,
		kind,
		params,
		timing,
		time_zone,
		skipped_hour,
		repeated_hour,
		start_at,
		end_at,
		max_runs,
		jitter_s,
		overlap,
		missed,
		missed_limit,
		held,
		paused,
	};
}

const notes = {
	after_gap: "its own time is left out by the clocks that day",
	first_of_two: "the clock shows this twice: the first time",
	second_of_two: "the clock shows this twice: the second time",
};

function renderRuns(cli: Cli, runs: readonly NextRun[]): string {
	if (runs.length === 0) return "It does not come due.\n";
	return renderTable(
		[
			{ title: "IN ITS ZONE", value: ({ local }) => local.replace("T", " ") },
			{ title: "HERE", value: ({ at }) => localTime(at) },
			{ title: "NOTE", value: ({ note }) => (note === null ? "" : notes[note]) },
		],
		runs,
		cli.terminal,
	);
}

function renderSchedule(cli: Cli, schedule: Schedule, next: readonly NextRun[]): string {
	return renderFields(
		[
			["Name", schedule.name],
			["State", schedule.state],
			["Problem", schedule.problem ?? undefined],
			["Kind", schedule.kind],
			["Runs as", schedule.owner],
			["When", timingWords(schedule.timing)],
			["Time zone", schedule.time_zone],
			["Skipped hour", schedule.skipped_hour],
			["Repeated hour", schedule.repeated_hour],
			["Starts", schedule.start_at === null ? undefined : localTime(schedule.start_at)],
			["Ends", schedule.end_at === null ? undefined : localTime(schedule.end_at)],
			["Runs so far", schedule.max_runs === null ? schedule.runs : `${schedule.runs} of ${schedule.max_runs}`],
			["Jitter", schedule.jitter_s === 0 ? undefined : `${schedule.jitter_s} s`],
			["Overlap", schedule.overlap],
			["Missed", schedule.missed],
			["Held", schedule.changes_devices ? schedule.held : undefined],
			["Does", JSON.stringify(schedule.params)],
			["Next", next.length === 0 ? localTime(schedule.next_due_at) : next.map(({ at }) => localTime(at)).join(", ")],
			["Last", schedule.last === null ? undefined : `${schedule.last.status}, ${localTime(schedule.last.due_at)}`],
			["Last run", schedule.last?.run_id ?? undefined],
		],
		cli.terminal.paint,
	);
}
