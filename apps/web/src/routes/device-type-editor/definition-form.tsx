import { ActionIcon, Button, Select, Textarea, TextInput } from "@mantine/core";
import { FactName, type PlatformInput } from "@netconductor/contracts/devices/platform";
import { type ReactNode, useState } from "react";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/page.tsx";
import viewStyles from "../device-type/definition.module.css";
import { explained } from "../device-type/definition-view.tsx";
import { keysToText, textToKeys } from "../device-type/keys-text.ts";
import { type Fault, faultAt, valueAt } from "./draft.ts";
import styles from "./editor.module.css";

interface Form {
	definition: PlatformInput;
	faults: readonly Fault[];
	set: (path: string, value: unknown) => void;
}

/** Every field of a definition, by its parts. */
export function DefinitionForm({ fixedId, ...form }: Form & { fixedId: boolean }) {
	return (
		<form className={styles.sections} aria-label="Definition" onSubmit={(event) => event.preventDefault()}>
			<Part title="Name" about="How people and the API know it.">
				<Text {...form} path="label" label="Name" required plain />
				<Text
					{...form}
					path="id"
					label="Id"
					required
					disabled={fixedId}
					description={fixedId ? "It cannot be changed" : "vendor_os in lower case; it cannot be changed later"}
				/>
				<Text {...form} path="vendor" label="Vendor" plain />
			</Part>
			<Part title="Prompts" about={explained.prompts}>
				<Text {...form} path="prompt.exec" label="Unprivileged" required />
				<Text {...form} path="prompt.enable" label="Privileged" />
				<Text {...form} path="prompt.config" label="Configuration" />
				<Text {...form} path="prompt.above" label="Line above the prompt" description="Part of it, not of an answer" />
			</Part>
			<Part title="Session" about={explained.session}>
				<Lines
					{...form}
					path="session_start"
					label="Sent after login"
					description="No paging, wide terminal; one command a line"
				/>
				<Text {...form} path="enable.command" label="Command for privileges" />
				{form.definition.enable !== undefined && (
					<Text {...form} path="enable.password_prompt" label="Its question for the password" />
				)}
				<Text {...form} path="configure.enter" label="Enter configuration" />
				<Text {...form} path="configure.exit" label="Leave configuration" />
				<Text {...form} path="save.command" label="Save the configuration" />
				<Text {...form} path="logout" label="End the session" />
				<Select
					label="End of a command"
					allowDeselect={false}
					data={[
						{ value: "\n", label: "Line feed \\n" },
						{ value: "\r", label: "Carriage return \\r" },
						{ value: "\r\n", label: "Both \\r\\n" },
					]}
					value={form.definition.newline ?? "\n"}
					error={faultAt(form.faults, "newline")}
					onChange={(value) => form.set("newline", value ?? "\n")}
				/>
				<Text {...form} path="username_suffix" label="Appended to the user name" />
			</Part>
			<Part title="Configuration" about={explained.config}>
				<Lines
					{...form}
					path="config.commands"
					label="Commands that show it"
					description="Read in order and joined; one a line"
				/>
				<Text
					{...form}
					path="config.end"
					label="Last line of a whole one"
					description="Without it a configuration that was cut off is not noticed"
				/>
				<Lines {...form} path="config.drop" label="Lines above that are dropped" />
				<Select
					label="Structure"
					allowDeselect={false}
					data={[
						{ value: "indent", label: "By indentation" },
						{ value: "braces", label: "By braces" },
						{ value: "set_lines", label: "Lines that set" },
						{ value: "flat", label: "Flat lines" },
					]}
					value={form.definition.config?.structure ?? "indent"}
					error={faultAt(form.faults, "config.structure")}
					onChange={(value) => form.set("config.structure", value ?? "indent")}
				/>
				<Text {...form} path="config.comment" label="Comments" />
			</Part>
			<Part title="Questions" about={explained.questions}>
				<Questions {...form} path="pager" label="Pager" />
				<Questions {...form} path="login_questions" label="Before the first prompt" />
			</Part>
			<Part title="Facts" about={explained.facts}>
				<FactCommands {...form} />
			</Part>
			<Part title="Errors" about={explained.errors}>
				<Lines {...form} path="errors" label="Patterns" />
			</Part>
			<Part title="Volatile lines" about={explained.volatile}>
				<Lines {...form} path="volatile" label="Patterns" />
			</Part>
			<Part title="Secrets" about={explained.secrets}>
				<Lines {...form} path="secrets" label="Patterns" />
				<SecretBlocks {...form} />
			</Part>
		</form>
	);
}

