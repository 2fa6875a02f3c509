import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useEffect, useMemo, useRef, useState } from "react";
import { count } from "./words.ts";

const blockLines = 500;
// Blocks beyond what a browser lays out at once come on demand.
const firstLines = 20_000;

/** A configuration with line numbers, as text whatever is in it. Blocks that are not on the screen are not laid out. */
export function ConfigText({ text, line, label }: { text: string; line?: number | undefined; label: string }) {
	const lines = useMemo(() => splitLines(text), [text]);
	const [shown, setShown] = useState(Math.max(firstLines, line ?? 0));
	const marked = useRef<HTMLDivElement>(null);
	// biome-ignore lint/correctness/useExhaustiveDependencies: it leads to the line once per line and text
	useEffect(() => marked.current?.scrollIntoView({ block: "center" }), [line, text]);
	const blocks = Array.from(
		{ length: Math.ceil(Math.min(shown, lines.length) / blockLines) },
		(_, block) => block * blockLines,
	);
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<section className="nc-code" aria-label={label} tabIndex={0} style={{ maxHeight: "72vh" }}>
			{blocks.map((from) => {
				const part = lines.slice(from, from + blockLines);
				return (
					<div key={from} className="nc-code-block" style={{ containIntrinsicHeight: `auto ${part.length * 1.18}rem` }}>
						<div className="nc-gutter" aria-hidden="true">
							{part.map((_, index) => from + index + 1).join("\n")}
						</div>
						<div className="nc-lines">
							{line !== undefined && line > from && line <= from + part.length ? (
								<>
									{joined(part.slice(0, line - from - 1))}
									<div ref={marked} className="nc-line-marked">
										{visibleLine(part[line - from - 1] ?? "") || " "}
									</div>
									{joined(part.slice(line - from))}
								</>
							) : (
								joined(part)
							)}
						</div>
					</div>
				);
			})}
			{lines.length > shown && (
				<Button variant="default" m="sm" onClick={() => setShown(shown + firstLines)}>
					Show more of {count(lines.length, "line")}
				</Button>
			)}
		</section>
	);
}

function splitLines(text: string): string[] {
	const lines = text.split(/\r?\n/);
	if (lines.at(-1) === "") lines.pop();
	return lines;
}

function joined(lines: string[]): string {
	return lines.map((line) => `${visibleLine(line)}\n`).join("");
}
