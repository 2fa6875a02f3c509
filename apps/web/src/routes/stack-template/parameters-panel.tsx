import { ActionIcon, Button, Checkbox, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { ParameterType } from "@netconductor/contracts/config/stack-templates";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/page.tsx";
import { type Faults, faultAt } from "../stack/draft.ts";
import styles from "../stack/stack.module.css";
import type { ParameterDraft } from "./draft.ts";

const types: Readonly<Record<ParameterType, string>> = {
	string: "Text",
	integer: "Whole number",
	number: "Number",
	boolean: "True or false",
	list: "List",
	object: "Mapping",
};

/** What stacks that are made from the template have values of their own for. */
export function ParametersPanel({
	parameters,
	faults,
	onParameters,
}: {
	parameters: readonly ParameterDraft[];
	faults: Faults;
	onParameters: (parameters: ParameterDraft[]) => void;
}) {
	const set = (at: number, part: Partial<ParameterDraft>) =>
		onParameters(parameters.map((one, index) => (index === at ? { ...one, ...part } : one)));
	return (
		<Panel title="Parameters">
			<div className={styles.body}>
				<span className="nc-small nc-dim">
					A parameter’s value stands wherever <code>{`\${name}`}</code> is written below: alone it is the value itself,
					also a list; within a longer text it is written out.
				</span>
				{parameters.map((parameter, index) => {
					const title = parameter.name === "" ? `Parameter ${index + 1}` : parameter.name;
					const place = `parameters.${index}`;
					return (
						<fieldset key={parameter.key} className={styles.service} aria-label={title}>
							<div className={styles.serviceHead}>
								<h3>{title}</h3>
								<ActionIcon
									variant="subtle"
									color="gray"
									aria-label={`Remove ${title}`}
									title="Remove"
									onClick={() => onParameters(parameters.filter((one) => one.key !== parameter.key))}
								>
									<Icon name="trash" size={14} />
								</ActionIcon>
							</div>
							<div className={styles.two}>
								<TextInput
									label="Name"
									withAsterisk
									maxLength={63}
									autoComplete="off"
									spellCheck={false}
									value={parameter.name}
									error={faultAt(faults, `${place}.name`)}
									onChange={({ currentTarget }) => set(index, { name: currentTarget.value.trim() })}
								/>
								<Select
									label="Type"
									allowDeselect={false}
									data={ParameterType.options.map((value) => ({ value, label: types[value] }))}
									value={parameter.type}
									onChange={(type) => type !== null && set(index, { type: type as ParameterType })}
								/>
								<TextInput
									label="Description"
									description="What it is, for who fills it in"
									maxLength={500}
									autoComplete="off"
									value={parameter.description}
									error={faultAt(faults, `${place}.description`)}
									onChange={({ currentTarget }) => set(index, { description: currentTarget.value })}
								/>
								<Textarea
									label="Default"
									description={parameter.type === "list" ? "An entry in each line" : "Empty: none"}
									autosize
									minRows={1}
									maxRows={8}
									spellCheck={false}
									value={parameter.preset}
									error={faultAt(faults, `${place}.default`)}
									onChange={({ currentTarget }) => set(index, { preset: currentTarget.value })}
								/>
								<TagsInput
									label="Choices"
									description="None: any value. Enter after each"
									acceptValueOnBlur
									value={parameter.choices}
									error={faultAt(faults, `${place}.choices`)}
									onChange={(choices) => set(index, { choices })}
								/>
								{(parameter.type === "string" || parameter.type === "list") && (
									<TextInput
										label="Pattern"
										description="A regular expression (RE2) that all of it matches"
										autoComplete="off"
										spellCheck={false}
										value={parameter.pattern}
										error={faultAt(faults, `${place}.pattern`)}
										onChange={({ currentTarget }) => set(index, { pattern: currentTarget.value })}
									/>
								)}
								<Checkbox
									label="Needed"
									description="Without a value or a default no stack is made"
									checked={parameter.required}
									onChange={({ currentTarget }) => set(index, { required: currentTarget.checked })}
								/>
							</div>
						</fieldset>
					);
				})}
				<div>
					<Button
						variant="default"
						leftSection={<Icon name="plus" size={14} />}
						onClick={() =>
							onParameters([
								...parameters,
								{
									key: crypto.randomUUID(),
									name: "",
									type: "string",
									description: "",
									required: true,
									preset: "",
									choices: [],
									pattern: "",
								},
							])
						}
					>
						Add a parameter
					</Button>
				</div>
			</div>
		</Panel>
	);
}
