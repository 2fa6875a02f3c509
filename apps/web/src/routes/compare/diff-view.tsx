import type { DiffHunk } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { z } from "zod";

type Hunk = z.infer<typeof DiffHunk>;

const signs = { context: " ", added: "+", removed: "−" } as const;
const spoken = { context: "", added: "added: ", removed: "removed: " } as const;

/** Changes one under the other, each under the heading of its section, with the line numbers of both versions. */
export function DiffView({
	hunks,
	current,
	register,
}: {
	hunks: Hunk[];
	current: number;
	register: (index: number) => (element: HTMLElement | null) => void;
}) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<section className="nc-code" aria-label="Changed lines" tabIndex={0}>
			{hunks.map((hunk, index) => (
				<div key={`${hunk.from_start} ${hunk.to_start}`} className="nc-hunk" ref={register(index)}>
					<div className="nc-hunk-head" data-current={index === current || undefined}>
						{hunk.section === null ? "" : `${visibleLine(hunk.section.trim())}  `}
						<span className="nc-dim">
							@@ −{hunk.from_start},{hunk.from_lines} +{hunk.to_start},{hunk.to_lines} @@
						</span>
					</div>
					<table className="nc-diff">
						<tbody>
							{hunk.lines.map(({ kind, from_line, to_line, text }) => (
								<tr key={`${from_line} ${to_line}`} data-kind={kind}>
									<td className="nc-gutter">{from_line}</td>
									<td className="nc-gutter">{to_line}</td>
									<td className="nc-sign" aria-hidden="true">
										{signs[kind]}
									</td>
									<td className="nc-lines">
										{spoken[kind] !== "" && <span className="nc-visually-hidden">{spoken[kind]}</span>}
										{visibleLine(text)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			))}
		</section>
	);
}
