import type { Mop } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { Selection as SelectionSchema } from "@netconductor/contracts/devices/model";
import type { Schedule, ScheduleInput, ScheduleKind } from "@netconductor/contracts/scheduling/model";
import { type StartValues, showValue, startBody } from "../mop/start/values.ts";
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
	/** Ids or names. */
	stack: "",
	mop: "",
	source: "backup",
	reason: "",
	/** Of the procedure: its values as they are typed, and the devices that it is for. */
	typed: {} as Record<string, string>,
	which: "own" as "own" | "others",
	targets: {} as Selection,
	/** What the kind takes that has no field, as JSON. */
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
	const rest = Object.fromEntries(Object.entries(params).filter(([name]) => !withFields.has(name)));
	const { stack, mop, source, reason, variables, targets } = params;
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
		stack: textOf(stack),
		mop: textOf(mop),
		source: textOf(source) || start.source,
		reason: textOf(reason),
		typed: Object.fromEntries(Object.entries(variables ?? {}).map(([name, value]) => [name, showValue(value)])),
		which: targets === undefined ? "own" : "others",
		targets: selectionOf(params, "targets") ?? {},
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

function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** Parameters for which the form has fields; those of a procedure stand together. */
const withFields: ReadonlySet<string> = new Set([
	...["select", "exclude", "stack", "source", "reason"],
	...["mop", "variables", "targets"],
]);

/** For which parameters of a kind fields are shown, and whether it takes something else. */
export function takes({ params_schema }: Pick<ScheduleKind, "params_schema">) {
	const names = Object.keys((params_schema.properties ?? {}) as Record<string, unknown>);
	return {
		select: names.includes("select"),
		exclude: names.includes("exclude"),
		stack: names.includes("stack"),
		mop: names.includes("mop"),
		source: names.includes("source"),
		reason: names.includes("reason"),
		more: names.some((name) => !withFields.has(name)),
	};
}

export function selectionOf(params: Record<string, unknown>, name = "select"): Selection | undefined {
	const read = SelectionSchema.safeParse(params[name]);
	return read.success ? read.data : undefined;
}

/** What a procedure is started with. */
export function startValuesOf(mop: Mop, { typed, which, targets }: ScheduleValues): StartValues {
	return { typed, which: mop.document.targets === undefined ? "others" : which, selection: targets };
}

/** Where the procedure itself is not to be read, its values stay what they were. */
function procedureOf(values: ScheduleValues, mop: Mop | undefined, before: Schedule | undefined) {
	if (mop !== undefined) return { mop: values.mop, ...startBody(mop, startValuesOf(mop, values)) };
	const { variables, targets } = before?.params.mop === values.mop ? before.params : {};
	return { mop: values.mop, ...(variables !== undefined && { variables }), ...(targets !== undefined && { targets }) };
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
	{
		kind,
		mop,
		before,
	}: {
		kind: Pick<ScheduleKind, "params_schema"> | undefined;
		/** The procedure that is chosen. */
		mop?: Mop | undefined;
		before: Schedule | undefined;
	},
): ScheduleInput {
	const { name, description, overlap, missed, held, jitter_s, missed_limit } = values;
	const wanted = takes(kind ?? { params_schema: { properties: { select: {} } } });
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
			...(wanted.stack && { stack: values.stack }),
			...(wanted.source && { source: values.source }),
			...(wanted.mop && procedureOf(values, mop, before)),
			...(wanted.reason && { reason: values.reason }),
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
