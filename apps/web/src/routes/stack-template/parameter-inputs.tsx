import { MultiSelect, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { StackParameter } from "@netconductor/contracts/config/stack-templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { showScalar } from "../template/values.ts";
import { showTyped, type TypedValue } from "./parameter-values.ts";

/** A field for the value of each parameter. */
export function ParameterInputs({
	parameters,
	values,
	faults,
	onValues,
}: {
	parameters: readonly StackParameter[];
	/** As they are typed, by name. */
	values: Readonly<Record<string, TypedValue>>;
	/** What is wrong, by name. */
	faults: Readonly<Record<string, string>>;
	onValues: (values: Record<string, TypedValue>) => void;
}) {
	return parameters.map((parameter) => (
		<ParameterInput
			key={parameter.name}
			parameter={parameter}
			value={values[parameter.name]}
			error={faults[parameter.name]}
			onValue={(value) => onValues({ ...values, [parameter.name]: value })}
		/>
	));
}

function ParameterInput({
	parameter: { name, type, description, required, default: preset, choices, pattern },
	value,
	error,
	onValue,
}: {
	parameter: StackParameter;
	value: TypedValue | undefined;
	error: string | undefined;
	onValue: (value: TypedValue) => void;
}) {
	const hasPreset = preset !== undefined && preset !== null;
	const shownPreset = hasPreset ? [showTyped(type, preset)].flat().join(", ") : "";
	const hints = [
		description,
		pattern !== undefined && `Matches ${pattern}`,
		hasPreset && `${shownPreset} where nothing is filled in`,
	].filter((hint) => typeof hint === "string" && hint !== "");
	const common = {
		label: name,
		description: visibleLine(hints.join(". ")) || undefined,
		withAsterisk: required && !hasPreset,
		error: error === undefined ? undefined : visibleLine(error),
	};
	const offered = choices?.map((choice) =>
		type === "list" ? showScalar(choice) : [showTyped(type, choice)].flat().join(" "),
	);
	const text = Array.isArray(value) ? value.join("\n") : (value ?? "");
	const list = Array.isArray(value) ? value : [];
	if (type === "list") {
		return offered === undefined ? (
			<TagsInput {...common} placeholder="Enter after each" acceptValueOnBlur value={list} onChange={onValue} />
		) : (
			<MultiSelect {...common} data={offered} value={list} onChange={onValue} />
		);
	}
	if (offered !== undefined || type === "boolean") {
		return (
			<Select
				{...common}
				clearable
				clearButtonProps={{ "aria-label": `Choose no ${name}` }}
				data={offered ?? ["true", "false"]}
				value={text === "" ? null : text}
				onChange={(chosen) => onValue(chosen ?? "")}
			/>
		);
	}
	if (type === "object") {
		return (
			<Textarea
				{...common}
				autosize
				minRows={2}
				maxRows={12}
				placeholder="JSON"
				spellCheck={false}
				value={text}
				onChange={({ currentTarget }) => onValue(currentTarget.value)}
			/>
		);
	}
	return (
		<TextInput
			{...common}
			autoComplete="off"
			spellCheck={false}
			inputMode={type === "string" ? "text" : "decimal"}
			value={text}
			onChange={({ currentTarget }) => onValue(currentTarget.value)}
		/>
	);
}
