import { Button, Select, TextInput } from "@mantine/core";
import type { MopFault, MopStepType } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type IgnoredSetting, ignoredSettings, StepId } from "@netconductor/contracts/tasks/procedure";
import { useState } from "react";
import { Icon } from "../../../ui/icon.tsx";
import { SelectionFields } from "../../../ui/pick/selection-fields.tsx";
import {
	copyStep,
	type Edited,
	moveStep,
	moveStepTo,
	removeStep,
	renameStep,
	setOfStep,
} from "../document/edit-steps.ts";
import { type ParamField as Param, paramFields } from "../document/fields.ts";
import { pathText, type ReadStep, type StepList } from "../document/read-procedure.ts";
import type { VariableAt } from "../document/variables-at.ts";
import type { Path } from "../document/yaml-text.ts";
import styles from "./builder.module.css";
import { NextField } from "./next-field.tsx";
import { ParamField, YamlField } from "./param-field.tsx";
import { selectionValue } from "./selection-value.ts";
import { VariablesHelp } from "./variables-help.tsx";
import { blockWords } from "./words.ts";

const common: Readonly<Record<"timeout_s" | "parallelism", Param>> = {
	timeout_s: param("timeout_s", "Seconds until it has failed"),
	parallelism: param("parallelism", "Devices at a time"),
};
const retryFields = [
	param("count", "Beyond the first attempt"),
	param("delay_s", "Seconds before the first"),
	param("backoff", "Each wait so many times as long"),
];

function param(name: string, description: string): Param {
	return { name, kind: "number", required: false, description, byDefault: undefined, choices: [], integer: false };
}

