import { UnstyledButton } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
	type ReactNode,
	type RefObject,
	useEffect,
	useImperativeHandle,
	useLayoutEffect,
	useRef,
	useState,
} from "react";
import { Icon } from "../icon.tsx";
import { count } from "../words.ts";
import { type ChangedPart, changedPart } from "./changed-part.ts";
import type { DiffFold, DiffLayout, DiffRow, DiffSide } from "./diff-rows.ts";
import styles from "./diff-view.module.css";

/** How many lines a fold gives at a time. */
export const unfoldStep = 20;
const rowsAhead = 24;
const rowHeight = 19;
const foldHeight = 29;

/** Ways to move a diff that is on the page. */
export interface DiffHandle {
	/** Leads to a row and shows it in the middle. */
	show(row: number): void;
}

/**
 * The rows of a diff. Only those near the window are in the page, so that a diff of any length opens at once. Text is shown as text, with
 * whatever would hide or reorder it made visible.
 */
export function DiffView({
	rows,
	layout,
	current,
	handle,
	onUnfold,
	label,
}: {
	rows: readonly DiffRow[];
	layout: DiffLayout;
	/** The change that the reader was led to. */
	current: number | undefined;
	handle: RefObject<DiffHandle | null>;
	onUnfold: (gap: number, what: "above" | "below" | "all") => void;
	label: string;
}) {
	const scroller = useRef<HTMLElement>(null);
	const virtualizer = useVirtualizer({
		count: rows.length,
		getScrollElement: () => scroller.current,
		estimateSize: (index) => (rows[index]?.kind === "fold" ? foldHeight : rowHeight),
		overscan: rowsAhead,
		initialRect: { width: 800, height: 600 },
	});
	useImperativeHandle(handle, () => ({
		show: (row) => virtualizer.scrollToIndex(row, { align: "center" }),
	}));
	// biome-ignore lint/correctness/useExhaustiveDependencies: other rows have other heights
	useLayoutEffect(() => virtualizer.measure(), [rows, layout]);
	const items = virtualizer.getVirtualItems();
	const above = items[0]?.start ?? 0;
	const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
	const digits = Math.max(3, String(lastLine(rows)).length);
	return (
		<section
			ref={scroller}
			className={styles.scroller}
			aria-label={label}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
			tabIndex={0}
			style={{ "--digits": `${digits}ch` } as React.CSSProperties}
		>
			<table className={styles.table} data-layout={layout} aria-rowcount={rows.length}>
				<caption className="nc-visually-hidden">{label}</caption>
				<colgroup>
					<col className={styles.numberColumn} />
					<col className={layout === "split" ? styles.half : styles.numberColumn} />
					<col className={layout === "split" ? styles.numberColumn : styles.signColumn} />
					<col className={layout === "split" ? styles.half : undefined} />
				</colgroup>
				<tbody>
					{above > 0 && <Spacer height={above} />}
					{items.map(({ index }) => {
						const row = rows[index];
						if (row === undefined) return null;
						const place = { index, measure: virtualizer.measureElement };
						if (row.kind === "fold") return <Fold key={index} row={row} place={place} onUnfold={onUnfold} />;
						const here = row.kind === "changed" && row.change === current;
						return layout === "split" ? (
							<SplitRow key={index} row={row} place={place} current={here} />
						) : (
							<UnifiedRow key={index} row={row} place={place} current={here} />
						);
					})}
					{below > 0 && <Spacer height={below} />}
				</tbody>
			</table>
		</section>
	);
}

interface Place {
	index: number;
	measure: (element: HTMLElement | null) => void;
}

type LineRow = Exclude<DiffRow, DiffFold>;

function UnifiedRow({ row, place, current }: { row: LineRow; place: Place; current: boolean }) {
	const kind = row.kind === "same" ? "context" : row.show === "from" ? "removed" : "added";
	const side = sidesOf(row)[kind === "removed" ? 0 : 1];
	return (
		<tr
			ref={place.measure}
			data-index={place.index}
			aria-rowindex={place.index + 1}
			data-kind={kind}
			data-current={current || undefined}
		>
			<td className={styles.number}>{kind === "added" ? "" : sidesOf(row)[0]?.line}</td>
			<td className={styles.number}>{kind === "removed" ? "" : sidesOf(row)[1]?.line}</td>
			<td className={styles.sign} aria-hidden="true">
				{kind === "added" ? "+" : kind === "removed" ? "−" : ""}
			</td>
			<td className={`nc-lines ${styles.text}`} data-side={kind}>
				{kind !== "context" && <span className="nc-visually-hidden">{kind}: </span>}
				<Text row={row} side={side} version={kind === "removed" ? "from" : "to"} />
			</td>
		</tr>
	);
}

function SplitRow({ row, place, current }: { row: LineRow; place: Place; current: boolean }) {
	const [from, to] = sidesOf(row);
	const changed = row.kind === "changed";
	return (
		<tr
			ref={place.measure}
			data-index={place.index}
			aria-rowindex={place.index + 1}
			data-kind={changed ? "changed" : "context"}
			data-current={current || undefined}
		>
			<Half
				row={row}
				side={from}
				version="from"
				kind={changed ? (from === undefined ? "none" : "removed") : "context"}
			/>
			<Half row={row} side={to} version="to" kind={changed ? (to === undefined ? "none" : "added") : "context"} />
		</tr>
	);
}

