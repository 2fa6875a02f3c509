import type { MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { stringify } from "yaml";
import { CopyButton } from "../../ui/copy-button.tsx";
import { State } from "../../ui/state.tsx";
import { blockWords, categories } from "../mop/builder/words.ts";
import { type ParamField, paramFields, showField } from "../mop/document/fields.ts";
import styles from "./step-types.module.css";

const kinds: Readonly<Record<ParamField["kind"], string>> = {
	text: "text",
	lines: "lines",
	number: "number",
	boolean: "true or false",
	choice: "one of",
	list: "list of texts",
	yaml: "list or mapping",
};

/** What a step type does, what it takes, and a step of it to copy. */
export function StepTypeDocs({ stepType }: { stepType: MopStepType }) {
	const { label, description, category, writes, runs_on, params, blocks, aliases, permission, base } = stepType;
	const fields = paramFields(params);
	const example = exampleOf(stepType);
	return (
		<div className={styles.docs}>
			<div className={styles.line}>
				<strong>{visibleLine(label)}</strong>
				<State tone="calm" icon={categories[category].icon} word={categories[category].label} />
				{writes && <State tone="warn" icon="edit" word="Changes" />}
			</div>
			<p className="nc-break">{visibleLine(description)}</p>
			<ul className="nc-small nc-dim">
				<li>
					{runs_on === "devices"
						? "Once on each device of the procedure"
						: runs_on === "server"
							? "Once, for no device"
							: "As the steps in it say"}
				</li>
				{base !== null && <li>A preset of {visibleLine(base)}</li>}
				{aliases.length > 0 && <li>Also called {visibleLine(aliases.join(", "))}</li>}
				{permission !== null && <li>Whoever starts it needs the permission {permission}</li>}
				{blocks.map(({ name, required }) => (
					<li key={name}>
						Has steps in <span className="nc-mono">{name}</span> ({(blockWords[name] ?? name).toLowerCase()}
						{required ? "" : ", may be left out"})
					</li>
				))}
			</ul>
			{fields.length > 0 && (
				<table className="nc-table" aria-label="Parameters">
					<thead>
						<tr>
							<th scope="col">Parameter</th>
							<th scope="col">Takes</th>
							<th scope="col">Means</th>
						</tr>
					</thead>
					<tbody>
						{fields.map((field) => (
							<tr key={field.name}>
								<td className="nc-mono">
									{visibleLine(field.name)}
									{field.required && <span title="Must be given"> *</span>}
								</td>
								<td>
									{kinds[field.kind]} {field.kind === "choice" && visibleLine(field.choices.join(", "))}
									{field.byDefault !== undefined && (
										<div className="nc-dim">else {visibleLine(showField(field, field.byDefault))}</div>
									)}
								</td>
								<td>{visibleLine(field.description)}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
			<div className={styles.line}>
				<strong>Example</strong>
				<CopyButton text={example} label="Copy" />
			</div>
			<pre className={styles.code}>{visibleText(example)}</pre>
		</div>
	);
}

function exampleOf({ type, example, blocks }: MopStepType): string {
	const inner = [{ id: "say", type: "log", with: { message: "done" } }];
	const step = {
		id: type.slice(0, 60),
		type,
		...(Object.keys(example).length > 0 && { with: example }),
		...Object.fromEntries(
			blocks.filter(({ required }) => required).map(({ name, many }) => [name, many ? [inner, inner] : inner]),
		),
	};
	return stringify([step], { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
