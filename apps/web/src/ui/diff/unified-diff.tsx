import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMemo, useState } from "react";
import { count } from "../words.ts";
import styles from "./diff-view.module.css";

const shownAtFirst = 300;

type Kind = "added" | "removed" | "context";

function kindOf(line: string): Kind {
	if (line.startsWith("+") && !line.startsWith("+++ ")) return "added";
	return line.startsWith("-") && !line.startsWith("--- ") ? "removed" : "context";
}

/** A difference that came as text: each line begins with `+`, `-` or belongs to neither. Long ones are shown whole when asked for. */
export function UnifiedDiff({ text, label }: { text: string; label: string }) {
	const [whole, setWhole] = useState(false);
	const lines = useMemo(() => text.replace(/\r?\n$/, "").split(/\r?\n/), [text]);
	const shown = whole ? lines : lines.slice(0, shownAtFirst);
	const hidden = lines.length - shown.length;
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<section className={`nc-code ${styles.scroller}`} aria-label={label} tabIndex={0}>
			<table className={styles.table}>
				<caption className="nc-visually-hidden">{label}</caption>
				<colgroup>
					<col className={styles.signColumn} />
					<col />
				</colgroup>
				<tbody>
					{shown.map((line, index) => {
						const kind = kindOf(line);
						return (
							// biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else to be told apart by
							<tr key={index} data-kind={kind}>
								<td className={styles.sign} aria-hidden="true">
									{kind === "added" ? "+" : kind === "removed" ? "−" : ""}
								</td>
								<td className={styles.text} data-side={kind}>
									{kind !== "context" && <span className="nc-visually-hidden">{kind}: </span>}
									{visibleLine(kind === "context" ? line : line.slice(1))}
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
			{hidden > 0 && (
				<div className={styles.foldLine}>
					<Button variant="default" size="compact-xs" onClick={() => setWhole(true)}>
						Show {count(hidden, "more line")}
					</Button>
				</div>
			)}
		</section>
	);
}
