import type { Risk } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Panel } from "../../ui/page.tsx";
import { count } from "../../ui/words.ts";
import { RiskState } from "../approvals/looks.tsx";

/** How dangerous the change is, point by point. */
export function RiskPanel({ risk }: { risk: Risk }) {
	return (
		<Panel
			title="Risk"
			actions={
				<span className="nc-small">
					<RiskState level={risk.level} /> <span className="nc-dim">{count(risk.points, "point")}</span>
				</span>
			}
		>
			{risk.reasons.length === 0 ? (
				<p className="nc-panel-body nc-dim">It only reads.</p>
			) : (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the page is narrow
				<section className="nc-scroll" aria-label="Reasons of the risk" tabIndex={0}>
					<table className="nc-table">
						<thead>
							<tr>
								<th scope="col" className="nc-number">
									Points
								</th>
								<th scope="col">Why</th>
							</tr>
						</thead>
						<tbody>
							{risk.reasons.map(({ code, points, text, devices }) => (
								<tr key={`${code} ${text}`}>
									<td className="nc-number nc-tight">{points}</td>
									<td className="nc-break">
										{visibleLine(text)}
										{devices.some((name) => name !== "") && (
											<div className="nc-small nc-dim">{visibleLine(devices.join(", "))}</div>
										)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</Panel>
	);
}
