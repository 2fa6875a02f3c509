import { ActionIcon, Button, Group, Select, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useApi } from "../../../api/context.tsx";
import { CopyButton } from "../../../ui/copy-button.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { saveText } from "../../../ui/table/csv.ts";
import { toastProblem } from "../../../ui/toast.tsx";
import { ViewSwitch } from "../../../ui/view-switch.tsx";
import { count } from "../../../ui/words.ts";
import { stepName } from "../operation-words.ts";
import type { RunFeed } from "../run-feed.ts";
import { hasEnded, useOperations } from "../use-live-run.ts";
import { useShow } from "../use-show.ts";
import { downloadOutput } from "./download-output.ts";
import { findIn } from "./lines.ts";
import { type LogHandle, OutputLog, useOutput } from "./output-log.tsx";
import type { OutputWindow } from "./output-window.ts";

const choices = 50;

/** Everything that was said in a run, or by one device in it. */
export function OutputTab({ run, feed }: { run: Run; feed: RunFeed }) {
	const { search } = useShow();
	return search.of === undefined ? (
		<Output run={run} output={feed.output} />
	) : (
		<OutputOfOne key={search.of} run={run} feed={feed} operation_id={search.of} />
	);
}

function OutputOfOne({ run, feed, operation_id }: { run: Run; feed: RunFeed; operation_id: string }) {
	const output = useOutputOf(feed, operation_id);
	return <Output run={run} output={output} />;
}

/** Output of one operation, live while the page shows it. */
export function useOutputOf(feed: RunFeed, operation_id: string): OutputWindow {
	const one = useMemo(() => feed.outputOf(operation_id), [feed, operation_id]);
	useEffect(() => one.listen(), [one]);
	return one.output;
}

function Output({ run, output }: { run: Run; output: OutputWindow }) {
	const { search, show } = useShow();
	const { find = "", times = false, wrap = true, of } = search;
	const view = useOutput(output);
	const log = useRef<LogHandle>(null);
	const [marked, setMarked] = useState<string>();
	const name = of === undefined ? "run" : "device";

	return (
		<section className="nc-panel" aria-label="Output">
			<div className="nc-panel-head">
				<Group gap="xs" style={{ flex: "1 1 260px", minWidth: 0 }}>
					<Find output={output} log={log} marked={marked} onMark={setMarked} />
					<OfDevice run={run} value={of} onChange={(id) => show({ of: id })} />
					<ViewSwitch label="Times" checked={times} onChange={(on) => show({ times: on || undefined })} />
					<ViewSwitch label="Wrap" checked={wrap} onChange={(on) => show({ wrap: on ? undefined : false })} />
				</Group>
				<Group gap="xs">
					<CopyButton
						label={view.earlier || view.later ? `Copy ${count(view.lines.length, "line")}` : "Copy"}
						text={() =>
							output
								.view()
								.lines.map(({ device_name, text }) =>
									of === undefined ? `${visibleLine(device_name)} | ${text}` : text,
								)
								.join("\n")
						}
					/>
					<Download run={run} operation_id={of} />
				</Group>
			</div>
			<OutputLog
				output={output}
				label={`Output of the ${name}`}
				ended={hasEnded(run)}
				speakers={of === undefined}
				times={times}
				wrap={wrap}
				find={find}
				marked={marked}
				handle={log}
			/>
		</section>
	);
}

