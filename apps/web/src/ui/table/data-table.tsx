import { ActionIcon, Button, Group, Menu } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type PointerEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "../icon.tsx";
import { Pager } from "../pager.tsx";
import { ProblemAlert } from "../problem.tsx";
import { RowsLoading } from "../rows-loading.tsx";
import { SortHeader } from "../sort-header.tsx";
import { toastProblem } from "../toast.tsx";
import { count } from "../words.ts";
import type { Column } from "./column.ts";
import { csvText, saveText } from "./csv.ts";
import type { ListSource } from "./list-source.ts";
import { Row as TableRow } from "./row.tsx";
import { SavedViews } from "./saved-views.tsx";
import type { Selection } from "./selection.ts";
import { Tick } from "./tick.tsx";
import { useChosenColumns } from "./use-chosen-columns.ts";
import { useRowKeys } from "./use-row-keys.ts";

// Below this a browser lays out all rows faster than a reader can scroll.
const virtualFrom = 120;
const rowsAhead = 16;
const rowHeight = 29;
const shareWidth = 130;
const tickWidth = 36;
const noRows: never[] = [];

interface Props<Row> {
	/** Names the list to a screen reader, its choice of columns and its CSV file: "devices". */
	name: string;
	/** One of the rows, in a word. */
	noun: string;
	columns: readonly Column<Row>[];
	rowId: (row: Row) => string;
	/** The row in a word or two, for its checkbox. */
	rowName: (row: Row) => string;
	source: ListSource<Row>;
	sort?: string | undefined;
	onSort?: (sort: string) => void;
	onPage?: (to: { page: number; page_size: number }) => void;
	/** Search field and choices. */
	filters?: ReactNode;
	/** With it the filters can be saved under names; names the list: "devices". */
	views?: string;
	/** With it rows can be chosen, also over pages. */
	selection?: Selection | undefined;
	/** What can be done with those chosen. */
	bulk?: ReactNode;
	/** The CSV file as the server makes it; without, it is made here from the columns. */
	csv?: (signal: AbortSignal) => Promise<string>;
	/** The row that is open beside the list. */
	current?: string | undefined;
	/** Stands in place of no rows. */
	empty: ReactNode;
	/** Marks a row that stands out: "bad" for what needs somebody. */
	tone?: (row: Row) => "bad" | "warn" | undefined;
}

