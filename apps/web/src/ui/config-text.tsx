import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Match } from "./find-matches.ts";
import { count } from "./words.ts";

const blockLines = 500;
// Blocks beyond what a browser lays out at once come on demand.
const firstLines = 20_000;
const noMatches: readonly Match[] = [];

/** The lines of a text as they are shown: each with what could hide or reorder text made visible. */
export function visibleLines(text: string): string[] {
	const lines = text.split(/\r?\n/);
	if (lines.at(-1) === "") lines.pop();
	return lines.map(visibleLine);
}

/** A configuration with line numbers, as text whatever is in it. Blocks that are not on the screen are not laid out. */
export function ConfigText({
	lines,
	line,
	label,
	matches = noMatches,
	current,
}: {
	/** As `visibleLines` gives them. */
	lines: readonly string[];
	/** Leads to this line, from 1, and marks it. */
	line?: number | undefined;
	label: string;
	/** Places to mark, in their order. */
	matches?: readonly Match[];
	/** The one of them to lead to. */
	current?: Match | undefined;
}) {
	const [asked, setAsked] = useState(firstLines);
	const target = current === undefined ? line : current.line + 1;
	const shown = Math.max(asked, target ?? 0);
	const box = useRef<HTMLElement>(null);
	// biome-ignore lint/correctness/useExhaustiveDependencies: it leads to the place once per place and text
	useEffect(() => {
		const place = box.current?.querySelector(current === undefined ? "[data-marked]" : "[data-current]");
		place?.scrollIntoView({ block: "center" });
	}, [target, current, lines]);
	const blocks = useMemo(() => {
		const parts = Array.from({ length: Math.ceil(Math.min(shown, lines.length) / blockLines) }, (_, block) => ({
			from: block * blockLines,
			lines: lines.slice(block * blockLines, (block + 1) * blockLines),
			matches: noMatches,
		}));
		for (const match of matches) {
			const part = parts[Math.floor(match.line / blockLines)];
			if (part !== undefined) part.matches = [...part.matches, match];
		}
		return parts;
	}, [lines, shown, matches]);
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<section ref={box} className="nc-code" aria-label={label} tabIndex={0} style={{ maxHeight: "72vh" }}>
			{blocks.map((block) => (
				<Block
					key={block.from}
					{...block}
					marked={line !== undefined && isWithin(block, line - 1) ? line - 1 : undefined}
					current={current !== undefined && isWithin(block, current.line) ? current : undefined}
				/>
			))}
			{lines.length > shown && (
				<Button variant="default" m="sm" onClick={() => setAsked(shown + firstLines)}>
					Show more of {count(lines.length, "line")}
				</Button>
			)}
		</section>
	);
}

interface Part {
	/** Number of its first line, from 0. */
	from: number;
	lines: readonly string[];
	matches: readonly Match[];
}

function isWithin({ from, lines }: Part, line: number): boolean {
	return line >= from && line < from + lines.length;
}

const Block = memo(function Block({
	from,
	lines,
	matches,
	marked,
	current,
}: Part & { marked: number | undefined; current: Match | undefined }) {
	return (
		<div className="nc-code-block" style={{ containIntrinsicHeight: `auto ${lines.length * 1.18}rem` }}>
			<div className="nc-gutter" aria-hidden="true">
				{lines.map((_, index) => from + index + 1).join("\n")}
			</div>
			<div className="nc-lines">{piecesOf({ from, lines, matches }, marked, current)}</div>
		</div>
	);
});

/** The lines between those with a mark as one text each, which a browser lays out far faster than an element per line. */
function piecesOf({ from, lines, matches }: Part, marked: number | undefined, current: Match | undefined): ReactNode {
	const special = new Set(matches.map(({ line }) => line));
	if (marked !== undefined) special.add(marked);
	const pieces: ReactNode[] = [];
	let at = from;
	for (const line of [...special].toSorted((a, b) => a - b)) {
		pieces.push(joined(lines.slice(at - from, line - from)));
		const text = lines[line - from] ?? "";
		const found = matches.filter((match) => match.line === line);
		pieces.push(
			<div
				key={line}
				className={line === marked ? "nc-line-marked" : undefined}
				data-marked={line === marked || undefined}
			>
				{withMarks(text, found, current)}
			</div>,
		);
		at = line + 1;
	}
	pieces.push(joined(lines.slice(at - from)));
	return pieces;
}

function withMarks(text: string, found: readonly Match[], current: Match | undefined): ReactNode {
	if (found.length === 0) return text || " ";
	const last = found.at(-1)?.end ?? 0;
	return [
		...found.flatMap((match, index) => [
			text.slice(found[index - 1]?.end ?? 0, match.start),
			<mark key={match.start} className="nc-hit" data-current={match === current || undefined}>
				{text.slice(match.start, match.end)}
			</mark>,
		]),
		text.slice(last),
	];
}

function joined(lines: readonly string[]): string {
	return lines.map((line) => `${line}\n`).join("");
}
