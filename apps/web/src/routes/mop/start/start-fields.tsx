import { Button, SegmentedControl, Stack } from "@mantine/core";
import type { Mop } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { usePermitted } from "../../../api/context.tsx";
import { SelectionFields } from "../../../ui/pick/selection-fields.tsx";
import { problemOf } from "../../../ui/problem.tsx";
import { selected } from "../../../ui/words.ts";
import { type AskedVariable, askedVariables, missingNames, type StartValues } from "./values.ts";
import { VariableFields } from "./variable-fields.tsx";

/** Errors by the variable that they are about, from what the server answered. */
export function errorsByVariable(error: unknown): Record<string, string> {
	if (error === null || error === undefined) return {};
	const entries = (problemOf(error).errors ?? []).map(({ path, message }) => [
		path.replace(/^(?:body\.)?(?:variables\.)?/, "").split(".")[0] ?? "",
		message,
	]);
	return Object.fromEntries(entries.filter(([name]) => name !== ""));
}

/** Errors of what must be given and is not. */
export function missingErrors(mop: Mop, { typed }: StartValues): Record<string, string> {
	const names = missingNames(askedVariables(mop.document.variables), typed);
	return Object.fromEntries(names.map((name) => [name, "Required"]));
}

/** Variables and devices of a start, or of a dry run. */
export function StartFields({
	mop,
	values,
	onValues,
	errors,
}: {
	mop: Mop;
	values: StartValues;
	onValues: (values: StartValues) => void;
	errors: Readonly<Record<string, string>>;
}) {
	const [more, setMore] = useState(false);
	const mayReadDevices = usePermitted()("devices:read");
	const asked = askedVariables(mop.document.variables);
	const own = mop.document.targets;
	const shown = asked.filter(({ declared, name }: AskedVariable) => declared || more || errors[name] !== undefined);
	return (
		<Stack gap="sm">
			<VariableFields
				asked={shown}
				typed={values.typed}
				onTyped={(typed) => onValues({ ...values, typed })}
				errors={errors}
			/>
			{shown.length < asked.length && (
				<div>
					<Button size="compact-xs" variant="subtle" onClick={() => setMore(true)}>
						Show values that are set already
					</Button>
				</div>
			)}
			{own !== undefined && (
				<SegmentedControl
					aria-label="Which devices"
					value={values.which}
					onChange={(which) => onValues({ ...values, which: which as StartValues["which"] })}
					data={[
						{ value: "own", label: `As it says: ${visibleLine(selected(own))}`.slice(0, 60) },
						{ value: "others", label: "Others" },
					]}
				/>
			)}
			{values.which === "others" && mayReadDevices && (
				<SelectionFields
					label="Devices"
					selection={values.selection}
					onChange={(selection) => onValues({ ...values, selection })}
				/>
			)}
		</Stack>
	);
}
