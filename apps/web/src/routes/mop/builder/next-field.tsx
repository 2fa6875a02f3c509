import { Select } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";

const choices = {
	failure: [
		{ value: "stop", label: "Stop" },
		{ value: "continue", label: "Go on" },
		{ value: "drop_devices", label: "Go on without the devices that failed" },
		{ value: "rollback", label: "Take the change back" },
		{ value: "ask", label: "Ask a person" },
	],
	success: [
		{ value: "next", label: "Go on" },
		{ value: "stop", label: "End here" },
	],
} as const;
const leadsTo = "goto ";

/** What comes after a step: in words, or another step of its list. */
export function NextField({
	label,
	kind,
	value,
	steps,
	readOnly,
	error,
	onValue,
}: {
	label: string;
	kind: keyof typeof choices;
	value: unknown;
	/** Steps that can be jumped to. */
	steps: readonly string[];
	readOnly: boolean;
	error?: string | undefined;
	onValue: (value: unknown) => void;
}) {
	const goto =
		typeof value === "object" && value !== null ? String((value as { goto?: unknown }).goto ?? "") : undefined;
	const word = typeof value === "string" ? value : undefined;
	const current = goto !== undefined ? `${leadsTo}${goto}` : (word ?? null);
	const offered: { value: string; label: string }[] = [
		...choices[kind],
		...steps.map((id) => ({ value: `${leadsTo}${id}`, label: `Go to ${visibleLine(id)}` })),
	];
	if (current !== null && offered.every((one) => one.value !== current))
		offered.push({ value: current, label: visibleLine(goto !== undefined ? `Go to ${goto}` : current) });
	return (
		<Select
			size="xs"
			label={label}
			placeholder={kind === "failure" ? "As the procedure says" : "Go on"}
			clearable
			readOnly={readOnly}
			data={offered}
			value={current}
			error={error === undefined ? undefined : visibleLine(error)}
			onChange={(chosen) =>
				onValue(
					chosen === null ? undefined : chosen.startsWith(leadsTo) ? { goto: chosen.slice(leadsTo.length) } : chosen,
				)
			}
		/>
	);
}
