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
import { filterRows, type Row, rowsOf } from "./operations.ts";
import { ResultLinks } from "./result-links.tsx";
import style from "./run.module.css";
import type { RunFeed } from "./run-feed.ts";
import { hasEnded, useOperations } from "./use-live-run.ts";
import { useShow } from "./use-show.ts";

const rowHeight = 29;
const rowsAhead = 12;
const none: Row[] = [];

/** Device by device and step by step how it went; one that is opened is shown beside it. */
export function Matrix({ run, feed }: { run: Run; feed: RunFeed }) {
	const { search, show } = useShow();
	const { q, status, group, operation } = search;
	const operations = useOperations(run.id);
	const ofGroup = useOperationsOfGroup(run.id, group);
	const rows = useMemo(
		() => (operations.data === undefined ? none : rowsOf(operations.data, run.steps)),
		[operations.data, run.steps],
	);
	const only = ofGroup.data;
	const shown = useMemo(() => filterRows(rows, { q, status, only }), [rows, q, status, only]);
	const opened = operation === undefined ? undefined : operations.data?.get(operation);
	const filtered = q !== undefined || status !== undefined || group !== undefined;
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
				{operations.isError && <ProblemAlert error={operations.error} onRetry={() => operations.refetch()} />}
				{ofGroup.isError && <ProblemAlert error={ofGroup.error} onRetry={() => ofGroup.refetch()} />}
				{(operations.data === undefined && operations.isPending) || ofGroup.isLoading ? (
					<RowsLoading />
				) : (
					<Rows run={run} rows={shown} opened={operation} onOpen={open} />
				)}
				{operations.isSuccess && !operations.isFetching && shown.length === 0 && (
					<div className="nc-panel-body nc-dim">
						{filtered ? (
							<Group gap="sm">
								No device matches.
								<Button variant="default" onClick={() => show({ q: undefined, status: undefined, group: undefined })}>
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
	run,
	rows,
	opened,
	onOpen,
}: {
	run: Run;
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
	const [step] = run.steps;
	const one = run.steps.length === 1 && step !== undefined;
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
						{run.steps.map((each) => (
							<th key={each.id} scope="col">
								{visibleLine(stepName(each))}
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
									<td key={run.steps[place]?.id}>
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
