import { Button, Group } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { OperationStatus, type Run, type RunOperation } from "@netconductor/contracts/tasks/model";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef } from "react";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { operationLooks, State } from "../../ui/state.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useRowKeys } from "../../ui/table/use-row-keys.ts";
import { count, duration } from "../../ui/words.ts";
import { OperationPanel } from "./operation-panel.tsx";
import { changeOutcome, resultLine, stepName } from "./operation-words.ts";
import { columnsOf, filterRows, type Operations, procedureRowsOf, type Row, rowsOf } from "./operations.ts";
import { ResultLinks } from "./result-links.tsx";
import style from "./run.module.css";
import type { RunFeed } from "./run-feed.ts";
import { hasEnded, useOperations } from "./use-live-run.ts";
import { useShow } from "./use-show.ts";

const rowHeight = 29;
const rowsAhead = 12;
/** Steps of a procedure that are shown beside each other: the last ones. */
const mostColumns = 40;
const none: Row[] = [];

/** What stands for the step of no document that takes back what the others changed. */
const takeBackPath = "~rollback";

/** What stands above the cells of each device. */
interface Heading {
	key: string;
	name: string;
}

/** Device by device and step by step how it went; one that is opened is shown beside it. */
export function Matrix({ run, feed }: { run: Run; feed: RunFeed }) {
	const { search, show } = useShow();
	const { q, status, group, operation } = search;
	const of_step = run.kind === "mop" ? search.of_step : undefined;
	const operations = useOperations(run.id);
	const ofGroup = useOperationsOfGroup(run.id, group);
	const { rows, headings, left } = useMemo(
		() => tableOf(run.kind, run.steps, operations.data, of_step),
		[operations.data, run.kind, run.steps, of_step],
	);
	const only = ofGroup.data;
	const shown = useMemo(() => filterRows(rows, { q, status, only }), [rows, q, status, only]);
	const opened = operation === undefined ? undefined : operations.data?.get(operation);
	const filtered = q !== undefined || status !== undefined || group !== undefined || of_step !== undefined;
	/** What had the focus before the panel opened gets it back. */
	const opener = useRef<Element>(null);

	function open(id: string) {
		opener.current = document.activeElement;
		show({ operation: id });
	}

	function close() {
		show({ operation: undefined });
		requestAnimationFrame(() => opener.current instanceof HTMLElement && opener.current.focus());
	}

	return (
		<div className={style.beside} data-open={opened !== undefined || undefined}>
			<section className="nc-panel" aria-label="Devices" aria-busy={operations.isFetching}>
				<div className="nc-panel-head">
					<Group gap="xs" style={{ flex: "1 1 260px", minWidth: 0 }}>
						<SearchField label="Search devices" placeholder="Device" q={q} onSearch={(text) => show({ q: text })} />
						<Choice
							label="Result"
							any="Any result"
							options={OperationStatus.options.map((value) => ({ value, label: operationLooks[value].word }))}
							value={status}
							onChange={(value) => show({ status: value })}
						/>
						{of_step !== undefined && (
							<Button
								variant="light"
								rightSection={<Icon name="cross" size={12} />}
								aria-label={`The step ${visibleLine(of_step)} only: show the others too`}
								onClick={() => show({ of_step: undefined })}
							>
								{visibleLine(of_step)} only
							</Button>
						)}
						{group !== undefined && (
							<Button
								variant="light"
								rightSection={<Icon name="cross" size={12} />}
								aria-label="One result only: show the others too"
								onClick={() => show({ group: undefined })}
							>
								One result only
							</Button>
						)}
					</Group>
					<span className="nc-small nc-dim" aria-live="polite">
						{filtered ? `${count(shown.length, "device")} of ${rows.length}` : count(rows.length, "device")}
					</span>
				</div>
				{left > 0 && (
					<div className="nc-panel-body nc-dim nc-small">
						The last {mostColumns} times that a step was carried out; {left} before them are seen one step at a time,
						from the tab Steps.
					</div>
				)}
				{operations.isError && <ProblemAlert error={operations.error} onRetry={() => operations.refetch()} />}
				{ofGroup.isError && <ProblemAlert error={ofGroup.error} onRetry={() => ofGroup.refetch()} />}
				{(operations.data === undefined && operations.isPending) || ofGroup.isLoading ? (
					<RowsLoading />
				) : (
					<Rows headings={headings} rows={shown} opened={operation} onOpen={open} />
				)}
				{operations.isSuccess && !operations.isFetching && shown.length === 0 && (
					<div className="nc-panel-body nc-dim">
						{filtered ? (
							<Group gap="sm">
								No device matches.
								<Button
									variant="default"
									onClick={() => show({ q: undefined, status: undefined, group: undefined, of_step: undefined })}
								>
									Show all
								</Button>
							</Group>
						) : hasEnded(run) ? (
							"There was no device to do anything on."
						) : (
							"Nothing is planned yet."
						)}
					</div>
				)}
			</section>
			{opened !== undefined && (
				<OperationPanel key={opened.id} run={run} operation={opened} feed={feed} onClose={close} />
			)}
		</div>
	);
}

/** Devices with their operations, and what each column of them is. */
function tableOf(
	kind: Run["kind"],
	steps: Run["steps"],
	operations: Operations | undefined,
	of_step: string | undefined,
): { rows: Row[]; headings: Heading[]; left: number } {
	if (kind !== "mop" || operations === undefined) {
		const headings = steps.map((step) => ({ key: step.id, name: visibleLine(stepName(step)) }));
		return { rows: operations === undefined ? none : rowsOf(operations, steps), headings, left: 0 };
	}
	const all = columnsOf(operations, of_step);
	const columns = all.slice(-mostColumns);
	const headings = columns.map(({ id, time, again }) => ({
		key: `${id} ${time}`,
		name: visibleLine(`${id === takeBackPath ? "Take back" : id}${again ? ` (${time})` : ""}`),
	}));
	return { rows: procedureRowsOf(operations, columns), headings, left: all.length - columns.length };
}

