import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { type Faults, faultAt } from "./draft.ts";
import { ResourceValue } from "./resource-value.tsx";
import styles from "./stack.module.css";
import type { VariableRow } from "./variable-rows.ts";

/** Variables by name, with values as JSON or as plain text; `place` is where faults speak of them. */
export function VariableTable({
	label,
	rows,
	hidden,
	onRows,
	faults,
	place,
}: {
	label: string;
	rows: readonly VariableRow[];
	/** Have fields of their own elsewhere. */
	hidden?: ReadonlySet<string>;
	onRows: (rows: VariableRow[]) => void;
	faults: Faults;
	place: string;
}) {
	const set = (at: number, part: Partial<VariableRow>) =>
		onRows(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
	return (
		<fieldset className={styles.variables} aria-label={label}>
			{rows.map((row, index) =>
				hidden?.has(row.name) ? null : (
					// biome-ignore lint/suspicious/noArrayIndexKey: a row is what stands at its place, whatever its name becomes
					<div className={styles.variable} key={index}>
						<TextInput
							size="xs"
							aria-label={`Name of variable ${index + 1}`}
							placeholder="Name"
							autoComplete="off"
							spellCheck={false}
							maxLength={200}
							value={row.name}
							onChange={({ currentTarget }) => set(index, { name: currentTarget.value })}
						/>
						<Textarea
							size="xs"
							aria-label={row.name === "" ? `Value of variable ${index + 1}` : `Value of ${visibleLine(row.name)}`}
							placeholder="Value"
							autosize
							minRows={1}
							maxRows={12}
							spellCheck={false}
							value={row.text}
							error={faultAt(faults, `${place}.${index}`)}
							onChange={({ currentTarget }) => set(index, { text: currentTarget.value })}
						/>
						<ResourceValue
							name={row.name === "" ? `variable ${index + 1}` : row.name}
							text={row.text}
							onText={(text) => set(index, { text })}
						/>
						<ActionIcon
							variant="subtle"
							color="gray"
							size={30}
							aria-label={`Remove ${visibleLine(row.name) || `variable ${index + 1}`}`}
							title="Remove"
							onClick={() => onRows(rows.filter((_, at) => at !== index))}
						>
							<Icon name="trash" size={14} />
						</ActionIcon>
					</div>
				),
			)}
			<div>
				<Button
					size="compact-xs"
					variant="default"
					leftSection={<Icon name="plus" size={12} />}
					onClick={() => onRows([...rows, { name: "", text: "" }])}
				>
					Add a variable
				</Button>
			</div>
		</fieldset>
	);
}