function Part({ title, about, children }: { title: string; about: string; children: ReactNode }) {
	return (
		<Panel title={title}>
			<p className={viewStyles.explained}>{about}</p>
			<div className={styles.fields}>{children}</div>
		</Panel>
	);
}

interface Field extends Form {
	path: string;
	label: string;
	description?: string;
}

function Text({
	definition,
	faults,
	set,
	path,
	label,
	description,
	required = false,
	disabled = false,
	plain = false,
}: Field & { required?: boolean; disabled?: boolean; plain?: boolean }) {
	return (
		<TextInput
			label={label}
			description={description}
			withAsterisk={required}
			disabled={disabled}
			autoComplete="off"
			spellCheck={false}
			styles={plain ? { input: { fontFamily: "inherit", fontSize: "var(--mantine-font-size-sm)" } } : {}}
			value={textAt(definition, path)}
			error={faultAt(faults, path)}
			onChange={({ currentTarget: { value } }) => set(path, value === "" && !required ? undefined : value)}
		/>
	);
}

function textAt(definition: PlatformInput, path: string): string {
	const value = valueAt(definition, path);
	return typeof value === "string" ? value : "";
}

/** A list of texts, one a line. */
function Lines({ definition, faults, set, path, label, description }: Field) {
	const list = listAt<string>(definition, path);
	const [typed, setTyped] = useState(() => list.join("\n"));
	// What is in the field stays as it was typed, with empty lines, as long as it means the same.
	const text = linesOf(typed).join("\n") === list.join("\n") ? typed : list.join("\n");
	return (
		<Textarea
			label={label}
			description={description}
			autosize
			minRows={2}
			maxRows={16}
			spellCheck={false}
			value={text}
			error={faultAt(faults, path)}
			onChange={({ currentTarget: { value } }) => {
				setTyped(value);
				set(path, linesOf(value));
			}}
		/>
	);
}

function linesOf(text: string): string[] {
	return text.split("\n").filter((line) => line !== "");
}

function listAt<Item>(definition: PlatformInput, path: string): Item[] {
	const value = valueAt(definition, path);
	return Array.isArray(value) ? value : [];
}

interface Question {
	pattern: string;
	send: string;
}

function Questions(form: Field) {
	const { definition, faults, set, path, label } = form;
	const list = listAt<Question>(definition, path);
	return (
		<Rows
			label={label}
			count={list.length}
			add="Add a question"
			onAdd={() => set(path, [...list, { pattern: "", send: " " }])}
			onRemove={(index) =>
				set(
					path,
					list.filter((_, at) => at !== index),
				)
			}
			row={(index) => (
				<div className={styles.pair}>
					<TextInput
						aria-label={`${label} ${index + 1}: pattern`}
						placeholder="Pattern"
						spellCheck={false}
						value={textAt(definition, `${path}.${index}.pattern`)}
						error={faultAt(faults, `${path}.${index}.pattern`)}
						onChange={({ currentTarget }) => set(`${path}.${index}.pattern`, currentTarget.value)}
					/>
					<Keys
						label={`${label} ${index + 1}: keys that answer`}
						keys={list[index]?.send ?? ""}
						error={faultAt(faults, `${path}.${index}.send`)}
						onKeys={(keys) => set(`${path}.${index}.send`, keys)}
					/>
				</div>
			)}
		/>
	);
}

