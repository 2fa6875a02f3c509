import type { Approval, Vote } from "@netconductor/contracts/alerts/approvals";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { Panel } from "../../ui/page.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { Moment } from "../../ui/time.tsx";

const looks: Record<Vote["decision"], Look> = {
	approve: { tone: "good", icon: "ok", word: "Approved" },
	reject: { tone: "bad", icon: "cross", word: "Rejected" },
	bypass: { tone: "bad", icon: "unplugged", word: "Broke the glass" },
};

/** What was said so far; nothing of it is ever taken out. */
export function Votes({ approval }: { approval: Approval }) {
	if (approval.votes.length === 0) return null;
	return (
		<Panel title="What was said">
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the page is narrow */}
			<section className="nc-scroll" aria-label="Votes" tabIndex={0}>
				<table className="nc-table">
					<thead>
						<tr>
							<th scope="col">Vote</th>
							<th scope="col">By</th>
							<th scope="col">When</th>
							<th scope="col">Reason</th>
						</tr>
					</thead>
					<tbody>
						{approval.votes.map((vote) => (
							<tr key={vote.id}>
								<td className="nc-tight">
									<State {...(vote.counts ? looks[vote.decision] : { ...looks[vote.decision], tone: "calm" })} />
								</td>
								<td className="nc-break">
									{visibleLine(vote.by.name)}
									{vote.for !== null && ` for ${visibleLine(vote.for.name)}`}
									{vote.via === "token" && <div className="nc-small nc-dim">with an API token</div>}
								</td>
								<td>
									<Moment at={vote.at} />
								</td>
								<td className="nc-break">
									<span style={{ whiteSpace: "pre-wrap" }}>{visibleText(vote.reason)}</span>
									{vote.why_not !== null && (
										<div className="nc-small nc-warn">Does not count: {visibleLine(vote.why_not)}</div>
									)}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</Panel>
	);
}
