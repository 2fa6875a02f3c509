import { Button, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { type MopFault, ParameterType } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { VariableName } from "@netconductor/contracts/tasks/procedure";
import { useState } from "react";
import { Icon } from "../../../ui/icon.tsx";
import { SelectionFields } from "../../../ui/pick/selection-fields.tsx";
import { count, selected } from "../../../ui/words.ts";
import { type Edited, setOfProcedure } from "../document/edit-steps.ts";
import type { Path } from "../document/yaml-text.ts";
import styles from "./builder.module.css";
import { NextField } from "./next-field.tsx";
import { ParamField, YamlField } from "./param-field.tsx";
import { selectionValue } from "./selection-value.ts";
import { onFailureWords } from "./words.ts";

type Values = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands around the steps, in few words each. */
export function headSummary({ targets, variables, settings }: Values): string[] {
	const names = isMapping(variables) ? Object.keys(variables).length : 0;
	const failure = isMapping(settings) ? onFailureWords(settings.on_failure) : undefined;
	const chosen = isMapping(targets)
		? Object.entries(targets).filter(([, one]) => Array.isArray(one) || one === true)
		: [];
	const devices = chosen.length === 0 ? "" : selected(Object.fromEntries(chosen));
	return [
		devices === "" ? "devices are chosen at the start" : `on ${devices}`,
		...(names === 0 ? [] : [count(names, "variable")]),
		...(failure === undefined ? [] : [`a step that fails ${failure}`]),
	];
}

/** The form of what is not a step: name, devices, variables, settings. */
export function HeadPanel({
	text,
	values,
	faults,
	readOnly,
	onEdit,
}: {
	text: string;
	values: Values;
	faults: readonly MopFault[];
	readOnly: boolean;
	onEdit: (change: () => Edited | string, what?: string) => void;
}) {
	const set = (path: Path, value: unknown) => onEdit(() => setOfProcedure(text, path, value), path.join("."));
	const errorAt = (path: string) => faults.find((fault) => fault.path === path)?.message;
	const settings = isMapping(values.settings) ? values.settings : {};
	const setSetting = (name: string, value: unknown) => {
		const left = Object.keys(settings).filter((key) => key !== name);
		set(value === undefined && left.length === 0 ? ["settings"] : ["settings", name], value);
	};
	const number = { kind: "number", required: false, byDefault: undefined, choices: [], integer: true } as const;
	return (
		<div className={styles.form}>
			<h3>The procedure</h3>
			<TextInput
				size="xs"
				label="Name"
				withAsterisk
				maxLength={100}
				readOnly={readOnly}
				value={typeof values.name === "string" ? values.name : ""}
				error={errorAt("name")}
				onChange={({ currentTarget }) => set(["name"], currentTarget.value)}
			/>
			<Textarea
				size="xs"
				label="Description"
				autosize
				minRows={2}
				maxRows={8}
				maxLength={5000}
				readOnly={readOnly}
				value={typeof values.description === "string" ? values.description : ""}
				onChange={({ currentTarget }) =>
					set(["description"], currentTarget.value === "" ? undefined : currentTarget.value)
				}
			/>
			<TagsInput
				size="xs"
				label="Tags"
				readOnly={readOnly}
				value={Array.isArray(values.tags) ? values.tags.map(String) : []}
				error={errorAt("tags")}
				onChange={(tags) => set(["tags"], tags.length === 0 ? undefined : tags)}
			/>
			<h3>Devices</h3>
			{readOnly ? (
				<p className="nc-small">{headSummary(values)[0]}</p>
			) : (
				<SelectionFields
					label="Devices of the procedure"
					selection={isMapping(values.targets) ? (values.targets as Selection) : {}}
					error={errorAt("targets")}
					onChange={(selection) => set(["targets"], selectionValue(selection))}
				/>
			)}
			<h3>All steps</h3>
			<div className={styles.two}>
				<NextField
					label="When a step failed"
					kind="failure"
					value={settings.on_failure}
					steps={[]}
					readOnly={readOnly}
					onValue={(value) => setSetting("on_failure", value)}
				/>
				<ParamField
					param={{ ...number, name: "parallelism", description: "Devices at a time" }}
					value={settings.parallelism}
					readOnly={readOnly}
					error={errorAt("settings.parallelism")}
					onValue={(value) => setSetting("parallelism", value)}
				/>
				<ParamField
					param={{ ...number, name: "max_steps", description: "All rounds together" }}
					value={settings.max_steps}
					readOnly={readOnly}
					error={errorAt("settings.max_steps")}
					onValue={(value) => setSetting("max_steps", value)}
				/>
			</div>
			<Variables
				variables={isMapping(values.variables) ? values.variables : {}}
				readOnly={readOnly}
				errorAt={errorAt}
				set={set}
			/>
		</div>
	);
}

/** Values that stand for themselves, and what is asked of whoever starts it. */
function Variables({
	variables,
	readOnly,
	errorAt,
	set,
}: {
	variables: Values;
	readOnly: boolean;
	errorAt: (path: string) => string | undefined;
	set: (path: Path, value: unknown) => void;
}) {
	const [name, setName] = useState("");
	const names = Object.keys(variables);
	const fault =
		name === "" || VariableName.safeParse(name).success
			? names.includes(name)
				? "There is one of that name"
				: undefined
			: "Letters, digits and _ only, not beginning with a digit";
	const add = (value: unknown) => {
		set(["variables", name], value);
		setName("");
	};
	return (
		<>
			<h3>Variables</h3>
			{names.map((one) => (
				<section key={one} className={styles.variable} aria-label={`Variable ${visibleLine(one)}`}>
					<div className={styles.head}>
						<span className="nc-mono nc-break">{visibleLine(one)}</span>
						{!readOnly && (
							<Button
								size="compact-xs"
								variant="subtle"
								color="red"
								aria-label={`Remove ${visibleLine(one)}`}
								onClick={() => set(names.length === 1 ? ["variables"] : ["variables", one], undefined)}
							>
								<Icon name="trash" size={12} />
							</Button>
						)}
					</div>
					{isMapping(variables[one]) ? (
						<Asked name={one} declared={variables[one]} readOnly={readOnly} set={set} />
					) : (
						<YamlField
							label="Value"
							description="What it is unless told otherwise."
							value={variables[one]}
							readOnly={readOnly}
							error={errorAt(`variables.${one}`)}
							onValue={(value) => set(["variables", one], value ?? "")}
						/>
					)}
				</section>
			))}
			{!readOnly && (
				<div className={styles.two}>
					<TextInput
						size="xs"
						aria-label="Name of a new variable"
						placeholder="Name of a new variable"
						value={name}
						error={fault}
						onChange={({ currentTarget }) => setName(currentTarget.value)}
					/>
					<div className={styles.buttons}>
						<Button
							variant="default"
							disabled={name === "" || fault !== undefined}
							onClick={() => add({ type: "string", required: true })}
						>
							Ask for it
						</Button>
						<Button variant="default" disabled={name === "" || fault !== undefined} onClick={() => add("")}>
							Set it
						</Button>
					</div>
				</div>
			)}
		</>
	);
}

function Asked({
	name,
	declared,
	readOnly,
	set,
}: {
	name: string;
	declared: Values;
	readOnly: boolean;
	set: (path: Path, value: unknown) => void;
}) {
	const put = (key: string, value: unknown) => set(["variables", name, key], value);
	return (
		<>
			<div className={styles.two}>
				<Select
					size="xs"
					label="Type"
					allowDeselect={false}
					readOnly={readOnly}
					data={[...ParameterType.options]}
					value={typeof declared.type === "string" ? declared.type : "string"}
					onChange={(type) => put("type", type)}
				/>
				<TextInput
					size="xs"
					label="Description"
					maxLength={500}
					readOnly={readOnly}
					value={typeof declared.description === "string" ? declared.description : ""}
					onChange={({ currentTarget }) =>
						put("description", currentTarget.value === "" ? undefined : currentTarget.value)
					}
				/>
			</div>
			<div className={styles.two}>
				<Switch
					size="xs"
					label="Must be given"
					disabled={readOnly}
					checked={declared.required === true}
					onChange={({ currentTarget }) => put("required", currentTarget.checked)}
				/>
				<Switch
					size="xs"
					label="Secret"
					disabled={readOnly}
					checked={declared.secret === true}
					onChange={({ currentTarget }) => put("secret", currentTarget.checked ? true : undefined)}
				/>
			</div>
			{declared.required !== true && declared.secret !== true && (
				<YamlField
					label="Default"
					value={declared.default}
					readOnly={readOnly}
					onValue={(value) => put("default", value)}
				/>
			)}
			<div className={styles.two}>
				<YamlField
					label="Choices"
					description="A list."
					value={declared.choices}
					readOnly={readOnly}
					onValue={(value) => put("choices", value)}
				/>
				<TextInput
					size="xs"
					data-code
					label="Pattern"
					description="That it must match"
					readOnly={readOnly}
					value={typeof declared.pattern === "string" ? declared.pattern : ""}
					onChange={({ currentTarget }) => put("pattern", currentTarget.value === "" ? undefined : currentTarget.value)}
				/>
			</div>
		</>
	);
}
