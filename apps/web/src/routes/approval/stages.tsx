import type { Approval } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { Panel } from "../../ui/page.tsx";
import { State } from "../../ui/state.tsx";
import { Until } from "../../ui/time.tsx";

type Stage = Approval["stages"][number];

const namesShown = 12;

function whom({ users, roles }: Pick<Stage, "users" | "roles">): string {
	return [...users.map(({ name }) => name), ...roles.map((role) => `the role ${role}`)].join(", ") || "anybody else";
}

/** Whose word is needed, stage by stage, and who can give it now. */
export function Stages({ approval }: { approval: Approval }) {
	const open = approval.status === "waiting";
	return (
		<Panel title="Whose word is needed">
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the page is narrow */}
			<section className="nc-scroll" aria-label="Stages" tabIndex={0}>
				<table className="nc-table">
					<thead>
						<tr>
							<th scope="col">Stage</th>
							<th scope="col">Asks</th>
							<th scope="col" className="nc-number">
								Approved
							</th>
							<th scope="col">State</th>
						</tr>
					</thead>
					<tbody>
						{approval.stages.map((stage, index) => (
							// biome-ignore lint/suspicious/noArrayIndexKey: a stage is its place in the order, which never changes
							<tr key={index}>
								<td className="nc-break">{visibleLine(stage.name)}</td>
								<td className="nc-break">{visibleLine(whom(stage))}</td>
								<td className="nc-number nc-tight">
									{stage.approved} of {stage.needed}
								</td>
								<td className="nc-tight">
									<StageState stage={stage} current={open && approval.stage === index} open={open} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</section>
			{approval.delegations.length > 0 && (
				<ul className="nc-panel-body nc-small" style={{ margin: 0, paddingLeft: 28 }}>
					{approval.delegations.map(({ id, from, to, until, reason }) => (
						<li key={id} className="nc-break">
							{visibleLine(to.name)} decides in the place of {visibleLine(from.name)} until <Until at={until} />:{" "}
							{visibleLine(reason)}
						</li>
					))}
				</ul>
			)}
			{open && <Approvers approval={approval} />}
		</Panel>
	);
}

function StageState({ stage, current, open }: { stage: Stage; current: boolean; open: boolean }) {
	if (stage.complete) return <State tone="good" icon="ok" word="Complete" />;
	if (current) return <State tone="busy" icon="clock" word="Open" />;
	return <State tone="calm" icon="minus" word={open ? "Not yet" : "Not reached"} />;
}

function Approvers({ approval }: { approval: Approval }) {
	const api = useApi();
	const { data } = useQuery({
		queryKey: ["approvals", "approvers", approval.id],
		queryFn: ({ signal }) => api.alerts.listApprovers({ params: { id: approval.id } }, { signal }),
		meta: { shows: ["users", "roles"] },
	});
	if (data === undefined) return null;
	if (data.total === 0) {
		return (
			<p className="nc-panel-body nc-bad">
				Nobody else may decide on this. Ask an administrator to give somebody a role that may.
			</p>
		);
	}
	const names = data.items.slice(0, namesShown).map(({ name }) => visibleLine(name));
	const more = data.total - names.length;
	return (
		<p className="nc-panel-body nc-small nc-dim nc-break">
			Can decide now: {names.join(", ")}
			{more > 0 && ` and ${more} more`}
		</p>
	);
}
