import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useImperativeHandle, useRef, useState, useSyncExternalStore } from "react";
import { Icon } from "../../../ui/icon.tsx";
import { ProblemAlert } from "../../../ui/problem.tsx";
import { RowsLoading } from "../../../ui/rows-loading.tsx";
import { count } from "../../../ui/words.ts";
import { type Line, markIn } from "./lines.ts";
import style from "./output.module.css";
import type { OutputView, OutputWindow } from "./output-window.ts";

const lineHeight = 19;
const linesAhead = 30;
/** Nearer to an edge than this, what is beyond it is read. */
const nearEdge = 60;
const nearEnd_px = 24;

/** Ways into a log that is on the page. */
export interface LogHandle {
	/** Goes to a line and marks it, by its place among those that are kept. */
	goTo(index: number): void;
	/** Place of the line at the top. */
	top(): number;
}

export function useOutput(output: OutputWindow): OutputView {
	return useSyncExternalStore(output.subscribe, output.view);
}

/** Output as it was said, line by line; only those on the screen are laid out. Follows the end until one scrolls away from it. */
export function OutputLog({
	output,
	label,
	ended,
	speakers = false,
	times = false,
	wrap = true,
	small = false,
	find = "",
	marked,
	handle,
}: {
	output: OutputWindow;
	label: string;
	/** Nothing is said any more. */
	ended: boolean;
	/** Whether to say of each line which device it is of. */
	speakers?: boolean;
	times?: boolean;
	wrap?: boolean;
	/** As high as its lines, up to some. */
	small?: boolean;
	/** Is marked wherever it stands. */
	find?: string;
	/** Key of the line that somebody went to. */
	marked?: string | undefined;
	handle?: RefObject<LogHandle | null>;
}) {
	const view = useOutput(output);
	const { lines, earlier, later, reading, problem } = view;
	const box = useRef<HTMLDivElement>(null);
	const [atEnd, setAtEnd] = useState(true);
	useEffect(() => {
		// Its problem is shown below.
		output.begin().catch(() => {});
	}, [output]);
	const virtualizer = useVirtualizer({
		count: lines.length,
		getScrollElement: () => box.current,
		estimateSize: () => lineHeight,
		overscan: linesAhead,
		getItemKey: (index) => lines[index]?.key ?? index,
		// Lines that come before those in sight do not move them; who is at the end stays there.
		anchorTo: "end",
		followOnAppend: true,
		scrollEndThreshold: nearEnd_px,
	});
	const seen = virtualizer.getVirtualItems();
	const first = seen[0]?.index ?? 0;
	const last = seen.at(-1)?.index ?? 0;
	const nearStart = view.read && earlier && first < nearEdge && !(atEnd && lines.length > nearEdge);
	const nearLast = view.read && later && last >= lines.length - nearEdge;
	const idle = reading === undefined && problem === undefined;

	useEffect(() => {
		if (!idle) return;
		if (nearLast) void output.readLater();
		else if (nearStart) void output.readEarlier();
	}, [idle, nearStart, nearLast, output]);

	const begun = useRef(false);
	useEffect(() => {
		if (begun.current || lines.length === 0) return;
		begun.current = true;
		virtualizer.scrollToEnd();
	}, [lines.length, virtualizer]);

	useEffect(() => {
		output.follow(atEnd && !later);
	}, [output, atEnd, later]);

	useImperativeHandle(handle, () => ({
		goTo(index) {
			virtualizer.scrollToIndex(index, { align: "center" });
			setAtEnd(false);
		},
		top: () => virtualizer.range?.startIndex ?? 0,
	}));

	async function toEnd() {
		if (later) await output.toEnd();
		virtualizer.scrollToEnd();
		setAtEnd(true);
	}

	if (!view.read) {
		return problem === undefined ? (
			<RowsLoading />
		) : (
			<ProblemAlert error={problem} onRetry={() => output.begin().catch(() => {})} />
		);
	}
	return (
		<div className={style.box}>
			{problem !== undefined && (
				<ProblemAlert error={problem} onRetry={() => (later ? output.readLater() : output.readEarlier())} />
			)}
			<div
				ref={box}
				className={`nc-code ${style.log}`}
				data-small={small || undefined}
				role="log"
				aria-label={label}
				aria-live="off"
				aria-busy={reading !== undefined}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
				tabIndex={0}
				onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
					setAtEnd(scrollHeight - scrollTop - clientHeight <= nearEnd_px)
				}
			>
				{reading === "earlier" && <div className={style.note}>Reading what was said before…</div>}
				<div
					className={style.lines}
					data-wrap={wrap || undefined}
					style={{
						paddingTop: seen[0]?.start ?? 0,
						paddingBottom: Math.max(0, virtualizer.getTotalSize() - (seen.at(-1)?.end ?? 0)),
					}}
				>
					{seen.map(({ index, key }) => {
						const line = lines[index];
						return (
							line !== undefined && (
								<div
									key={key}
									ref={virtualizer.measureElement}
									data-index={index}
									className={style.line}
									data-current={line.key === marked || undefined}
									data-speakers={speakers || undefined}
								>
									{times && <Time at={line.at} />}
									{speakers && <Speaker line={line} before={lines[index - 1]} />}
									<Said line={line} find={find} />
								</div>
							)
						);
					})}
				</div>
				{lines.length === 0 && (
					<div className={style.note}>{ended ? "Nothing was said." : "Nothing was said yet."}</div>
				)}
			</div>
			{(!atEnd || later) && lines.length > 0 && (
				<Button
					className={style.end}
					leftSection={<Icon name="down" size={14} />}
					loading={reading === "end"}
					onClick={toEnd}
				>
					{ended ? "To the end" : "Follow the end"}
				</Button>
			)}
		</div>
	);
}

function Time({ at }: { at: string }) {
	return (
		<time className={style.time} dateTime={at}>
			{clock(at)}
		</time>
	);
}

const format = new Intl.DateTimeFormat("en-GB", {
	hour: "2-digit",
	minute: "2-digit",
	second: "2-digit",
	fractionalSecondDigits: 3,
});

function clock(at: string): string {
	return format.format(new Date(at));
}

function Speaker({ line, before }: { line: Line; before: Line | undefined }) {
	const name = visibleLine(line.device_name);
	return (
		<span className={style.speaker} title={name} data-again={before?.operation_id === line.operation_id || undefined}>
			{name}
		</span>
	);
}

function Said({ line: { text, left_out }, find }: { line: Line; find: string }) {
	return (
		<span>
			{find === ""
				? text || " "
				: markIn(text, find).map(({ text: part, hit, at }) =>
						hit ? (
							<mark key={at} className="nc-hit">
								{part}
							</mark>
						) : (
							part || " "
						),
					)}
			{left_out > 0 && <span className="nc-dim"> … {count(left_out, "more character")}, all in the download</span>}
		</span>
	);
}
