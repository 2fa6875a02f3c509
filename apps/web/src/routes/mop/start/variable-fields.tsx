import { PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type AskedVariable, showValue } from "./values.ts";

/** A field for each variable that a procedure asks for. What is left empty has its default. */
export function VariableFields({
	asked,
	typed,
	onTyped,
	errors,
}: {
	asked: readonly AskedVariable[];
	typed: Readonly<Record<string, string>>;
	onTyped: (typed: Record<string, string>) => void;
	/** By name. */
	errors: Readonly<Record<string, string>>;
}) {
	return asked.map((variable) => (
		<Field
			key={variable.name}
			variable={variable}
			value={typed[variable.name] ?? ""}
			error={errors[variable.name]}
			onValue={(value) => onTyped({ ...typed, [variable.name]: value })}
		/>
	));
}

function Field({
	variable,
	value,
	error,
	onValue,
}: {
	variable: AskedVariable;
	value: string;
	error: string | undefined;
	onValue: (value: string) => void;
}) {
	const { name, type, required, secret, description, choices, pattern, byDefault } = variable;
	const common = {
		label: visibleLine(name),
		description: visibleLine(
			[description, pattern === undefined ? "" : `Must match ${pattern}`].filter(Boolean).join(". "),
		),
		withAsterisk: required,
		placeholder: byDefault === undefined ? "" : visibleLine(showValue(byDefault)),
		error: error === undefined ? undefined : visibleLine(error),
	};
	if (choices.length > 0 || type === "boolean") {
		const words = type === "boolean" ? ["true", "false"] : choices.map(String);
		return (
			<Select
				{...common}
				data={words.map((word) => ({ value: word, label: visibleLine(word) }))}
				clearable
				value={value === "" ? null : value}
				onChange={(chosen) => onValue(chosen ?? "")}
			/>
		);
	}
	if (secret) {
		return (
			<PasswordInput
				{...common}
				autoComplete="new-password"
				value={value}
				onChange={({ currentTarget }) => onValue(currentTarget.value)}
			/>
		);
	}
	if (type === "list" || type === "object") {
		return (
			<Textarea
				{...common}
				description={`${type === "list" ? "One a line, or JSON" : "JSON"}. ${common.description}`}
				autosize
				minRows={2}
				maxRows={10}
				spellCheck={false}
				value={value}
				onChange={({ currentTarget }) => onValue(currentTarget.value)}
			/>
		);
	}
	return (
		<TextInput
			{...common}
			autoComplete="off"
			spellCheck={false}
			{...((type === "integer" || type === "number") && { inputMode: "decimal" as const })}
			value={value}
			onChange={({ currentTarget }) => onValue(currentTarget.value)}
		/>
	);
}
