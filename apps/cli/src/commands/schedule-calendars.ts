import { schedulingApi } from "@netconductor/contracts/scheduling/api";
import type { CalendarInput, ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import { timingWords } from "@netconductor/contracts/scheduling/words";
import { type Command, Option } from "commander";
import { confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { findCalendar } from "../resolve.ts";
import { addTimingOptions, calendarTimingOf, type TimingOptions } from "./schedule-timing.ts";

interface CalendarOptions extends TimingOptions {
	kind: CalendarInput["kind"];
	description?: string;
	timeZone?: string;
	from?: string;
	to?: string;
	minutes?: number;
	group?: string[];
}

/** `schedules calendars`: when changes are held back. */
export function addCalendarCommands(schedules: Command, open: Open): void {
	const calendars = schedules
		.command("calendars")
		.description("Freezes and maintenance windows, which hold changes back");
	addListCommand<ScheduleCalendar>(calendars, open, {
		description: "Calendars",
		operation: schedulingApi.operations.listCalendars,
		read: (cli, query) => cli.clients.scheduling.listCalendars({ query }),
		noun: "calendar",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "KIND", value: ({ kind }) => kind },
			{ title: "NOW", value: ({ enabled, active }) => (enabled ? (active ? "lasts" : "") : "off") },
			{ title: "DEVICES", value: ({ groups }) => groups?.join(", ") ?? "all" },
			{ title: "NEXT", value: ({ next_periods: [next] }) => localTime(next?.from ?? null) },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	calendars
		.command("show <calendar>")
		.description("One calendar with its next times")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const calendar = await findCalendar(cli, given);
			cli.print(calendar, () =>
				renderFields(
					[
						["Name", calendar.name],
						["Kind", calendar.kind],
						["Enabled", calendar.enabled],
						["Time zone", calendar.time_zone],
						["Devices", calendar.groups?.join(", ") ?? "all"],
						["Ranges", calendar.ranges.map(({ from, to }) => `${from} to ${to}`).join("; ") || undefined],
						[
							"Recurring",
							calendar.recurring
								.map(({ timing, duration_minutes }) => `${timingWords(timing)} for ${duration_minutes} min`)
								.join("; ") || undefined,
						],
						["Next", calendar.next_periods.map(({ from, to }) => `${localTime(from)} to ${localTime(to)}`).join("; ")],
					],
					cli.terminal.paint,
				),
			);
		});
	const add = calendars
		.command("add <name>")
		.description("Add a freeze or a maintenance window: a range, or times that come again")
		.addOption(new Option("--kind <kind>", "What it does").choices(["freeze", "window"]).makeOptionMandatory())
		.option("--from <time>", "Begins, by the clock of the time zone: 2026-12-20T00:00")
		.option("--to <time>", "Ends")
		.option("--minutes <minutes>", "How long each recurring time takes", wholeNumber(1, 44_640))
		.option("--group <group>", "Devices of these groups (default: all)", collected)
		.option("--time-zone <zone>", "IANA name such as Europe/Berlin (default: UTC)")
		.option("--description <text>", "Description");
	addTimingOptions(add).action(async (name: string, options: CalendarOptions, self: Command) => {
		const cli = open(self);
		const body = { ...inputOf(options), name };
		const made = await cli.clients.scheduling.createCalendar({ body });
		cli.print(made, () => `Added the ${made.kind} ${made.name}.\n`);
	});
	calendars
		.command("delete <calendar>")
		.description("Delete a calendar; what waits for it is looked at again at once")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findCalendar(cli, given);
			if (!(await confirmed(cli, yes, `Delete the calendar ${name}?`))) return;
			await cli.clients.scheduling.deleteCalendar({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the calendar ${name}.\n`);
		});
}

function inputOf(options: CalendarOptions): Omit<CalendarInput, "name"> {
	const { kind, from, to, minutes, group, timeZone, description } = options;
	if ((from === undefined) !== (to === undefined)) throw usageFailure("Give --from and --to together.");
	const timing = calendarTimingOf(options);
	if ((timing === undefined) !== (minutes === undefined)) {
		throw usageFailure("For times that come again give --daily, --weekly, --monthly or --cron, and --minutes.");
	}
	return {
		kind,
		...(from !== undefined &&
			to !== undefined && { ranges: [{ from: from.replace(" ", "T"), to: to.replace(" ", "T") }] }),
		...(timing !== undefined && minutes !== undefined && { recurring: [{ timing, duration_minutes: minutes }] }),
		...(group !== undefined && { groups: group }),
		...(timeZone !== undefined && { time_zone: timeZone }),
		...(description !== undefined && { description }),
	};
}
