import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { ProgramStep, RunStep } from "@netconductor/contracts/tasks/procedure";
import { type ReactNode, useMemo, useState } from "react";
import { Icon } from "../../../ui/icon.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { Panel } from "../../../ui/page.tsx";
import { ProblemAlert } from "../../../ui/problem.tsx";
import { RowsLoading } from "../../../ui/rows-loading.tsx";
import { type Look, State } from "../../../ui/state.tsx";
import { count, duration } from "../../../ui/words.ts";
import { hasEnded, useOperations } from "../use-live-run.ts";
import { useShow } from "../use-show.ts";
import style from "./procedure.module.css";
import { type StepDeeds, StepDetails } from "./step-details.tsx";
import { type StepBlock, type StepNode, treeOf, undecidedStep } from "./step-tree.ts";
import { deviceWords, nameOf, stepLooks, underWay } from "./step-words.ts";
import { useProcedure, useSteps } from "./use-steps.ts";

/** Rounds of a loop that are shown before somebody asks for more. */
const blocksAtFirst = 20;
/** With more of them than this, those that went well are folded. */
const mostUnfolded = 3;

/** The procedure with what became of each of its steps: blocks within others indented, rounds of loops one after the other. */
export function StepsTab({ run, ...deeds }: { run: Run } & StepDeeds) {
	const procedure = useProcedure(run.id);
	const steps = useSteps(run.id);
	const operations = useOperations(run.id, !hasEnded(run));
	const tree = useMemo(
		() => (procedure.data === undefined || steps.data === undefined ? undefined : treeOf(procedure.data, steps.data)),
		[procedure.data, steps.data],
	);
	if (tree === undefined) {
		const failed = [procedure, steps].find(({ isError }) => isError);
		return (
			<section className="nc-panel" aria-label="Steps">
				{failed === undefined ? (
					<RowsLoading />
				) : (
					<ProblemAlert error={failed.error} onRetry={() => void failed.refetch()} />
				)}
			</section>
		);
	}
	const ofNow = underWay(steps.data ?? [], operations.data);
	const undecided = undecidedStep(run, steps.data ?? [])?.id;
	return (
		<div className={style.parts}>
			<section className="nc-panel" aria-label="Steps">
				<Steps
					run={run}
					ofNow={ofNow}
					undecided={undecided}
					steps={tree.main}
					deeds={deeds}
					label="Steps of the procedure"
				/>
			</section>
			{tree.rollback.length > 0 && (
				<Panel title="Taking back">
					<Steps
						run={run}
						ofNow={ofNow}
						undecided={undecided}
						steps={tree.rollback}
						deeds={deeds}
						label="Steps of taking back"
					/>
				</Panel>
			)}
		</div>
	);
}

interface Shown {
	run: Run;
	/** How far devices are of steps that are under way, by the step's id. */
	ofNow: ReadonlyMap<string, string>;
	/** Id of the step that waits for a person's decision. */
	undecided: string | undefined;
	deeds: StepDeeds;
}

function Steps({ steps, label, ...shown }: Shown & { steps: readonly StepNode[]; label: string }) {
	return (
		<ol className={style.steps} aria-label={label}>
			{steps.map((node) => (
				<StepItem key={node.id} node={node} {...shown} />
			))}
		</ol>
	);
}

function StepItem({ node, ...shown }: Shown & { node: StepNode }) {
	const { search, show } = useShow();
	const { run } = shown;
	const { step, done, time } = node;
	const key = done?.key ?? node.step?.path ?? node.id;
	const opened = search.step === key;
	const name = done !== undefined ? nameOf(done) : step !== undefined ? nameOf(step) : "";
	return (
		<li className={style.item}>
			<div className={style.row} data-opened={opened || undefined} data-planned={done === undefined || undefined}>
				<button
					type="button"
					className={style.opener}
					aria-expanded={opened}
					onClick={() => show({ step: opened ? undefined : key })}
				>
					<Icon name={opened ? "down" : "right"} size={12} />
					<span className={style.state}>
						<State {...(done?.status === "failed" && done.id === shown.undecided ? toDecide : lookOf(run, done))} />
					</span>
					<span className={style.name}>
						{name}
						{time !== undefined && <span className="nc-dim"> · time {time}</span>}
						<span className={`nc-dim nc-small ${style.type}`}> {visibleLine(done?.type ?? step?.type ?? "")}</span>
					</span>
				</button>
				<Facts run={run} done={done} now={done && shown.ofNow.get(done.id)} />
			</div>
			{opened && (
				<StepDetails
					run={run}
					step={step}
					done={done}
					waits={done !== undefined && done.id === shown.undecided}
					deeds={shown.deeds}
				/>
			)}
			<Blocks blocks={node.blocks} of={step} {...shown} />
		</li>
	);
}

