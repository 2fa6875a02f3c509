import type { Approval } from "@netconductor/contracts/alerts/approvals";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { usePermitted } from "../../api/context.tsx";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { Fact } from "../../ui/fact.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago, Moment, Until } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { shortHash } from "../approvals/looks.tsx";

/** What the approval is bound to, and how long it holds. */
export function Bound({ approval }: { approval: Approval }) {
	const permitted = usePermitted();
	const { requested_by, plan_sha256, status, reason } = approval;
	return (
		<Panel title="What is asked for">
			<dl className="nc-facts nc-panel-body">
				<dt>Plan</dt>
				<dd>
					<span className="nc-mono" title={plan_sha256}>
						{shortHash(plan_sha256)}…
					</span>
					<CopyIcon text={plan_sha256} label="Copy the plan's SHA-256" />
				</dd>
				<dt>Kind</dt>
				<dd>{visibleLine(approval.kind)}</dd>
				<dt>Devices</dt>
				<dd>{count(approval.device_count, "device")}</dd>
				<dt>Asked by</dt>
				<dd>
					{requested_by.kind === "user" && permitted("users:read") ? (
						<TextLink to="/users/$id" params={{ id: requested_by.id }} size="sm">
							{visibleLine(requested_by.name)}
						</TextLink>
					) : (
						visibleLine(requested_by.name)
					)}
				</dd>
				<dt>Asked</dt>
				<dd>
					<Ago at={approval.created_at} />
				</dd>
				<Fact name="Reason">{reason && <span style={{ whiteSpace: "pre-wrap" }}>{visibleText(reason)}</span>}</Fact>
				<Fact name="Decide by">{status === "waiting" && <Until at={approval.expires_at} />}</Fact>
				<Fact name="Begins from">{approval.not_before && <Moment at={approval.not_before} />}</Fact>
				<Fact name="Begins before">{approval.not_after && <Moment at={approval.not_after} />}</Fact>
				<Fact name="Decided">{approval.decided_at && <Moment at={approval.decided_at} />}</Fact>
				<Fact name="Run began">{approval.used_at && <Moment at={approval.used_at} />}</Fact>
				<dt>Wanted by</dt>
				<dd>{visibleLine(approval.policies.map(({ name }) => name).join(", "))}</dd>
			</dl>
			<p className="nc-panel-body nc-small nc-dim">{holdsFor(approval.kind)} When anything of it changes, it lapses.</p>
			{permitted("runs:read") && (
				<div className="nc-panel-body">
					<ButtonLink variant="default" to="/runs/$id" params={{ id: approval.run_id }}>
						See the run and its plan
					</ButtonLink>
				</div>
			)}
		</Panel>
	);
}

/** What the hash is of. The commands of a stack are rendered before anybody is asked; those of a procedure each time a step begins. */
function holdsFor(kind: string): string {
	return kind === "mop"
		? "The approval holds for exactly this procedure: its steps as they are written, the values it was started with and its devices. What templates in it come to is known when their step begins, and may depend on what devices answered before."
		: "The approval holds for exactly this plan: its commands and its devices.";
}