/** The one table of lists: paged and sorted by the server, with a choice of columns, selection over pages and CSV. */
export function DataTable<Row extends object>(props: Props<Row>) {
	const { name, noun, columns, rowId, rowName, source, sort, onSort, onPage, selection } = props;
	const chosen = useChosenColumns(name, columns);
	const { shown } = chosen;
	const rows = source.rows ?? noRows;
	const body = useRef<HTMLTableSectionElement>(null);
	const virtual = rows.length > virtualFrom;
	const [{ top, height }, setPlace] = useState({ top: 0, height: rowHeight });
	// biome-ignore lint/correctness/useExhaustiveDependencies: what stands above the rows grows and shrinks with them
	useLayoutEffect(() => {
		const first = body.current?.querySelector("tr[data-index]");
		if (body.current === null || !first) return;
		const place = {
			top: Math.round(body.current.getBoundingClientRect().top + window.scrollY),
			height: Math.round(first.getBoundingClientRect().height),
		};
		setPlace((before) => (before.top === place.top && before.height === place.height ? before : place));
	}, [rows, selection?.ids.size, shown]);
	const virtualizer = useWindowVirtualizer({
		count: virtual ? rows.length : 0,
		estimateSize: () => height,
		overscan: rowsAhead,
		scrollMargin: top,
		getItemKey: (index) => rowId(rows[index] as Row),
	});
	// Rows of a narrow page take as many lines as they need; elsewhere all are as high as the first.
	const measure = virtual && chosen.narrow ? virtualizer.measureElement : undefined;
	// biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer keeps the sizes that it was told
	useEffect(() => virtualizer.measure(), [height]);
	const window_ = virtual
		? virtualizer.getVirtualItems()
		: rows.map((_, index) => ({ index, key: index, start: 0, end: 0 }));
	const above = virtual ? (window_[0]?.start ?? top) - top : 0;
	const below = virtual ? virtualizer.getTotalSize() - ((window_.at(-1)?.end ?? top) - top) : 0;
	useRowKeys(body, {
		toggle: (index) => {
			const row = rows[index];
			if (row !== undefined && selection !== undefined) selection.set([rowId(row)], !selection.has(rowId(row)));
		},
	});
	const here = rows.map(rowId);
	const chosenHere = here.filter((id) => selection?.has(id)).length;
	// The same function for as long as the list is there, so that a row is drawn anew only when it changed.
	const latest = useRef({ selection, rowId });
	latest.current = { selection, rowId };
	const choose = useCallback(
		(row: Row, chosenNow: boolean) => latest.current.selection?.set([latest.current.rowId(row)], chosenNow),
		[],
	);
	const ticks = selection === undefined ? 0 : tickWidth;
	const offset = source.paging === undefined ? 0 : (source.paging.page - 1) * source.paging.page_size;

	return (
		<section className="nc-panel" aria-label={`List of ${name}`} aria-busy={source.fetching}>
			<div className="nc-panel-head">
				<Group gap="xs" style={{ flex: "1 1 260px", minWidth: 0 }}>
					{props.filters}
				</Group>
				<Group gap={4}>
					{props.views !== undefined && <SavedViews page={props.views} />}
					<ColumnChoice columns={columns} chosen={chosen} />
					<ExportButton name={name} columns={columns} source={source} csv={props.csv} />
				</Group>
			</div>
			{selection !== undefined && (selection.ids.size > 0 || props.bulk !== undefined) && (
				<SelectionBar noun={noun} rowId={rowId} source={source} selection={selection} here={here}>
					{props.bulk}
				</SelectionBar>
			)}
			{source.error !== null && source.error !== undefined && (
				<ProblemAlert error={source.error} onRetry={source.retry} />
			)}
			{source.rows === undefined && !source.error && <RowsLoading />}
			{rows.length > 0 && (
				<div className="nc-scroll">
					<table
						className="nc-table nc-data-table"
						aria-label={name}
						aria-rowcount={
							source.paging === undefined || source.paging.countAll !== undefined ? -1 : source.paging.total
						}
						style={{ minWidth: shown.reduce((sum, { width = shareWidth }) => sum + width, ticks) }}
					>
						<colgroup>
							{selection !== undefined && <col style={{ width: tickWidth }} />}
							{shown.map(({ id, width }) => (
								<col key={id} style={{ width }} />
							))}
						</colgroup>
						<thead>
							<tr>
								{selection !== undefined && (
									<th scope="col">
										<Tick
											label="Select all on this page"
											checked={chosenHere > 0 && chosenHere === here.length}
											some={chosenHere > 0 && chosenHere < here.length}
											onChange={(checked) => selection.set(here, checked)}
										/>
									</th>
								)}
								{shown.map((column) =>
									column.sort !== undefined && onSort !== undefined ? (
										<SortHeader
											key={column.id}
											field={column.sort}
											sort={sort ?? ""}
											onSort={onSort}
											{...(column.number && { className: "nc-number" })}
										>
											{column.label}
										</SortHeader>
									) : (
										<th key={column.id} scope="col" className={column.number ? "nc-number" : undefined}>
											{column.label}
										</th>
									),
								)}
							</tr>
						</thead>
						<tbody ref={body} onPointerOver={tellWhatIsCutOff}>
							{above > 0 && <Spacer height={above} />}
							{window_.map(({ index }) => {
								const row = rows[index];
								if (row === undefined) return null;
								const id = rowId(row);
								return (
									<TableRow
										key={id}
										row={row}
										index={index}
										position={offset + index + 2}
										columns={shown}
										measure={measure}
										tone={props.tone?.(row)}
										current={id === props.current}
										chosen={selection === undefined ? undefined : selection.has(id)}
										name={rowName(row)}
										onChoose={choose}
									/>
								);
							})}
							{below > 0 && <Spacer height={below} />}
						</tbody>
					</table>
				</div>
			)}
			{source.rows !== undefined && rows.length === 0 && props.empty}
			{source.paging !== undefined && onPage !== undefined && (
				<Pager {...source.paging} noun={noun} onChange={onPage} />
			)}
			{source.more !== undefined && rows.length > 0 && (
				<Group justify="space-between" px="sm" py={6}>
					<span className="nc-small nc-dim">
						{count(rows.length, noun)} shown{source.more.load === undefined ? ", all there are" : ""}
					</span>
					{source.more.load !== undefined && (
						<Button variant="default" loading={source.more.loading} onClick={source.more.load}>
							Show older
						</Button>
					)}
				</Group>
			)}
		</section>
	);
}

/** What a cell is too narrow for is told when it is pointed at. */
function tellWhatIsCutOff({ target }: PointerEvent<HTMLElement>) {
	const cell = (target as Element).closest("td");
	if (cell === null) return;
	// biome-ignore lint/performance/useDomNodeTextContent: what a page of this width hides is not told
	if (cell.scrollWidth > cell.clientWidth) cell.title = cell.innerText;
	else cell.removeAttribute("title");
}

