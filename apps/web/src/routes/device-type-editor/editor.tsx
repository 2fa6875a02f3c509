import { Button, Group } from "@mantine/core";
import type { DeviceType } from "@netconductor/contracts/devices/model";
import { PlatformDefinition, type PlatformInput } from "@netconductor/contracts/devices/platform";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { useUnsaved } from "../../ui/form/use-unsaved.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { TryIt } from "../device-type/try-it.tsx";
import { DefinitionForm } from "./definition-form.tsx";
import { type Fault, withValue } from "./draft.ts";
import styles from "./editor.module.css";
import { readJson } from "./json-lines.ts";

// An editor is much code, which who fills in the form does not need.
const JsonEditor = lazy(() =>
	import("./json-editor.tsx").then(({ JsonEditor: component }) => ({ default: component })),
);

type Tab = "form" | "json" | "try";

interface Draft {
	definition: PlatformInput;
	/** As it is being written; undefined while the form is what is filled in. */
	text: string | undefined;
}

/** A definition as a form or as JSON, whichever is at hand, tried on a transcript before it is saved. */
export function Editor({
	id,
	devices = 0,
	initial,
	action,
	tab,
	onTab,
	save,
}: {
	/** Of a device type that exists; its id stays. */
	id?: string;
	/** How many devices a change is about. */
	devices?: number;
	initial: PlatformInput;
	action: string;
	tab: Tab | undefined;
	onTab: (tab: Tab) => void;
	save: (definition: PlatformInput) => Promise<DeviceType>;
}) {
	const queries = useQueryClient();
	const navigate = useNavigate();
	const [start] = useState(() => inOrder(initial));
	const [{ definition, text }, setDraft] = useState<Draft>({ definition: start, text: undefined });
	const [transcript, setTranscript] = useState("");
	const [asked, setAsked] = useState(false);
	const place = useRef<HTMLDivElement>(null);
	const json = useMemo(() => text ?? JSON.stringify(definition, null, 2), [text, definition]);
	const read = useMemo(() => readJson(json), [json]);
	const parsed = useMemo(() => PlatformDefinition.safeParse(definition), [definition]);
	const noteSaved = useUnsaved(JSON.stringify(definition) !== JSON.stringify(start) || "fault" in read);
	const send = useMutation({
		mutationFn: save,
		onSuccess: (saved) => {
			noteSaved();
			queries.setQueryData(["device_types", "one", saved.id], saved);
			void queries.invalidateQueries({ queryKey: ["device_types"] });
			toastDone(`The device type ${visibleLine(saved.label)} is ${id === undefined ? "added" : "changed"}`);
			void navigate({ to: "/device-types/$id", params: { id: saved.id } });
		},
		onError: () => leadToFault(),
	});
	// What the contract does not take is known at once, what the server does not take until something changes.
	const wrong: Fault[] = parsed.success
		? []
		: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
	const refused: Fault[] = send.isError
		? (problemOf(send.error).errors ?? []).map(({ path, message }) => ({
				path: path.replace(/^body\.?/, ""),
				message: visibleLine(message),
			}))
		: [];
	const faults = [...wrong, ...refused];
	const besideFields = asked ? faults : refused;

	function change(draft: Draft) {
		setDraft(draft);
		if (send.isError) send.reset();
	}

	function write(given: string) {
		const { value } = { value: undefined, ...readJson(given) };
		const isDefinition = typeof value === "object" && value !== null && !Array.isArray(value);
		change({ definition: isDefinition ? (value as PlatformInput) : definition, text: given });
	}

	function submit() {
		setAsked(true);
		if ("fault" in read) return onTab("json");
		if (parsed.success) send.mutate(parsed.data);
		else leadToFault();
	}

	function leadToFault() {
		// The faults are in the page after the next paint.
		requestAnimationFrame(() => {
			const field = place.current?.querySelector<HTMLElement>("[aria-invalid=true]");
			field?.focus({ preventScroll: true });
			// At the edge of the page it would be below the buttons.
			field?.scrollIntoView({ block: "center" });
		});
	}

	const unreadable = "fault" in read && (
		<Notice tone="warn" icon="warning" title={`The JSON cannot be read: line ${read.fault.line}`}>
			<div>{visibleLine(read.fault.message)}</div>
			<div>
				<Button variant="default" onClick={() => onTab("json")}>
					Mend it
				</Button>
			</div>
		</Notice>
	);

	return (
		<div className={styles.whole} ref={place}>
			{send.isError && (refused.length === 0 || tab === "try") && <ProblemAlert error={send.error} />}
			<PageTabs
				label="Ways to edit"
				tab={tab}
				onTab={onTab}
				tabs={[
					{
						value: "form",
						label: "Form",
						content: () =>
							unreadable || (
								<DefinitionForm
									definition={definition}
									fixedId={id !== undefined}
									faults={besideFields}
									set={(path, value) =>
										change({ definition: withValue(definition, path, value) as PlatformInput, text: undefined })
									}
								/>
							),
					},
					{
						value: "json",
						label: "JSON",
						content: () => (
							<Suspense fallback={<RowsLoading rows={16} />}>
								<div className={styles.editor}>
									<JsonEditor
										text={json}
										onText={write}
										faults={
											"fault" in read
												? [read.fault]
												: faults.map(({ path, message }) => ({
														line: read.lines.lineOf(path),
														message: path === "" ? message : `${path}: ${message}`,
													}))
										}
									/>
								</div>
							</Suspense>
						),
					},
					{
						value: "try",
						label: "Try it",
						content: () =>
							unreadable ||
							(parsed.success ? (
								<TryIt definition={parsed.data} transcript={transcript} onTranscript={setTranscript} />
							) : (
								<Notice tone="warn" icon="warning" title="The definition is not complete yet">
									<ul>
										{wrong.slice(0, 10).map(({ path, message }) => (
											<li key={`${path} ${message}`}>
												<span className="nc-mono">{path}</span>: {message}
											</li>
										))}
									</ul>
								</Notice>
							)),
					},
				]}
			/>
			{/* Left, where no toast lies over them. */}
			<div className={styles.saving}>
				<Group gap="xs">
					<Button loading={send.isPending} onClick={submit}>
						{action}
					</Button>
					{id === undefined ? (
						<ButtonLink variant="default" to="/device-types">
							Cancel
						</ButtonLink>
					) : (
						<ButtonLink variant="default" to="/device-types/$id" params={{ id }}>
							Cancel
						</ButtonLink>
					)}
				</Group>
				<span className="nc-small" aria-live="polite">
					{asked && faults.length > 0 ? (
						<span className="nc-bad">
							{count(faults.length, "thing")} to mend, the first in{" "}
							<span className="nc-mono">{faults[0]?.path || "the definition"}</span>: {faults[0]?.message}
						</span>
					) : (
						<span className="nc-dim">
							{devices > 0 ? `${count(devices, "device")} of this type use it from the next session on.` : ""}
						</span>
					)}
				</span>
			</div>
		</div>
	);
}

/** Its fields in the order of the contract, which a database does not keep. */
function inOrder(definition: PlatformInput): PlatformInput {
	const order = Object.keys(PlatformDefinition.shape);
	return Object.fromEntries(
		Object.entries(definition).sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)),
	) as PlatformInput;
}
