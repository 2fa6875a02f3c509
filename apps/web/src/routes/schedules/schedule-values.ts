import type { Selection } from "@netconductor/contracts/devices/model";
import { Selection as SelectionSchema } from "@netconductor/contracts/devices/model";
import type { Schedule, ScheduleInput, ScheduleKind } from "@netconductor/contracts/scheduling/model";
import { ownTimeZone } from "../schedule/timing.ts";
import { timingOf, timingStart, valuesOfTiming } from "./timing-values.ts";

/** A new schedule as a form holds it. */
const start = {
	...timingStart,
	name: "",
	description: "",
	kind: "backup",
	everything: true,
	groups: [] as string[],
	tags: [] as string[],
	names: [] as string[],
	exclude_groups: [] as string[],
	exclude_tags: [] as string[],
	/** What the kind takes besides devices, as JSON. */
	rest: "{}",
	/** Stand for what is put together of several fields, so that what the server says of them has a place. */
	params: null,
	timing: null,
	time_zone: "UTC",
	skipped_hour: "run_after" as Schedule["skipped_hour"],
	repeated_hour: "first" as Schedule["repeated_hour"],
	start_at: "",
	end_at: "",
	max_runs: "" as number | string,
	jitter_s: 0 as number | string,
	overlap: "skip" as Schedule["overlap"],
	missed: "run_once" as Schedule["missed"],
	missed_limit: 10 as number | string,
	held: "wait" as Schedule["held"],
};
export type ScheduleValues = typeof start;

export function valuesOfSchedule(schedule: Schedule | undefined): ScheduleValues {
	if (schedule === undefined) return { ...start, time_zone: ownTimeZone() };
	const { timing, params, max_runs, start_at, end_at } = schedule;
	const { select: _select, exclude: _exclude, ...rest } = params;
	const select = selectionOf(params);
	const exclude = selectionOf(params, "exclude");
	return {
		...start,
		...pick(schedule, Object.keys(start) as (keyof ScheduleValues)[]),
		...valuesOfTiming(timing),
		params: null,
		timing: null,
		everything: select === undefined || select.all === true,
		groups: select?.groups ?? [],
		tags: select?.tags ?? [],
		names: select?.names ?? [],
		exclude_groups: exclude?.groups ?? [],
		exclude_tags: exclude?.tags ?? [],
		rest: JSON.stringify(rest, null, 2),
		max_runs: max_runs ?? "",
		start_at: start_at ?? "",
		end_at: end_at ?? "",
	};
}

function pick(schedule: Schedule, names: (keyof ScheduleValues)[]): Partial<ScheduleValues> {
	const shown = schedule as unknown as Record<string, unknown>;
	return Object.fromEntries(names.filter((name) => name in shown).map((name) => [name, shown[name]]));
}

/** Whether devices are chosen for a kind, and whether it takes something else. */
export function takes({ params_schema }: Pick<ScheduleKind, "params_schema">) {
	const names = Object.keys((params_schema.properties ?? {}) as Record<string, unknown>);
	return {
		select: names.includes("select"),
		exclude: names.includes("exclude"),
		more: names.some((name) => name !== "select" && name !== "exclude"),
	};
}

export function selectionOf(params: Record<string, unknown>, name = "select"): Selection | undefined {
	const read = SelectionSchema.safeParse(params[name]);
	return read.success ? read.data : undefined;
}

/** The rule alone, for the preview. */
export function ruleOfValues(values: ScheduleValues) {
	const { time_zone, skipped_hour, repeated_hour, start_at, end_at, max_runs } = values;
	return {
		timing: timingOf(values),
		time_zone,
		skipped_hour,
		repeated_hour,
		start_at: start_at === "" ? null : start_at,
		end_at: end_at === "" ? null : end_at,
		max_runs: max_runs === "" ? null : Number(max_runs),
	};
}

/** What was filled in, as the API takes it. Devices that were chosen one by one, by other means than this form, stay chosen. */
export function bodyOfValues(
	values: ScheduleValues,
	kind: Pick<ScheduleKind, "params_schema"> | undefined,
	before: Schedule | undefined,
): ScheduleInput {
	const { name, description, overlap, missed, held, jitter_s, missed_limit } = values;
	const wanted = kind === undefined ? { select: true, exclude: false, more: false } : takes(kind);
	const device_ids = before === undefined ? undefined : selectionOf(before.params)?.device_ids;
	const { groups: _groups, tags: _tags, ...left } = (before && selectionOf(before.params, "exclude")) ?? {};
	const exclude: Selection = {
		...left,
		...(values.exclude_groups.length > 0 && { groups: values.exclude_groups }),
		...(values.exclude_tags.length > 0 && { tags: values.exclude_tags }),
	};
	const select: Selection = values.everything
		? { all: true }
		: {
				groups: values.groups,
				tags: values.tags,
				names: values.names,
				...(device_ids !== undefined && { device_ids }),
			};
	return {
		...ruleOfValues(values),
		name: name.trim(),
		description: description.trim(),
		kind: values.kind,
		params: {
			...(wanted.more && restOf(values.rest)),
			...(wanted.select && { select }),
			...(wanted.exclude && Object.keys(exclude).length > 0 && { exclude }),
		},
		overlap,
		missed,
		missed_limit: Number(missed_limit),
		held,
		jitter_s: Number(jitter_s),
		paused: before?.paused ?? false,
	};
}

/** What is no JSON object is sent as something that no kind takes, so that the server says so. */
function restOf(text: string): Record<string, unknown> {
	try {
		const read: unknown = JSON.parse(text);
		if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
	} catch {}
	return { "not a JSON object": text.slice(0, 100) };
}