/** Finds a text in the output: in what is kept at once, beyond it by reading on until it stands there. */
function Find({
	output,
	log,
	marked,
	onMark,
}: {
	output: OutputWindow;
	log: React.RefObject<LogHandle | null>;
	marked: string | undefined;
	onMark: (key: string | undefined) => void;
}) {
	const { search, show } = useShow();
	const [text, setText] = useState(search.find ?? "");
	const [looking, setLooking] = useState(false);
	const [none, setNone] = useState(false);
	const view = useOutput(output);
	const hits = useMemo(() => findIn(view.lines, text.trim()), [view.lines, text]);
	const place = hits.findIndex((index) => view.lines[index]?.key === marked);

	useEffect(
		() => setText((shown) => (shown.trim() === (search.find ?? "") ? shown : (search.find ?? ""))),
		[search.find],
	);

	async function go(earlier: boolean) {
		const sought = text.trim();
		if (sought === "" || looking) return;
		if (search.find !== sought) show({ find: sought });
		setLooking(true);
		setNone(false);
		let from = output.view().lines.findIndex(({ key }) => key === marked);
		if (from < 0) from = earlier ? output.view().lines.length : (log.current?.top() ?? 0) - 1;
		for (;;) {
			const { lines, ...edge } = output.view();
			const found = findIn(lines, sought);
			const next = earlier ? found.findLast((index) => index < from) : found.find((index) => index > from);
			if (next !== undefined) {
				onMark(lines[next]?.key);
				log.current?.goTo(next);
				break;
			}
			const anchor = (earlier ? lines[0] : lines.at(-1))?.key;
			if (!(earlier ? edge.earlier : edge.later) || anchor === undefined) {
				setNone(true);
				break;
			}
			await (earlier ? output.readEarlier() : output.readLater());
			if (output.view().problem !== undefined) break;
			const { lines: now } = output.view();
			from = now.findIndex(({ key }) => key === anchor);
			// What was there before made room for a long piece.
			if (from < 0) from = earlier ? now.length : -1;
		}
		setLooking(false);
	}

	function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
		if (event.key === "Enter") void go(!event.shiftKey);
		else if (event.key === "Escape") {
			setText("");
			setNone(false);
			onMark(undefined);
			show({ find: undefined });
		}
	}

	return (
		<Group gap={4} wrap="nowrap" style={{ flex: "1 1 240px", maxWidth: 420 }}>
			<TextInput
				data-search
				type="search"
				aria-label="Find in the output"
				placeholder="Find in the output"
				size="xs"
				maxLength={200}
				style={{ flex: 1, minWidth: 120 }}
				leftSection={<Icon name="search" size={14} />}
				value={text}
				onChange={({ currentTarget }) => {
					setText(currentTarget.value);
					setNone(false);
					onMark(undefined);
				}}
				onBlur={() => show({ find: text.trim() || undefined })}
				onKeyDown={onKeyDown}
			/>
			<ActionIcon
				variant="default"
				size={30}
				aria-label="Earlier hit"
				title="Earlier hit (Enter)"
				loading={looking}
				disabled={text.trim() === ""}
				onClick={() => go(true)}
			>
				<Icon name="up" size={14} />
			</ActionIcon>
			<ActionIcon
				variant="default"
				size={30}
				aria-label="Later hit"
				title="Later hit (Shift+Enter)"
				disabled={text.trim() === "" || looking}
				onClick={() => go(false)}
			>
				<Icon name="down" size={14} />
			</ActionIcon>
			<span className="nc-small nc-dim" aria-live="polite" style={{ whiteSpace: "nowrap" }}>
				{text.trim() !== "" &&
					(none
						? hits.length === 0
							? "Not found"
							: "No more"
						: place < 0
							? `${hits.length}${view.earlier || view.later ? "+" : ""}`
							: `${place + 1} of ${hits.length}${view.earlier || view.later ? "+" : ""}`)}
			</span>
		</Group>
	);
}

function OfDevice({
	run,
	value,
	onChange,
}: {
	run: Run;
	value: string | undefined;
	onChange: (operation_id: string | undefined) => void;
}) {
	const operations = useOperations(run.id);
	const steps = useMemo(() => new Map(run.steps.map((step) => [step.id, stepName(step)])), [run.steps]);
	const data = useMemo(
		() =>
			[...(operations.data?.values() ?? [])]
				.map(({ id, device_name, step_id }) => ({
					value: id,
					label: visibleLine(steps.size > 1 ? `${device_name}: ${steps.get(step_id)}` : device_name),
				}))
				.sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true })),
		[operations.data, steps],
	);
	return (
		<Select
			aria-label="Device"
			placeholder="All devices"
			size="xs"
			w={180}
			searchable
			clearable
			clearButtonProps={{ "aria-label": "All devices" }}
			limit={choices}
			nothingFoundMessage="No such device in this run"
			value={value ?? null}
			data={data}
			onChange={(id) => onChange(id ?? undefined)}
		/>
	);
}

function Download({ run, operation_id }: { run: Run; operation_id: string | undefined }) {
	const api = useApi();
	const [busy, setBusy] = useState(false);

	async function save() {
		setBusy(true);
		try {
			const parts = await downloadOutput(
				(query) => api.tasks.downloadOutput({ params: { id: run.id }, query }),
				operation_id,
			);
			saveText(`run-${run.id}.txt`, parts);
		} catch (error) {
			toastProblem(error);
		} finally {
			setBusy(false);
		}
	}

	return (
		<Button variant="default" leftSection={<Icon name="download" size={14} />} loading={busy} onClick={save}>
			Download
		</Button>
	);
}