/** The form of one step: what its type takes, and what every step may say. */
export function StepPanel({
	text,
	step,
	siblings,
	taken,
	info,
	types,
	faults,
	lists,
	variables,
	readOnly,
	onEdit,
}: {
	text: string;
	step: ReadStep;
	/** Ids of the steps of its list. */
	siblings: readonly string[];
	/** Ids of all other steps. */
	taken: ReadonlySet<string>;
	info: MopStepType | undefined;
	types: readonly MopStepType[];
	faults: readonly MopFault[];
	/** Every list of steps. */
	lists: readonly StepList[];
	/** What its templates may use. */
	variables: readonly VariableAt[];
	readOnly: boolean;
	onEdit: (change: () => Edited | string, what?: string) => void;
}) {
	const { path, values } = step;
	const set = (keys: Path, value: unknown) =>
		onEdit(() => setOfStep(text, path, keys, value), `${pathText(path)} ${keys.join(".")}`);
	const errorAt = (key: string) => faults.find((fault) => fault.path === `${pathText(path)}.${key}`)?.message;
	if (step.closed) {
		return (
			<p>
				This step is written by reference (<span className="nc-mono">{visibleLine(step.name)}</span>): what it says is
				edited in the YAML, where it is written out.
			</p>
		);
	}
	const given = isMapping(values.with) ? values.with : {};
	const params = paramFields(info?.params ?? {});
	const unknown = Object.keys(given).filter((name) => params.every((one) => one.name !== name));
	const retries = isMapping(values.retries)
		? values.retries
		: values.retries === undefined
			? {}
			: { count: values.retries };
	const ignored = info === undefined ? [] : ignoredSettings({ ...info, type: info.base ?? info.type });
	// What is said all the same is shown with its warning, so that it can be taken out.
	const offers = (key: IgnoredSetting) => !ignored.includes(key) || values[key] !== undefined;
	return (
		<div className={styles.form}>
			<div className={styles.head}>
				<h3 className="nc-break">{visibleLine(step.name || step.id || "Step")}</h3>
				{!readOnly && <StepButtons text={text} step={step} lists={lists} onEdit={onEdit} />}
			</div>
			<div className={styles.two}>
				<IdField
					id={step.id}
					taken={taken}
					readOnly={readOnly}
					error={errorAt("id")}
					onId={(id) => onEdit(() => renameStep(text, path, id), `${pathText(path)} id`)}
				/>
				<TextInput
					size="xs"
					label="Name"
					maxLength={200}
					readOnly={readOnly}
					value={step.name}
					onChange={({ currentTarget }) => set(["name"], currentTarget.value === "" ? undefined : currentTarget.value)}
				/>
			</div>
			<Select
				size="xs"
				label="Type"
				searchable
				allowDeselect={false}
				readOnly={readOnly}
				data={[
					...types.map(({ type, label }) => ({ value: type, label: `${visibleLine(label)} (${type})` })),
					...(types.some(({ type }) => type === step.type) || step.type === ""
						? []
						: [{ value: step.type, label: visibleLine(step.type) }]),
				]}
				value={step.type === "" ? null : step.type}
				error={errorAt("type")}
				onChange={(type) => type !== null && set(["type"], type)}
			/>
			{info !== undefined && <p className="nc-small nc-dim">{visibleLine(info.description)}</p>}
			<VariablesHelp variables={variables} />
			{params.map((one) => (
				<ParamField
					key={`${step.type} ${one.name}`}
					param={one}
					value={given[one.name]}
					readOnly={readOnly}
					error={errorAt(`with.${one.name}`)}
					onValue={(value) => set(["with", one.name], value)}
				/>
			))}
			{unknown.map((name) => (
				<YamlField
					key={name}
					label={visibleLine(name)}
					description={info === undefined ? "" : "The type does not know it."}
					value={given[name]}
					readOnly={readOnly}
					error={errorAt(`with.${name}`)}
					onValue={(value) => set(["with", name], value)}
				/>
			))}
			<h3>When and how</h3>
			<TextInput
				size="xs"
				data-code
				label="Only when"
				description="An expression such as before is defined; else the step is skipped"
				readOnly={readOnly}
				value={values.when === undefined ? "" : String(values.when)}
				error={errorAt("when")}
				onChange={({ currentTarget }) => set(["when"], currentTarget.value === "" ? undefined : currentTarget.value)}
			/>
			<div className={styles.two}>
				<NextField
					label="When it failed"
					key={`failure ${step.id}`}
					kind="failure"
					value={values.on_failure}
					steps={siblings.filter((id) => id !== step.id)}
					readOnly={readOnly}
					error={errorAt("on_failure") ?? errorAt("on_failure.goto")}
					onValue={(value) => set(["on_failure"], value)}
				/>
				<NextField
					label="When it is done"
					kind="success"
					value={values.on_success}
					steps={siblings.filter((id) => id !== step.id)}
					readOnly={readOnly}
					error={errorAt("on_success") ?? errorAt("on_success.goto")}
					onValue={(value) => set(["on_success"], value)}
				/>
			</div>
			{offers("save_to_variable") && (
				<TextInput
					size="xs"
					label="Keep the result as"
					description="Name of a variable for the steps that follow"
					readOnly={readOnly}
					value={typeof values.save_to_variable === "string" ? values.save_to_variable : ""}
					error={errorAt("save_to_variable")}
					onChange={({ currentTarget }) =>
						set(["save_to_variable"], currentTarget.value === "" ? undefined : currentTarget.value)
					}
				/>
			)}
			{offers("retries") && (
				<>
					<h3>Further attempts</h3>
					<div className={styles.two}>
						{retryFields.map((one) => (
							<ParamField
								key={one.name}
								param={one}
								value={retries[one.name]}
								readOnly={readOnly}
								error={errorAt(`retries.${one.name}`) ?? (one.name === "count" ? errorAt("retries") : undefined)}
								onValue={(value) => set(["retries"], retriesWith(retries, one.name, value))}
							/>
						))}
					</div>
				</>
			)}
			<div className={styles.two}>
				{offers("timeout_s") && (
					<ParamField
						param={common.timeout_s}
						value={values.timeout_s}
						readOnly={readOnly}
						error={errorAt("timeout_s")}
						onValue={(value) => set(["timeout_s"], value)}
					/>
				)}
				{offers("parallelism") && (
					<ParamField
						param={common.parallelism}
						value={values.parallelism}
						readOnly={readOnly}
						error={errorAt("parallelism")}
						onValue={(value) => set(["parallelism"], value)}
					/>
				)}
			</div>
			{info?.runs_on === "devices" && (
				<>
					<h3>Only on these devices</h3>
					{readOnly ? (
						<p className="nc-small">
							{values.targets === undefined
								? "All of the procedure's devices"
								: visibleLine(JSON.stringify(values.targets))}
						</p>
					) : (
						<SelectionFields
							label={`Devices of ${visibleLine(step.id)}`}
							selection={isMapping(values.targets) ? (values.targets as Selection) : {}}
							error={errorAt("targets")}
							onChange={(selection) => set(["targets"], selectionValue(selection))}
						/>
					)}
				</>
			)}
		</div>
	);
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

function retriesWith(before: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
	const { [name]: _, ...rest } = before;
	const next = value === undefined ? rest : { ...before, [name]: value };
	if (Object.keys(next).length === 0) return undefined;
	return "count" in next ? next : { count: 1, ...next };
}

/** Names a step. What another one is called is not taken, and jumps follow the name. */
function IdField({
	id,
	taken,
	readOnly,
	error,
	onId,
}: {
	id: string;
	taken: ReadonlySet<string>;
	readOnly: boolean;
	error: string | undefined;
	onId: (id: string) => void;
}) {
	const [typed, setTyped] = useState(id);
	const [known, setKnown] = useState(id);
	if (known !== id) {
		setKnown(id);
		setTyped(id);
	}
	const fault = faultOf(typed);
	function faultOf(wanted: string): string | undefined {
		const read = StepId.safeParse(wanted);
		if (!read.success) return read.error.issues[0]?.message;
		return taken.has(wanted) ? "Another step is called so" : undefined;
	}
	return (
		<TextInput
			size="xs"
			label="Id"
			maxLength={63}
			withAsterisk
			readOnly={readOnly}
			value={typed}
			error={typed === id ? error : fault}
			onChange={({ currentTarget }) => {
				setTyped(currentTarget.value);
				if (faultOf(currentTarget.value) === undefined) {
					setKnown(currentTarget.value);
					onId(currentTarget.value);
				}
			}}
		/>
	);
}

function StepButtons({
	text,
	step,
	lists,
	onEdit,
}: {
	text: string;
	step: ReadStep;
	lists: readonly StepList[];
	onEdit: (change: () => Edited | string) => void;
}) {
	const { path } = step;
	const own = pathText(path.slice(0, -1));
	const elsewhere = lists.filter(
		(list) => pathText(list.path) !== own && !pathText(list.path).startsWith(pathText(path)),
	);
	return (
		<div className={styles.buttons}>
			<Button
				size="compact-xs"
				variant="default"
				title="Alt and arrow up"
				onClick={() => onEdit(() => moveStep(text, path, -1))}
			>
				<Icon name="up" size={12} />
				<span className="nc-visually-hidden">Move up</span>
			</Button>
			<Button
				size="compact-xs"
				variant="default"
				title="Alt and arrow down"
				onClick={() => onEdit(() => moveStep(text, path, 1))}
			>
				<Icon name="down" size={12} />
				<span className="nc-visually-hidden">Move down</span>
			</Button>
			<Button size="compact-xs" variant="default" onClick={() => onEdit(() => copyStep(text, path))}>
				Duplicate
			</Button>
			{elsewhere.length > 0 && (
				<Select
					size="xs"
					aria-label="Move into"
					placeholder="Move into…"
					w={130}
					comboboxProps={{ width: 240, position: "bottom-end" }}
					value={null}
					data={elsewhere.map((list) => ({ value: pathText(list.path), label: visibleLine(listName(list, lists)) }))}
					onChange={(chosen) => {
						const list = elsewhere.find((one) => pathText(one.path) === chosen);
						if (list !== undefined) onEdit(() => moveStepTo(text, path, list.path, list.steps.length));
					}}
				/>
			)}
			<Button
				size="compact-xs"
				variant="default"
				color="red"
				leftSection={<Icon name="trash" size={12} />}
				onClick={() => onEdit(() => removeStep(text, path))}
			>
				Remove
			</Button>
		</div>
	);
}

function listName({ path, block }: StepList, lists: readonly StepList[]): string {
	if (path.length === 1) return block === "steps" ? "The procedure" : "After a rollback";
	const branch = block === "branches" ? ` ${Number(path.at(-1)) + 1}` : "";
	const holder = path.slice(0, block === "branches" ? -2 : -1);
	const within = lists.flatMap(({ steps }) => steps).find((step) => pathText(step.path) === pathText(holder));
	return `${within?.id ?? ""}: ${(blockWords[block] ?? block).toLowerCase()}${branch}`;
}