/** Keys to send, invisible ones as they are typed: `\r`. */
function Keys({
	label,
	keys,
	error,
	onKeys,
}: {
	label: string;
	keys: string;
	error: string | undefined;
	onKeys: (keys: string) => void;
}) {
	const [typed, setTyped] = useState(() => keysToText(keys));
	const meant = textToKeys(typed);
	// Half a key that is being typed stays, too.
	const text = meant === undefined || meant === keys ? typed : keysToText(keys);
	return (
		<TextInput
			aria-label={label}
			placeholder="Keys"
			title="\r return, \n line feed, \s space, \t tab"
			spellCheck={false}
			value={text}
			error={meant === undefined ? "Not a key" : error}
			onChange={({ currentTarget: { value } }) => {
				setTyped(value);
				const given = textToKeys(value);
				if (given !== undefined) onKeys(given);
			}}
		/>
	);
}

function FactCommands(form: Form) {
	const { definition, set } = form;
	const list = listAt<object>(definition, "facts");
	return (
		<Rows
			label="Commands"
			count={list.length}
			add="Add a command"
			onAdd={() => set("facts", [...list, { command: "", fields: {} }])}
			onRemove={(index) =>
				set(
					"facts",
					list.filter((_, at) => at !== index),
				)
			}
			row={(index) => (
				<div className={styles.group}>
					<Text {...form} path={`facts.${index}.command`} label="Command" required />
					{FactName.options.map((name) => (
						<Text
							key={name}
							{...form}
							set={(path, value) => setField(form, index, path, value)}
							path={`facts.${index}.fields.${name}`}
							label={`Pattern of the ${name.replaceAll("_", " ")}`}
						/>
					))}
				</div>
			)}
		/>
	);
}

/** The fields of a command stay there, also when the last one is emptied. */
function setField({ definition, set }: Form, index: number, path: string, value: unknown): void {
	const name = path.split(".").at(-1) ?? "";
	const { [name]: _, ...others } = (valueAt(definition, `facts.${index}.fields`) ?? {}) as Record<string, unknown>;
	set(`facts.${index}.fields`, value === undefined ? others : { ...others, [name]: value });
}

function SecretBlocks(form: Form) {
	const { definition, set } = form;
	const list = listAt<object>(definition, "secret_blocks");
	return (
		<Rows
			label="Only between two lines"
			count={list.length}
			add="Add such a part"
			onAdd={() => set("secret_blocks", [...list, { start: "", end: "", secrets: [] }])}
			onRemove={(index) =>
				set(
					"secret_blocks",
					list.filter((_, at) => at !== index),
				)
			}
			row={(index) => (
				<div className={styles.group}>
					<Text {...form} path={`secret_blocks.${index}.start`} label="From a line that matches" required />
					<Text {...form} path={`secret_blocks.${index}.end`} label="To a line that matches" required />
					<Lines {...form} path={`secret_blocks.${index}.secrets`} label="Patterns" />
				</div>
			)}
		/>
	);
}

function Rows({
	label,
	count,
	add,
	onAdd,
	onRemove,
	row,
}: {
	label: string;
	count: number;
	add: string;
	onAdd: () => void;
	onRemove: (index: number) => void;
	row: (index: number) => ReactNode;
}) {
	return (
		<fieldset style={{ border: 0, margin: 0, padding: 0 }}>
			<legend style={{ padding: 0, fontSize: "var(--mantine-font-size-sm)", fontWeight: 500 }}>{label}</legend>
			<div className={styles.rows}>
				{Array.from({ length: count }, (_, index) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: a row is known by its place
					<div key={`${index} of ${count}`} className={styles.row}>
						{row(index)}
						<ActionIcon
							variant="subtle"
							color="gray"
							mt={4}
							aria-label={`Remove ${label} ${index + 1}`}
							onClick={() => onRemove(index)}
						>
							<Icon name="trash" size={14} />
						</ActionIcon>
					</div>
				))}
				<div>
					<Button variant="default" size="compact-xs" onClick={onAdd}>
						{add}
					</Button>
				</div>
			</div>
		</fieldset>
	);
}
