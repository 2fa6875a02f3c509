import { Button } from "@mantine/core";
import type { MopFault, MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { memo } from "react";
import { Icon } from "../../../ui/icon.tsx";
import { State } from "../../../ui/state.tsx";
import { pathText, type ReadStep, type StepList } from "../document/read-procedure.ts";
import type { Path } from "../document/yaml-text.ts";
import styles from "./builder.module.css";
import { blockWords, categories, notesOf, summaryOf, typeOf } from "./words.ts";

/** What the cards need of the builder around them. */
export interface FlowContext {
	types: readonly MopStepType[];
	/** Faults by the step that they are in. */
	faults: ReadonlyMap<string, readonly MopFault[]>;
	/** Paths of steps that may change something; undefined as long as nobody knows more than their types. */
	mayChange: ReadonlySet<string> | undefined;
	/** Path of the step that is open. */
	at: string | undefined;
	readOnly: boolean;
	onAt: (at: string) => void;
	onAdd: (list: Path, index: number) => void;
	onAddBranch: (step: Path) => void;
	onRemoveBranch: (branch: Path) => void;
}

/** Steps one below the other, and ways to put further ones between them. */
export function Flow({ list, label, flow }: { list: StepList; label: string; flow: FlowContext }) {
	const { path, steps } = list;
	return (
		<ol className={styles.flow} aria-label={label}>
			{steps.map((step, index) => (
				<li key={pathText(step.path)}>
					<Between
						list={path}
						index={index}
						what={index === 0 ? "first" : `after ${steps[index - 1]?.id}`}
						flow={flow}
					/>
					<StepCard step={step} flow={flow} />
				</li>
			))}
			{!flow.readOnly && (
				<li>
					<Button
						size="compact-xs"
						variant="default"
						leftSection={<Icon name="plus" size={12} />}
						onClick={() => flow.onAdd(path, steps.length)}
					>
						Add step
					</Button>
				</li>
			)}
		</ol>
	);
}

function Between({ list, index, what, flow }: { list: Path; index: number; what: string; flow: FlowContext }) {
	if (flow.readOnly) return index === 0 ? null : <div className={styles.line} />;
	return (
		<div className={styles.between}>
			<button
				type="button"
				tabIndex={-1}
				aria-label={`Add a step ${visibleLine(what)}`}
				title="Add a step here"
				onClick={() => flow.onAdd(list, index)}
			>
				<Icon name="plus" size={12} />
			</button>
		</div>
	);
}

const StepCard = memo(function StepCard({ step, flow }: { step: ReadStep; flow: FlowContext }) {
	const path = pathText(step.path);
	const info = typeOf(step, flow.types);
	const faults = flow.faults.get(path) ?? [];
	const errors = faults.some(({ severity }) => severity === "error");
	const summary = summaryOf(step);
	const missing = (info?.blocks ?? []).filter(
		({ name, many }) => !many && step.blocks.every(({ block }) => block !== name),
	);
	const branching = info?.blocks.some(({ many }) => many) ?? step.blocks.some(({ block }) => block === "branches");
	const blocks = [
		...step.blocks,
		...missing.map(({ name }): StepList => ({ path: [...step.path, name], block: name, steps: [] })),
	];
	return (
		<>
			<button
				type="button"
				className={styles.card}
				data-step={path}
				data-tone={errors ? "bad" : faults.length > 0 ? "warn" : undefined}
				aria-current={flow.at === path || undefined}
				onClick={() => flow.onAt(path)}
			>
				<Icon name={info === undefined ? "question" : categories[info.category].icon} />
				<span className={styles.what}>
					<span className={styles.title}>
						<strong className="nc-break">{visibleLine(step.name || step.id || "(without id)")}</strong>
						<span className="nc-mono nc-dim">
							{visibleLine(step.type || (step.closed ? "by reference" : "no type"))}
						</span>
						{(flow.mayChange?.has(path) ?? info?.writes === true) && <span className={styles.writes}>may change</span>}
					</span>
					{summary !== "" && <span className={styles.summary}>{visibleLine(summary)}</span>}
					{notesOf(step).map((note) => (
						<span key={note} className={styles.note}>
							{visibleLine(note)}
						</span>
					))}
					{faults.map(({ message, severity, line }) => (
						<span key={`${line} ${message}`} className={styles.fault}>
							<State
								tone={severity === "error" ? "bad" : "warn"}
								icon={severity === "error" ? "cross" : "warning"}
								word={severity === "error" ? "Error" : "Warning"}
							/>
							<span className="nc-break">{visibleLine(message)}</span>
						</span>
					))}
				</span>
			</button>
			{(blocks.length > 0 || branching) && (
				<div className={styles.blocks} data-many={blocks.length > 1 || undefined}>
					{blocks.map((block) => {
						const word = blockLabel(block);
						return (
							<div key={pathText(block.path)} className={styles.block}>
								<div className={styles.blockHead}>
									{word}
									{block.block === "branches" && block.steps.length === 0 && !flow.readOnly && (
										<Button size="compact-xs" variant="subtle" onClick={() => flow.onRemoveBranch(block.path)}>
											Remove the branch
										</Button>
									)}
								</div>
								<Flow list={block} label={`${word} of ${visibleLine(step.id)}`} flow={flow} />
							</div>
						);
					})}
					{branching && !flow.readOnly && (
						<div>
							<Button
								size="compact-xs"
								variant="default"
								leftSection={<Icon name="plus" size={12} />}
								onClick={() => flow.onAddBranch(step.path)}
							>
								Add branch
							</Button>
						</div>
					)}
				</div>
			)}
		</>
	);
});

function blockLabel({ block, path }: StepList): string {
	const word = blockWords[block] ?? block;
	return block === "branches" ? `${word} ${Number(path.at(-1)) + 1}` : word;
}