const toDecide: Look = { tone: "bad", icon: "question", word: "To decide" };

function lookOf(run: Run, done: RunStep | undefined): Look {
	if (done !== undefined) return stepLooks[done.status];
	return hasEnded(run)
		? { tone: "calm", icon: "minus", word: "Not reached" }
		: { tone: "calm", icon: "clock", word: "Not begun" };
}

/** What is known of it at a glance, beside its name. */
function Facts({ run, done, now }: { run: Run; done: RunStep | undefined; now: string | undefined }) {
	if (done === undefined) return null;
	const { attempts, duration_ms, carried_from, error, skip_reason, decision } = done;
	const devices = deviceWords(done) ?? now;
	const why = error?.message ?? skip_reason;
	return (
		<span className={style.facts}>
			{why !== null && why !== undefined && <span className={style.why}>{visibleLine(why)}</span>}
			{decision !== null && <span className="nc-dim">{visibleLine(decision.by)} decided</span>}
			{carried_from !== null && <span className="nc-dim">from an earlier run</span>}
			{attempts > 1 && <span className="nc-dim">{count(attempts, "attempt")}</span>}
			{devices !== undefined && (
				<TextLink
					to="/runs/$id"
					params={{ id: run.id }}
					search={{ tab: "devices", of_step: done.path }}
					size="xs"
					resetScroll={false}
				>
					{devices}
				</TextLink>
			)}
			<span className={`nc-dim ${style.took}`}>{duration_ms === null ? "" : duration(duration_ms)}</span>
		</span>
	);
}

function Blocks({ blocks, of, ...shown }: Shown & { blocks: readonly StepBlock[]; of: ProgramStep | undefined }) {
	const { search } = useShow();
	const [most, setMost] = useState(blocksAtFirst);
	if (blocks.length === 0) return null;
	const holdsOpened = ({ id }: StepBlock) => search.step?.startsWith(`${id}/`) ?? false;
	const opened = blocks.findIndex(holdsOpened);
	// The last rounds are those of which somebody wants to know, and the one that the address asks for.
	const last = Math.max(0, blocks.length - most);
	const left = opened === -1 ? last : Math.min(last, opened);
	return (
		<div className={style.blocks}>
			{left > 0 && (
				<Button
					size="compact-xs"
					variant="default"
					className={style.earlier}
					onClick={() => setMost(most + blocksAtFirst)}
				>
					Show{" "}
					{count(
						Math.min(left, blocksAtFirst),
						of?.type === "loop" ? "earlier round" : "earlier branch",
						of?.type === "loop" ? "earlier rounds" : "earlier branches",
					)}
				</Button>
			)}
			{blocks.slice(left).map((block, index, all) => {
				const steps = <Steps steps={block.steps} label={block.label || "Steps within"} {...shown} />;
				if (block.label === "") return <div key={block.id}>{steps}</div>;
				const folded = blocks.length > mostUnfolded && block.good && index < all.length - 1 && !holdsOpened(block);
				return (
					<Fold key={block.id} label={block.label} folded={folded}>
						{steps}
					</Fold>
				);
			})}
		</div>
	);
}

/** Folded until somebody looks; what went wrong later unfolds it. */
function Fold({ label, folded, children }: { label: string; folded: boolean; children: ReactNode }) {
	const [chosen, setChosen] = useState<boolean>();
	const open = chosen ?? !folded;
	return (
		<div>
			<button type="button" className={style.fold} aria-expanded={open} onClick={() => setChosen(!open)}>
				<Icon name={open ? "down" : "right"} size={11} />
				{visibleLine(label)}
			</button>
			{open && children}
		</div>
	);
}
