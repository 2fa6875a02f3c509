import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import type { TemplateVariable } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useState } from "react";
import { Icon } from "../../ui/icon.tsx";
import styles from "./template.module.css";
import { isScalar, readScalar, showScalar, type Values, withKey } from "./values.ts";

/** A field for each variable, by what its use tells of it. */
export function VariableFields({
	variables,
	values,
	onValues,
	within = "",
}: {
	variables: readonly TemplateVariable[];
	values: Values;
	onValues: (values: Values) => void;
	/** Names what they belong to. */
	within?: string;
}) {
	return variables.map((variable) => (
		<Field
			key={variable.name}
			variable={variable}
			label={`${within}${variable.name}`}
			value={values[variable.name]}
			onValue={(value) => onValues(withKey(values, variable.name, value))}
		/>
	));
}

interface FieldProps {
	variable: TemplateVariable;
	label: string;
	value: unknown;
	onValue: (value: unknown) => void;
}

function Field(props: FieldProps) {
	const { variable, value } = props;
	const { shape, items, keys } = variable;
	const isList = Array.isArray(value);
	const isMapping = typeof value === "object" && value !== null && !isList;
	if (shape === "mapping" && keys.length > 0 && (value === undefined || isMapping)) return <Mapping {...props} />;
	if (shape === "list" && (value === undefined || isList)) {
		const rows = (value ?? []) as unknown[];
		if (items?.shape === "mapping" && items.keys.length > 0) return <Rows {...props} of={items} />;
		if (rows.every(isScalar)) return <Lines {...props} />;
	}
	return isScalar(value) && shape !== "mapping" && shape !== "list" ? <Line {...props} /> : <Json {...props} />;
}

const hints = { string: "A text", number: "A number", boolean: "true or false", ip: "An address" } as const;

function helpOf({ required, template, line, type_hint }: TemplateVariable): string {
	const kind = type_hint === undefined ? "" : `${hints[type_hint]}. `;
	const where = `line ${line} of ${visibleLine(template)}`;
	return `${kind}${required ? `Used in ${where}` : `May be left out; used in ${where}`}`;
}

function Line({ variable, label, value, onValue }: FieldProps) {
	const [typed, setTyped] = useState(() => showScalar(value));
	// What is in the field stays as it was typed as long as it means the same.
	const text = (typed === "" ? undefined : readScalar(typed)) === value ? typed : showScalar(value);
	return (
		<TextInput
			size="xs"
			label={visibleLine(label)}
			description={helpOf(variable)}
			withAsterisk={variable.required}
			placeholder={variable.default === undefined ? "" : visibleLine(showScalar(variable.default))}
			autoComplete="off"
			spellCheck={false}
			value={text}
			onChange={({ currentTarget }) => {
				setTyped(currentTarget.value);
				onValue(currentTarget.value === "" ? undefined : readScalar(currentTarget.value));
			}}
		/>
	);
}

function linesOf(text: string): unknown[] {
	return text
		.split("\n")
		.filter((line) => line.trim() !== "")
		.map(readScalar);
}

function Lines({ variable, label, value, onValue }: FieldProps) {
	const list = (value ?? []) as unknown[];
	const [typed, setTyped] = useState(() => list.map(showScalar).join("\n"));
	const text = JSON.stringify(linesOf(typed)) === JSON.stringify(list) ? typed : list.map(showScalar).join("\n");
	return (
		<Textarea
			size="xs"
			label={visibleLine(label)}
			description={`A list, one a line. ${helpOf(variable)}`}
			withAsterisk={variable.required}
			autosize
			minRows={2}
			maxRows={10}
			spellCheck={false}
			value={text}
			onChange={({ currentTarget }) => {
				setTyped(currentTarget.value);
				const read = linesOf(currentTarget.value);
				onValue(read.length === 0 ? undefined : read);
			}}
		/>
	);
}

function Json({ variable, label, value, onValue }: FieldProps) {
	const [typed, setTyped] = useState(() => (value === undefined ? "" : JSON.stringify(value, null, 2)));
	const read = readJson(typed);
	const same = "value" in read && JSON.stringify(read.value) === JSON.stringify(value);
	const text = same || "fault" in read ? typed : value === undefined ? "" : JSON.stringify(value, null, 2);
	return (
		<Textarea
			size="xs"
			label={visibleLine(label)}
			description={`${variable.shape === "list" ? "A list" : "A mapping"}, as JSON. ${helpOf(variable)}`}
			withAsterisk={variable.required}
			autosize
			minRows={2}
			maxRows={12}
			spellCheck={false}
			value={text}
			error={"fault" in read ? "This is no JSON yet" : undefined}
			onChange={({ currentTarget }) => {
				setTyped(currentTarget.value);
				const given = readJson(currentTarget.value);
				if ("value" in given) onValue(given.value);
			}}
		/>
	);
}

function readJson(text: string): { value: unknown } | { fault: true } {
	if (text.trim() === "") return { value: undefined };
	try {
		return { value: JSON.parse(text) };
	} catch {
		return { fault: true };
	}
}

function Mapping({ variable, label, value, onValue }: FieldProps) {
	return (
		<fieldset className={styles.mapping}>
			<legend>
				{visibleLine(label)}
				{!variable.required && <span className="nc-dim"> (may be left out)</span>}
			</legend>
			<VariableFields
				variables={variable.keys}
				values={(value ?? {}) as Values}
				onValues={onValue}
				within={`${label}.`}
			/>
		</fieldset>
	);
}

function Rows({ label, value, onValue, of }: FieldProps & { of: TemplateVariable }) {
	const rows = (value ?? []) as Values[];
	const set = (next: Values[]) => onValue(next.length === 0 ? undefined : next);
	return (
		<fieldset className={styles.mapping}>
			<legend>{visibleLine(label)}</legend>
			{rows.map((row, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: rows have nothing else to be told apart by
				<div className={styles.row} key={index}>
					<div className={styles.fields}>
						<VariableFields
							variables={of.keys}
							values={typeof row === "object" && row !== null ? row : {}}
							onValues={(next) => set(rows.map((one, at) => (at === index ? next : one)))}
							within={`${label}[${index}].`}
						/>
					</div>
					<ActionIcon
						variant="subtle"
						color="gray"
						aria-label={`Remove ${visibleLine(label)} ${index + 1}`}
						title="Remove"
						onClick={() => set(rows.filter((_, at) => at !== index))}
					>
						<Icon name="trash" size={14} />
					</ActionIcon>
				</div>
			))}
			<div>
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<Icon name="plus" size={12} />}
					onClick={() => set([...rows, {}])}
				>
					Add to {visibleLine(label)}
				</Button>
			</div>
		</fieldset>
	);
}
