import { ActionIcon, Button, Kbd, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { MopFault } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, lazy, Suspense, useMemo, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { SavedMeanwhile } from "../../ui/form/saved-meanwhile.tsx";
import { useSaveKey } from "../../ui/form/use-save-key.ts";
import { Icon } from "../../ui/icon.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { State } from "../../ui/state.tsx";
import { useAtOnce } from "../../ui/use-at-once.ts";
import { count } from "../../ui/words.ts";
import { Builder } from "./builder/builder.tsx";
import { stepOf } from "./document/read-procedure.ts";
import styles from "./mop.module.css";
import type { MopDraft } from "./use-draft.ts";
import { useStepTypes } from "./use-step-types.ts";

const YamlView = lazy(() => import("./yaml/yaml-view.tsx").then(({ YamlView: component }) => ({ default: component })));

const checkAfter_ms = 400;
const none: MopFault[] = [];

/** A procedure to write: its steps as cards and forms, or its YAML. Both show one text, and whatever one writes the other shows. */
export function MopEditor({
	draft,
	mayWrite,
	view,
	onView,
	at,
	onAt,
	onVersions,
}: {
	draft: MopDraft;
	mayWrite: boolean;
	view: "builder" | "yaml" | undefined;
	onView: (view: "builder" | "yaml" | undefined) => void;
	/** What is open in the builder. */
	at: string | undefined;
	onAt: (at: string | undefined) => void;
	/** Shows what others changed since. */
	onVersions: (versions: string) => void;
}) {
	const api = useApi();
	const { source, stored, error } = draft;
	const [written] = useDebouncedValue(source, checkAfter_ms);
	const validation = useQuery({
		queryKey: ["mops", "validation", written],
		queryFn: ({ signal }) => api.config.validateMop({ body: { source: written } }, { signal }),
		enabled: written !== "",
		placeholderData: keepPreviousData,
		retry: false,
		meta: { shows: ["step_types"] },
	});
	const types = useStepTypes();
	const faults = validation.data?.faults ?? none;
	const changing = validation.data?.document == null ? undefined : validation.data.may_change;
	const mayChange = useMemo(() => (changing === undefined ? undefined : new Set(changing)), [changing]);
	const [shown, show] = useAtOnce(view ?? "builder");
	const [line, setLine] = useState<{ number: number }>();
	useSaveKey(mayWrite, "Procedure", draft.save);
	const conflict = error !== null && problemOf(error).code === "mops.changed";

	function onKeyDown(event: KeyboardEvent) {
		const key = event.key.toLowerCase();
		const target = event.target as HTMLElement;
		// What is no part of the procedure has its own: a search in a dialog, the note beside the button.
		if (!event.currentTarget.contains(target) || target.closest("[data-own-undo]") !== null) return;
		if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
		if (key === "z" && !event.shiftKey) draft.undo();
		else if (key === "y" || (key === "z" && event.shiftKey)) draft.redo();
		else return;
		event.preventDefault();
	}

	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: it hears the keys of what stands in it
		<div className={styles.column} onKeyDown={mayWrite ? onKeyDown : undefined}>
			{stored !== undefined && (conflict || draft.outdated) && (
				<SavedMeanwhile
					saved={stored}
					began={draft.version}
					saving={draft.saving}
					onCompare={() => onVersions(`${draft.version},${stored.version}`)}
					onTake={draft.discard}
					onSaveOver={draft.saveOver}
				/>
			)}
			{error !== null && !conflict && <ProblemAlert error={error} />}
			<section className="nc-panel" aria-label="Editor">
				<div className={styles.bar} data-place="top">
					<SegmentedControl
						size="xs"
						aria-label="View"
						value={shown}
						onChange={(value) => {
							setLine(undefined);
							const next = value as "builder" | "yaml";
							show(next);
							onView(next === "builder" ? undefined : next);
						}}
						data={[
							{ value: "builder", label: "Builder" },
							{ value: "yaml", label: "YAML" },
						]}
					/>
					{mayWrite && (
						<>
							<ActionIcon
								variant="default"
								size={30}
								aria-label="Undo"
								title="Undo (Ctrl Z)"
								disabled={!draft.canUndo}
								onClick={draft.undo}
							>
								<Icon name="history" size={14} />
							</ActionIcon>
							<ActionIcon
								variant="default"
								size={30}
								aria-label="Redo"
								title="Redo (Ctrl Y)"
								disabled={!draft.canRedo}
								onClick={draft.redo}
							>
								<Icon name="redo" size={14} />
							</ActionIcon>
						</>
					)}
					<FaultCount faults={validation.data === undefined ? undefined : faults} />
				</div>
				{shown === "builder" ? (
					<Builder
						text={source}
						onText={draft.change}
						faults={faults}
						mayChange={mayChange}
						types={types}
						readOnly={!mayWrite}
						at={at}
						onAt={onAt}
						onYaml={() => {
							show("yaml");
							onView("yaml");
						}}
					/>
				) : (
					<div className={styles.text}>
						<Suspense fallback={<RowsLoading rows={12} />}>
							<YamlView
								text={source}
								onText={(text) => draft.change(text, "yaml")}
								undo={draft.undo}
								redo={draft.redo}
								faults={faults}
								types={types}
								readOnly={!mayWrite}
								line={line}
							/>
						</Suspense>
					</div>
				)}
				{mayWrite && (
					<div className={styles.bar}>
						<TextInput
							size="xs"
							data-own-undo
							aria-label="Why it is changed"
							placeholder={stored === undefined ? "Why it is added" : "Why it is changed"}
							maxLength={500}
							style={{ flex: "1 1 180px" }}
							value={draft.note}
							onChange={({ currentTarget }) => draft.setNote(currentTarget.value)}
						/>
						<Button
							disabled={stored !== undefined && !draft.dirty}
							loading={draft.saving}
							onClick={draft.save}
							rightSection={<Kbd size="xs">Ctrl S</Kbd>}
						>
							{stored === undefined ? "Add procedure" : "Save"}
						</Button>
						{draft.dirty && (
							<Button variant="default" onClick={draft.discard}>
								Discard
							</Button>
						)}
						<span className="nc-small nc-dim" aria-live="polite">
							{stored === undefined ? "Not stored yet" : draft.dirty ? "Not saved" : `Version ${stored.version}`}
						</span>
					</div>
				)}
			</section>
			{validation.error !== null && <ProblemAlert error={validation.error} onRetry={() => void validation.refetch()} />}
			{faults.length > 0 && (
				<FaultList
					faults={faults}
					{...(shown === "builder" ? { onAt } : { onLine: (number) => setLine({ number }) })}
				/>
			)}
		</div>
	);
}