function Half({
	row,
	side,
	version,
	kind,
}: {
	row: LineRow;
	side: DiffSide | undefined;
	version: "from" | "to";
	kind: "context" | "removed" | "added" | "none";
}) {
	return (
		<>
			<td className={styles.number} data-side={kind}>
				{side?.line}
			</td>
			<td className={`nc-lines ${styles.text} ${styles.signed}`} data-side={kind}>
				{(kind === "removed" || kind === "added") && <span className="nc-visually-hidden">{kind}: </span>}
				<Text row={row} side={side} version={version} />
			</td>
		</>
	);
}

function Text({ row, side, version }: { row: LineRow; side: DiffSide | undefined; version: "from" | "to" }): ReactNode {
	if (side === undefined) return null;
	const part = row.kind === "changed" ? partOf(row.from, row.to) : undefined;
	if (part === undefined) return visibleLine(side.text);
	const [start, end] = part[version];
	return (
		<>
			{visibleLine(side.text.slice(0, start))}
			{end > start && <span className={styles.part}>{visibleLine(side.text.slice(start, end))}</span>}
			{visibleLine(side.text.slice(end))}
		</>
	);
}

function partOf(from: DiffSide | undefined, to: DiffSide | undefined): ChangedPart | undefined {
	return from === undefined || to === undefined ? undefined : changedPart(from.text, to.text);
}

function sidesOf(row: LineRow): [DiffSide | undefined, DiffSide | undefined] {
	if (row.kind === "changed") return [row.from, row.to];
	return [
		{ line: row.from_line, text: row.text },
		{ line: row.to_line, text: row.text },
	];
}

function Fold({
	row,
	place,
	onUnfold,
}: {
	row: DiffFold;
	place: Place;
	onUnfold: (gap: number, what: "above" | "below" | "all") => void;
}) {
	const lines = row.hidden === undefined ? "the lines after it" : count(row.hidden, "unchanged line");
	const partly = row.hidden === undefined || row.hidden > unfoldStep;
	return (
		<tr ref={place.measure} data-index={place.index} aria-rowindex={place.index + 1} data-kind="fold">
			<td colSpan={4} className={styles.fold}>
				<div className={styles.foldLine}>
					{row.above && partly && (
						<UnstyledButton
							className={styles.unfold}
							aria-label={`Show ${unfoldStep} lines more after the change above`}
							title={`Show ${unfoldStep} lines more after the change above`}
							onClick={() => onUnfold(row.gap, "above")}
						>
							<Icon name="down" size={13} />
						</UnstyledButton>
					)}
					{row.below && partly && (
						<UnstyledButton
							className={styles.unfold}
							aria-label={`Show ${unfoldStep} lines more before the change below`}
							title={`Show ${unfoldStep} lines more before the change below`}
							onClick={() => onUnfold(row.gap, "below")}
						>
							<Icon name="up" size={13} />
						</UnstyledButton>
					)}
					{row.hidden !== 0 && (
						<UnstyledButton className={styles.unfold} onClick={() => onUnfold(row.gap, "all")}>
							Show {lines}
						</UnstyledButton>
					)}
					{row.section !== null && <span className={styles.section}>{visibleLine(row.section.trim())}</span>}
					{row.place !== undefined && <span className={styles.place}>{row.place}</span>}
				</div>
			</td>
		</tr>
	);
}

/** Stands for the rows above and below those in the page. */
function Spacer({ height }: { height: number }) {
	return (
		<tr>
			<td colSpan={4} style={{ height, padding: 0 }} />
		</tr>
	);
}

function lastLine(rows: readonly DiffRow[]): number {
	for (let index = rows.length - 1; index >= 0; index--) {
		const row = rows[index];
		if (row === undefined || row.kind === "fold") continue;
		const [from, to] = sidesOf(row);
		return Math.max(from?.line ?? 0, to?.line ?? 0);
	}
	return 0;
}

/**
 * Leads from change to change. It begins at none, or at the one that a link named.
 * @param of what the changes are of: with another it begins anew
 */
export function useChanges(
	of: unknown,
	changes: readonly number[],
	handle: RefObject<DiffHandle | null>,
	start?: number,
) {
	const [at, setAt] = useState({ of, current: start });
	const total = changes.length;
	const current = at.of === of && at.current !== undefined && at.current < total ? at.current : undefined;
	// biome-ignore lint/correctness/useExhaustiveDependencies: a link leads to its change once, when the page opens
	useEffect(() => {
		const row = current === undefined ? undefined : changes[current];
		if (row !== undefined) handle.current?.show(row);
	}, []);
	function step(by: 1 | -1) {
		if (total === 0) return;
		const next = current === undefined ? (by === 1 ? 0 : total - 1) : (current + by + total) % total;
		setAt({ of, current: next });
		handle.current?.show(changes[next] ?? 0);
	}
	return { current, total, step };
}
