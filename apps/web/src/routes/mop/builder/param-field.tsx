import { Autocomplete, Textarea, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { parse, stringify } from "yaml";
import { fits, type ParamField as Param, readField, showField } from "../document/fields.ts";

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A field for one parameter of a step. A template may be typed wherever something else is due. */
export function ParamField({
	param,
	value,
	onValue,
	readOnly,
	error,
}: {
	param: Param;
	value: unknown;
	onValue: (value: unknown) => void;
	readOnly: boolean;
	error?: string | undefined;
}) {
	if (param.kind === "yaml" || !fits(param, value)) {
		return (
			<YamlField
				label={param.name}
				description={param.description}
				required={param.required}
				value={value}
				onValue={onValue}
				readOnly={readOnly}
				error={error}
			/>
		);
	}
	return <Typed param={param} value={value} onValue={onValue} readOnly={readOnly} error={error} />;
}

function Typed({ param, value, onValue, readOnly, error }: Parameters<typeof ParamField>[0]) {
	const [typed, setTyped] = useState(() => showField(param, value));
	// What is in the field stays as it was typed as long as it means the same.
	const text = same(readField(param, typed), value) ? typed : showField(param, value);
	const change = (next: string) => {
		setTyped(next);
		const read = readField(param, next);
		if (!same(read, value)) onValue(asBefore(read, value, param));
	};
	const common = {
		label: param.name,
		description: helpOf(param),
		withAsterisk: param.required,
		placeholder: param.byDefault === undefined ? "" : visibleLine(showField(param, param.byDefault)),
		readOnly,
		error: error === undefined ? undefined : visibleLine(error),
		size: "xs",
		autoComplete: "off",
		spellCheck: false,
	} as const;
	if (param.kind === "lines" || param.kind === "list") {
		return (
			<Textarea
				{...common}
				data-code
				autosize
				minRows={param.kind === "lines" ? 3 : 2}
				maxRows={16}
				value={text}
				onChange={({ currentTarget }) => change(currentTarget.value)}
			/>
		);
	}
	if (param.kind === "choice" || param.kind === "boolean") {
		const words = param.kind === "boolean" ? ["true", "false"] : param.choices.map(String);
		// What is chosen hides none of the others.
		return <Autocomplete {...common} data={words} filter={({ options }) => options} value={text} onChange={change} />;
	}
	return (
		<TextInput
			{...common}
			{...(param.kind === "number" && { inputMode: "decimal" as const })}
			value={text}
			onChange={({ currentTarget }) => change(currentTarget.value)}
		/>
	);
}

/** A text in lines ends with a line break, and lines that were a list stay one. */
function asBefore(read: unknown, before: unknown, { kind }: Param): unknown {
	if (kind !== "lines" || typeof read !== "string") return read;
	if (Array.isArray(before)) return read.split("\n").filter((line) => line.trim() !== "");
	return read;
}

function helpOf({ kind, description }: Param): string {
	const how = kind === "list" ? "One a line. " : "";
	return visibleLine(`${how}${description}`);
}

/** A value that has no field of its own, as YAML. */
export function YamlField({
	label,
	description = "",
	required = false,
	value,
	onValue,
	readOnly,
	error,
}: {
	label: string;
	description?: string;
	required?: boolean;
	value: unknown;
	onValue: (value: unknown) => void;
	readOnly: boolean;
	error?: string | undefined;
}) {
	const show = () => (value === undefined ? "" : stringify(value, { lineWidth: 0 }).trimEnd());
	const [typed, setTyped] = useState(show);
	const read = readYaml(typed);
	const text = "fault" in read || same(read.value, value) ? typed : show();
	return (
		<Textarea
			size="xs"
			data-code
			label={label}
			description={visibleLine(`As YAML. ${description}`)}
			withAsterisk={required}
			autosize
			minRows={1}
			maxRows={14}
			spellCheck={false}
			readOnly={readOnly}
			value={text}
			error={"fault" in read ? "This is no YAML yet" : error === undefined ? undefined : visibleLine(error)}
			onChange={({ currentTarget }) => {
				setTyped(currentTarget.value);
				const given = readYaml(currentTarget.value);
				if ("value" in given && !same(given.value, value)) onValue(given.value);
			}}
		/>
	);
}

function readYaml(text: string): { value: unknown } | { fault: true } {
	if (text.trim() === "") return { value: undefined };
	try {
		return { value: parse(text, { maxAliasCount: 10 }) as unknown };
	} catch {
		return { fault: true };
	}
}
