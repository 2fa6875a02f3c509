import { Button, Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { MopFault, MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { replaceEqualDeep } from "@tanstack/react-query";
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useKeyList } from "../../../shell/keys.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { toastProblem } from "../../../ui/toast.tsx";
import { useAtOnce } from "../../../ui/use-at-once.ts";
import { addBranch, addStep, type Edited, moveStep, removeStep } from "../document/edit-steps.ts";
import { paramFields } from "../document/fields.ts";
import {
	allSteps,
	pathOf,
	pathText,
	type ReadProcedure,
	readProcedure,
	type StepList,
	stepOf,
} from "../document/read-procedure.ts";
import { variablesAt } from "../document/variables-at.ts";
import { type Path, removeValue } from "../document/yaml-text.ts";
import { AddStep } from "./add-step.tsx";
import styles from "./builder.module.css";
import { Flow, type FlowContext } from "./flow.tsx";
import { HeadPanel, headSummary } from "./head-panel.tsx";
import { StepPanel } from "./step-panel.tsx";
import { typeOf } from "./words.ts";

const keys = [
	{ keys: "↑ ↓", does: "Choose a step", group: "Procedure" },
	{ keys: "Alt ↑ ↓", does: "Move the step", group: "Procedure" },
	{ keys: "Delete", does: "Remove the step", group: "Procedure" },
	{ keys: "Ctrl Z", does: "Take an edit back", group: "Procedure" },
];
const none: typeof keys = [];

/** The steps of a procedure as cards, and beside them a form for the one that is open. Every edit is one of the text. */
export function Builder({
	text,
	onText,
	faults,
	mayChange,
	types,
	readOnly,
	at,
	onAt,
	onYaml,
}: {
	text: string;
	/** @param what the field that was edited */
	onText: (text: string, what?: string) => void;
	faults: readonly MopFault[];
	/** Paths of steps that may change something, where that is known. */
	mayChange: ReadonlySet<string> | undefined;
	types: readonly MopStepType[];
	readOnly: boolean;
	at: string | undefined;
	onAt: (at: string | undefined) => void;
	onYaml: () => void;
}) {
	const known = useRef<ReadProcedure>(undefined);
	// Steps that say the same stay the same, so that only the card of the one that is edited is made anew.
	const procedure = useMemo(() => {
		known.current = replaceEqualDeep(known.current, readProcedure(text));
		return known.current;
	}, [text]);
	const steps = useMemo(() => [...allSteps(procedure.lists)], [procedure]);
	const byStep = useMemo(() => Map.groupBy(faults, ({ path }) => stepOf(path) ?? "head"), [faults]);
	const [adding, setAdding] = useState<{ list: Path; index: number }>();
	const [shownAt, showAt] = useAtOnce(at);
	const canvas = useRef<HTMLDivElement>(null);
	const beside = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
	useKeyList(readOnly ? none : keys);
	const open = (next: string | undefined) => {
		showAt(next);
		onAt(next);
	};
	// Keys that follow at once are about the card that stands there then: the focus is there before anything else is heard.
	const wanted = useRef<string>(undefined);
	useLayoutEffect(() => {
		const card =
			wanted.current === undefined
				? null
				: canvas.current?.querySelector<HTMLElement>(`[data-step="${wanted.current}"]`);
		if (!card) return;
		wanted.current = undefined;
		card.focus({ preventScroll: true });
		card.scrollIntoView({ block: "nearest" });
	});
	const focus = (path: string) => {
		wanted.current = path;
	};

	/** Carries an edit out; what cannot be edited here is said and stays as it is. */
	function edit(change: () => Edited | string, what?: string): void {
		try {
			const edited = change();
			onText(typeof edited === "string" ? edited : edited.text, what);
			if (typeof edited === "string") return;
			const next = edited.step === undefined ? undefined : pathText(edited.step);
			open(next);
			if (next !== undefined) focus(next);
		} catch (error) {
			toastProblem(error);
		}
	}

	const add = (type: MopStepType) => {
		const place = adding;
		setAdding(undefined);
		if (place === undefined) return;
		// What must be given begins as the example has it.
		const given = Object.fromEntries(
			paramFields(type.params)
				.filter(({ name, required }) => required && type.example[name] !== undefined)
				.map(({ name }) => [name, type.example[name]]),
		);
		edit(() =>
			addStep(text, place.list, place.index, {
				type: type.type,
				with: given,
				blocks: type.blocks.filter(({ required }) => required),
			}),
		);
	};

	function onKeyDown(event: KeyboardEvent) {
		const card = (event.target as HTMLElement).closest<HTMLElement>("[data-step]");
		if (card === null || event.ctrlKey || event.metaKey) return;
		const path = card.dataset.step ?? "";
		const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
		if (by !== 0 && !event.altKey) {
			const next = (path === "head" ? -1 : steps.findIndex((step) => pathText(step.path) === path)) + by;
			const step = steps[next];
			const target = step === undefined ? (next < 0 ? "head" : undefined) : pathText(step.path);
			if (target !== undefined) {
				open(target);
				focus(target);
			}
		} else if (by !== 0 && path !== "head" && !readOnly) edit(() => moveStep(text, pathOf(path), by as 1 | -1));
		else if (event.key === "Delete" && path !== "head" && !readOnly) edit(() => removeStep(text, pathOf(path)));
		else return;
		event.preventDefault();
	}

	const acts = useRef<Pick<FlowContext, "onAt" | "onAdd" | "onAddBranch" | "onRemoveBranch">>(undefined);
	acts.current = {
		onAt: open,
		onAdd: (list, index) => setAdding({ list, index }),
		onAddBranch: (path) => edit(() => addBranch(text, path)),
		onRemoveBranch: (branch) => edit(() => removeValue(text, branch)),
	};
	const flow = useMemo<FlowContext>(
		() => ({
			types,
			faults: byStep,
			mayChange,
			at: shownAt,
			readOnly,
			onAt: (path) => acts.current?.onAt(path),
			onAdd: (list, index) => acts.current?.onAdd(list, index),
			onAddBranch: (path) => acts.current?.onAddBranch(path),
			onRemoveBranch: (branch) => acts.current?.onRemoveBranch(branch),
		}),
		[types, byStep, mayChange, shownAt, readOnly],
	);

	if (procedure.faults.length > 0) {
		return (
			<div className={styles.canvas}>
				<Notice tone="bad" icon="cross" title="The YAML cannot be read, so that there are no steps to show">
					<ul>
						{procedure.faults.slice(0, 5).map(({ line, message }) => (
							<li key={`${line} ${message}`}>
								Line {line}: {visibleLine(message)}
							</li>
						))}
					</ul>
					<div>
						<Button variant="default" onClick={onYaml}>
							Put it right in the YAML
						</Button>
					</div>
				</Notice>
			</div>
		);
	}
	const lists = (["steps", "rollback"] as const).map(
		(name): StepList => procedure.lists.find(({ block }) => block === name) ?? { path: [name], block: name, steps: [] },
	);
	const step = steps.find(({ path }) => pathText(path) === shownAt);
	const headFaults = byStep.get("head") ?? [];
	const panel =
		step !== undefined ? (
			<StepPanel
				key={shownAt}
				text={text}
				step={step}
				siblings={siblingsOf(procedure.lists, step.path)}
				taken={new Set(steps.filter((one) => one !== step).map(({ id }) => id))}
				info={typeOf(step, types)}
				types={types}
				faults={byStep.get(pathText(step.path)) ?? []}
				lists={[...lists, ...steps.flatMap(({ blocks }) => blocks)]}
				variables={variablesAt(procedure, step.path, typeOf(step, types)?.runs_on === "devices")}
				readOnly={readOnly}
				onEdit={edit}
			/>
		) : shownAt === "head" ? (
			<HeadPanel
				key="head"
				text={text}
				values={procedure.values}
				faults={headFaults}
				readOnly={readOnly}
				onEdit={edit}
			/>
		) : undefined;
	return (
		<div className={styles.sides}>
			{/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the cards in it */}
			<div ref={canvas} className={styles.canvas} onKeyDown={onKeyDown}>
				<button
					type="button"
					className={styles.card}
					data-step="head"
					data-tone={headFaults.length > 0 ? "bad" : undefined}
					aria-current={shownAt === "head" || undefined}
					onClick={() => open("head")}
				>
					<Icon name="settings" />
					<span className={styles.what}>
						<span className={styles.title}>
							<strong className="nc-break">{visibleLine(String(procedure.values.name ?? "(without a name)"))}</strong>
						</span>
						{headSummary(procedure.values).map((note) => (
							<span key={note} className={styles.note}>
								{visibleLine(note)}
							</span>
						))}
						{headFaults.map(({ message, line }) => (
							<span key={`${line} ${message}`} className={styles.fault}>
								{visibleLine(message)}
							</span>
						))}
					</span>
				</button>
				{lists.map((list) => (
					<section key={list.block} aria-label={list.block === "steps" ? "Steps" : "After a rollback"}>
						<h3>{list.block === "steps" ? "Steps" : "After what was changed was taken back"}</h3>
						<Flow list={list} label={list.block === "steps" ? "Steps" : "Steps after a rollback"} flow={flow} />
					</section>
				))}
				{!readOnly && (
					<p className="nc-small nc-dim">
						Arrow keys choose a step, Alt with them moves it, Delete removes it, Ctrl Z takes an edit back.
					</p>
				)}
			</div>
			{beside ? (
				<div className={styles.panel}>
					{panel ?? <p className="nc-dim">Choose a step to see what it does{readOnly ? "" : ", and to change it"}.</p>}
				</div>
			) : (
				<Drawer
					opened={panel !== undefined}
					onClose={() => open(undefined)}
					title={step === undefined ? "The procedure" : "Step"}
					position="right"
					size={480}
					padding="md"
				>
					{panel}
				</Drawer>
			)}
			<AddStep opened={adding !== undefined} types={types} onPick={add} onClose={() => setAdding(undefined)} />
		</div>
	);
}

function siblingsOf(lists: readonly StepList[], path: Path): string[] {
	const own = pathText(path.slice(0, -1));
	const all = [...lists, ...[...allSteps(lists)].flatMap(({ blocks }) => blocks)];
	const list = all.find((one) => pathText(one.path) === own);
	return (list?.steps ?? []).flatMap(({ id }) => (id === "" ? [] : [id]));
}