function ColumnChoice<Row>({
	columns,
	chosen,
}: {
	columns: readonly Column<Row>[];
	chosen: Pick<ReturnType<typeof useChosenColumns<Row>>, "shown" | "choose" | "reset" | "changed">;
}) {
	const isShown = (column: Column<Row>) => chosen.shown.includes(column);
	return (
		<Menu position="bottom-end" closeOnItemClick={false}>
			<Menu.Target>
				<ActionIcon variant="subtle" color="gray" aria-label="Choose columns" title="Choose columns">
					<Icon name="columns" />
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
				<Menu.Label>Columns</Menu.Label>
				{columns.map((column) => (
					<Menu.CheckboxItem
						key={column.id}
						checked={isShown(column)}
						onChange={(now) => chosen.choose(column.id, now)}
					>
						{column.label}
					</Menu.CheckboxItem>
				))}
				{chosen.changed && (
					<>
						<Menu.Divider />
						<Menu.Item onClick={chosen.reset}>As it was</Menu.Item>
					</>
				)}
			</Menu.Dropdown>
		</Menu>
	);
}

/** Saves every row that the filters let through, whatever page is shown. */
function ExportButton<Row>({
	name,
	columns,
	source,
	csv,
}: {
	name: string;
	columns: readonly Column<Row>[];
	source: ListSource<Row>;
	csv: Props<Row>["csv"];
}) {
	const [read, setRead] = useState<number | undefined>();
	const stop = useRef<AbortController>(undefined);
	useEffect(() => () => stop.current?.abort(), []);

	async function save() {
		if (stop.current !== undefined) return stop.current.abort();
		const told = columns.filter(({ text }) => text !== undefined);
		const lines: string[][] = [told.map(({ label }) => label)];
		stop.current = new AbortController();
		const { signal } = stop.current;
		try {
			setRead(0);
			if (csv !== undefined) return saveText(`${name}.csv`, await csv(signal), "text/csv");
			for await (const rows of source.everything(signal)) {
				for (const row of rows) lines.push(told.map(({ text }) => text?.(row) ?? ""));
				setRead(lines.length - 1);
			}
			saveText(`${name}.csv`, csvText(lines), "text/csv");
		} catch (error) {
			if (!signal.aborted) toastProblem(error);
		} finally {
			stop.current = undefined;
			setRead(undefined);
		}
	}

	if (read !== undefined) {
		return (
			<Button variant="subtle" color="gray" onClick={save}>
				{csv === undefined ? `${read} read, stop` : "Stop"}
			</Button>
		);
	}
	return (
		<ActionIcon variant="subtle" color="gray" aria-label="Export as CSV" title="Export as CSV" onClick={save}>
			<Icon name="download" />
		</ActionIcon>
	);
}

/** How many are chosen, how to choose all that match, and what can be done with them. */
function SelectionBar<Row>({
	noun,
	rowId,
	source,
	selection,
	here,
	children,
}: {
	noun: string;
	rowId: (row: Row) => string;
	source: ListSource<Row>;
	selection: Selection;
	here: string[];
	children: ReactNode;
}) {
	const [reading, setReading] = useState(false);
	const total = source.paging?.total ?? 0;
	const chosen = selection.ids.size;
	const more = total > here.length && here.length > 0 && here.every((id) => selection.has(id)) && chosen < total;

	async function chooseAll() {
		setReading(true);
		try {
			for await (const rows of source.everything()) selection.set(rows.map(rowId), true);
		} catch (error) {
			toastProblem(error);
		} finally {
			setReading(false);
		}
	}

	return (
		<section className="nc-panel-head nc-selection" aria-label={`With the selected ${noun}s`}>
			<Group gap="xs">
				<span className="nc-small" aria-live="polite">
					{chosen === 0 ? <span className="nc-dim">None selected</span> : `${count(chosen, noun)} selected`}
				</span>
				{more && (
					<Button variant="subtle" loading={reading} onClick={chooseAll}>
						Select all {source.paging?.countAll === undefined && total}
					</Button>
				)}
				{chosen > 0 && (
					<Button variant="subtle" color="gray" onClick={selection.clear}>
						Clear
					</Button>
				)}
			</Group>
			<Group gap="xs">{children}</Group>
		</section>
	);
}

/** Stands for the rows above and below those that are laid out. */
function Spacer({ height }: { height: number }) {
	return (
		<tr>
			<td style={{ height, padding: 0, border: 0 }} />
		</tr>
	);
}
