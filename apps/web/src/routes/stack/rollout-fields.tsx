import { Checkbox, NumberInput, TextInput } from "@mantine/core";
import type { Rollout } from "@netconductor/contracts/tasks/model";
import { readBatchSizes, rolloutWords } from "./rollout-words.ts";
import styles from "./stack.module.css";

/** A rollout for one run, as it is filled in. */
export interface RolloutDraft {
	batch_sizes: string;
	most_failures: number | string;
	pause_after_first: boolean;
}

/** As the API takes it; undefined: as the stack has it. */
export function rolloutOf(draft: RolloutDraft | null): Rollout | undefined {
	if (draft === null) return undefined;
	return {
		batch_sizes: readBatchSizes(draft.batch_sizes),
		most_failures: draft.most_failures === "" ? Number.NaN : Number(draft.most_failures),
		pause_after_first: draft.pause_after_first,
	};
}

/** How a run spreads: as its stack says, or otherwise this time. */
export function RolloutFields({
	own,
	value = null,
	onChange,
	error,
}: {
	/** The stack's; undefined while it is not known. */
	own: Rollout | undefined;
	value?: RolloutDraft | null;
	onChange: (value: RolloutDraft | null) => void;
	error?: string;
}) {
	const begin = own ?? { batch_sizes: [1, 10], most_failures: 0, pause_after_first: false };
	return (
		<>
			<div>
				<div style={{ fontSize: "var(--mantine-font-size-sm)", fontWeight: 500 }}>Rollout</div>
				{value === null && own !== undefined && <div className="nc-small nc-dim">{rolloutWords(own)}</div>}
			</div>
			<Checkbox
				label="Another rollout for this run"
				checked={value !== null}
				onChange={({ currentTarget }) =>
					onChange(currentTarget.checked ? { ...begin, batch_sizes: begin.batch_sizes.join(", ") } : null)
				}
			/>
			{value !== null && (
				<div className={styles.two}>
					<TextInput
						label="Batches"
						description="Devices of each; the last number repeats: 1, 10"
						autoComplete="off"
						value={value.batch_sizes}
						error={error !== undefined && "Batches are numbers from 1, failures a number from 0"}
						onChange={({ currentTarget }) => onChange({ ...value, batch_sizes: currentTarget.value })}
					/>
					<NumberInput
						label="Failures it bears"
						description="When more devices fail, no further batch begins"
						min={0}
						max={50_000}
						allowDecimal={false}
						value={value.most_failures}
						onChange={(most_failures) => onChange({ ...value, most_failures })}
					/>
					<Checkbox
						label="Wait for somebody's word after the first batch"
						checked={value.pause_after_first}
						onChange={({ currentTarget }) => onChange({ ...value, pause_after_first: currentTarget.checked })}
					/>
				</div>
			)}
		</>
	);
}