function FaultCount({ faults }: { faults: readonly MopFault[] | undefined }) {
	if (faults === undefined) return null;
	const errors = faults.filter(({ severity }) => severity === "error").length;
	const warnings = faults.length - errors;
	return (
		<span aria-live="polite" className={styles.counts}>
			{errors > 0 && <State tone="bad" icon="cross" word={count(errors, "error")} />}
			{warnings > 0 && <State tone="warn" icon="warning" word={count(warnings, "warning")} />}
			{faults.length === 0 && <State tone="good" icon="ok" word="Valid" />}
		</span>
	);
}

const mostFaults = 50;

/** Everything that is wrong, with a way to the place that it is about: a step in the builder, a line in the text. */
function FaultList({
	faults,
	onAt,
	onLine,
}: {
	faults: readonly MopFault[];
	onAt?: (at: string) => void;
	onLine?: (line: number) => void;
}) {
	const goTo = ({ path, line }: MopFault) => {
		if (onLine !== undefined) return line === null ? undefined : () => onLine(line);
		return () => onAt?.(stepOf(path) ?? "head");
	};
	return (
		<section className="nc-panel" aria-label="Faults">
			<ul className={styles.faults}>
				{faults.slice(0, mostFaults).map((fault) => {
					const go = goTo(fault);
					return (
						<li key={`${fault.path} ${fault.line} ${fault.code} ${fault.message}`}>
							<State
								{...(fault.severity === "error"
									? { tone: "bad", icon: "cross", word: "Error" }
									: { tone: "warn", icon: "warning", word: "Warning" })}
							/>
							<span className="nc-dim">{fault.line === null ? "" : `line ${fault.line}`}</span>
							<span className="nc-break">{visibleLine(fault.message)}</span>
							{go !== undefined && (
								<Button size="compact-xs" variant="subtle" onClick={go}>
									{onLine === undefined ? "Show it" : "Go to the line"}
								</Button>
							)}
						</li>
					);
				})}
			</ul>
			{faults.length > mostFaults && <p className="nc-panel-body">and {count(faults.length - mostFaults, "more")}</p>}
		</section>
	);
}