/** Ids of the operations of one result; which these are is the server's to say. */
function useOperationsOfGroup(run_id: string, group: string | undefined) {
	const api = useApi();
	return useQuery({
		queryKey: ["groups", run_id, "operations", group],
		queryFn: async ({ signal }) => {
			const ids = new Set<string>();
			for (let page = 1; ; page++) {
				const query = { group, page, page_size: 500 };
				const { items, total } = await api.tasks.listOperations({ params: { id: run_id }, query }, { signal });
				for (const { id } of items) ids.add(id);
				if (items.length === 0 || page * 500 >= total) return ids;
			}
		},
		enabled: group !== undefined,
		structuralSharing: false,
	});
}

function Rows({
	headings,
	rows,
	opened,
	onOpen,
}: {
	headings: readonly Heading[];
	rows: readonly Row[];
	opened: string | undefined;
	onOpen: (operation_id: string) => void;
}) {
	const box = useRef<HTMLDivElement>(null);
	const body = useRef<HTMLTableSectionElement>(null);
	const virtualizer = useVirtualizer({
		count: rows.length,
		getScrollElement: () => box.current,
		estimateSize: () => rowHeight,
		overscan: rowsAhead,
		getItemKey: (index) => rows[index]?.device_id ?? index,
	});
	useRowKeys(body, { toggle: () => {}, opener: "button" });
	const one = headings.length === 1;
	const seen = virtualizer.getVirtualItems();
	const above = seen[0]?.start ?? 0;
	const below = virtualizer.getTotalSize() - (seen.at(-1)?.end ?? 0);
	if (rows.length === 0) return null;

	function onKeyDown(event: KeyboardEvent<HTMLTableSectionElement>) {
		const down = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
		const from = (event.target as HTMLElement).closest<HTMLTableRowElement>("tr[data-index]");
		if (down === 0 || from === null) return;
		event.preventDefault();
		const place = [...from.querySelectorAll("button")].indexOf(event.target as HTMLButtonElement);
		const next = Number(from.dataset.index) + down;
		if (next < 0 || next >= rows.length) return;
		virtualizer.scrollToIndex(next);
		body.current
			?.querySelectorAll<HTMLButtonElement>(`tr[data-index="${next}"] button`)
			[Math.max(0, place)]?.focus({ preventScroll: true });
	}

	return (
		<div className={style.rows} ref={box}>
			<table className="nc-table" aria-label="Devices and steps" aria-rowcount={rows.length + 1}>
				<thead>
					<tr>
						<th scope="col">Device</th>
						{headings.map(({ key, name }) => (
							<th key={key} scope="col">
								{name}
							</th>
						))}
						{one && (
							<th scope="col" className={style.line}>
								What it came to
							</th>
						)}
					</tr>
				</thead>
				<tbody ref={body} onKeyDown={onKeyDown}>
					{above > 0 && <Space height={above} />}
					{seen.map(({ index }) => {
						const row = rows[index];
						if (row === undefined) return null;
						const first = row.cells.find((cell) => cell !== undefined);
						return (
							<tr
								key={row.device_id}
								data-index={index}
								aria-rowindex={index + 2}
								data-selected={row.cells.some((cell) => cell?.id === opened) || undefined}
								onClick={({ target }) => {
									if (first !== undefined && !(target as HTMLElement).closest("a, button")) onOpen(first.id);
								}}
							>
								<td className={style.device} title={visibleLine(row.device_name)}>
									{visibleLine(row.device_name)}
								</td>
								{row.cells.map((cell, place) => (
									<td key={headings[place]?.key}>
										{cell !== undefined && (
											<Cell operation={cell} opened={cell.id === opened} onOpen={() => onOpen(cell.id)} />
										)}
									</td>
								))}
								{one && (
									<td className={style.line} title={first && resultLine(first)}>
										{first && <Came operation={first} />}
									</td>
								)}
							</tr>
						);
					})}
					{below > 0 && <Space height={below} />}
				</tbody>
			</table>
		</div>
	);
}

function Cell({ operation, opened, onOpen }: { operation: RunOperation; opened: boolean; onOpen: () => void }) {
	const { status, duration_ms, device_name } = operation;
	const outcome = changeOutcome(operation);
	return (
		<button type="button" className={style.cell} aria-pressed={opened} onClick={onOpen}>
			<State {...operationLooks[status]} />
			{outcome !== undefined && outcome.look.word !== operationLooks[status].word && (
				<span className="nc-small">
					<State {...outcome.look} />
				</span>
			)}
			<span className="nc-visually-hidden">on {visibleLine(device_name)}</span>
			{duration_ms !== null && <span className="nc-dim nc-small">{duration(duration_ms)}</span>}
		</button>
	);
}

function Came({ operation }: { operation: RunOperation }) {
	const line = resultLine(operation);
	return (
		<>
			{operation.result?.changed === true ? <strong>{line}</strong> : line}
			{line !== "" && operation.result?.backup_id !== undefined && " · "}
			<ResultLinks operation={operation} />
		</>
	);
}

function Space({ height }: { height: number }) {
	return (
		<tr>
			<td style={{ height, padding: 0, border: 0 }} />
		</tr>
	);
}
