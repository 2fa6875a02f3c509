import { Chip, Group, Input, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import type { GetInputPropsReturnType } from "@mantine/form";
import { Weekday } from "@netconductor/contracts/scheduling/model";
import { monthNames, nthNames, weekdayNames } from "@netconductor/contracts/scheduling/words";
import type { ReactNode } from "react";
import type { TimingValues } from "./timing-values.ts";

type Field = (name: keyof TimingValues) => GetInputPropsReturnType;

const ways = [
	{ value: "daily", label: "Every day" },
	{ value: "weekly", label: "On days of the week" },
	{ value: "monthly", label: "On a day of the month" },
	{ value: "interval", label: "At intervals" },
	{ value: "cron", label: "Cron expression" },
	{ value: "once", label: "Once" },
];
const weekdays = Weekday.options.map((value) => ({ value, label: weekdayNames[value] }));
const monospace = { input: { fontFamily: "var(--mantine-font-family-monospace)" } };

/** When something comes due. `calendarOnly` leaves out what does not come again. */
export function TimingFields({
	values,
	field,
	error,
	calendarOnly = false,
}: {
	values: TimingValues;
	field: Field;
	/** What is wrong with the rule as a whole. */
	error?: ReactNode;
	calendarOnly?: boolean;
}) {
	const { when } = values;
	return (
		<>
			<Select
				label="When"
				allowDeselect={false}
				data={calendarOnly ? ways.filter(({ value }) => value !== "interval" && value !== "once") : ways}
				{...field("when")}
				error={error}
			/>
			{when === "weekly" && (
				<Input.Wrapper label="Days" labelElement="div">
					<Chip.Group multiple {...(field("days") as { value: string[]; onChange: (days: string[]) => void })}>
						<Group gap={4} mt={4} role="group" aria-label="Days">
							{weekdays.map(({ value, label }) => (
								<Chip key={value} value={value} size="xs" aria-label={label}>
									{label.slice(0, 3)}
								</Chip>
							))}
						</Group>
					</Chip.Group>
				</Input.Wrapper>
			)}
			{when === "monthly" && <MonthFields values={values} field={field} />}
			{when === "cron" && (
				<TextInput
					label="Cron expression"
					description="Minute, hour, day of the month, month, day of the week"
					maxLength={100}
					styles={monospace}
					{...field("cron")}
				/>
			)}
			{when === "interval" && (
				<NumberInput
					label="Every so many minutes"
					min={1}
					max={525_600}
					allowDecimal={false}
					suffix=" minutes"
					{...field("every_minutes")}
				/>
			)}
			{when === "once" && <TextInput type="datetime-local" label="Date and time" {...field("once_at")} />}
			{(when === "daily" || when === "weekly" || when === "monthly") && (
				<TextInput label="Times of day" description="Several with commas: 02:30, 14:30" {...field("times")} />
			)}
		</>
	);
}

function MonthFields({ values, field }: { values: TimingValues; field: Field }) {
	const byWeekday = values.month_day === "nth_weekday" || values.month_day === "last_weekday";
	return (
		<>
			<Select
				label="Day of the month"
				allowDeselect={false}
				data={[
					{ value: "days", label: "By number" },
					{ value: "last_day", label: "The last day" },
					{ value: "nth_weekday", label: "A weekday, counted from the first" },
					{ value: "last_weekday", label: "The last of a weekday" },
				]}
				{...field("month_day")}
			/>
			{values.month_day === "days" && (
				<TextInput
					label="Days"
					description="Several with commas: 1, 15. A month without it is left out."
					{...field("month_days")}
				/>
			)}
			{values.month_day === "nth_weekday" && (
				<Select
					label="Which"
					allowDeselect={false}
					data={nthNames.map((name, index) => ({ value: String(index + 1), label: `The ${name}` }))}
					{...field("nth")}
				/>
			)}
			{byWeekday && <Select label="Weekday" allowDeselect={false} data={weekdays} {...field("weekday")} />}
			<MultiSelect
				label="Months"
				placeholder={values.months.length === 0 ? "Every month" : ""}
				searchable
				clearable
				clearButtonProps={{ "aria-label": "Every month" }}
				data={monthNames.map((label, index) => ({ value: String(index + 1), label }))}
				{...field("months")}
			/>
		</>
	);
}
