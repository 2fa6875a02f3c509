import { Button } from "@mantine/core";
import type { Approval } from "@netconductor/contracts/alerts/approvals";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { ApprovalState, RiskState } from "../approvals/looks.tsx";
import { Bound } from "./bound.tsx";
import { Devices } from "./devices.tsx";
import { ApproveForm, BypassForm, DelegateForm, RejectForm } from "./forms.tsx";
import { RiskPanel } from "./risk-panel.tsx";
import { Stages } from "./stages.tsx";
import { Votes } from "./votes.tsx";

export const route = createLazyRoute("/signed-in/framed/approvals/$id")({ component: ApprovalPage });
const { useParams } = getRouteApi("/signed-in/framed/approvals/$id");

type Doing = "approve" | "reject" | "delegate" | "bypass";

function ApprovalPage() {
	const { id } = useParams();
	const api = useApi();
	const { data, error, refetch } = useQuery({
		queryKey: ["approvals", "one", id],
		queryFn: ({ signal }) => api.alerts.getApproval({ params: { id } }, { signal }),
	});
	if (data !== undefined) return <ApprovalView key={id} approval={data} />;
	return (
		<NotLoaded
			title="Approval"
			query={{ error, refetch }}
			wayOut={
				<ButtonLink to="/approvals" variant="default">
					All approvals
				</ButtonLink>
			}
		/>
	);
}

function ApprovalView({ approval }: { approval: Approval }) {
	const [doing, setDoing] = useState<Doing>();
	const stop = () => setDoing(undefined);
	const { mine } = approval;
	return (
		<Page
			title={approval.title || approval.kind}
			beside={
				<>
					<ApprovalState status={approval.status} />
					<RiskState level={approval.risk_level} />
				</>
			}
			actions={
				<>
					{mine.can_bypass && (
						<Button color="red" variant="light" onClick={() => setDoing("bypass")}>
							Break the glass
						</Button>
					)}
					{mine.can_delegate && (
						<Button variant="default" onClick={() => setDoing("delegate")}>
							Delegate
						</Button>
					)}
					{mine.can_decide && (
						<>
							<Button variant="default" onClick={() => setDoing("reject")}>
								Reject
							</Button>
							<Button onClick={() => setDoing("approve")}>Approve</Button>
						</>
					)}
				</>
			}
		>
			<Outcome approval={approval} />
			<div className="nc-columns">
				<div>
					<Bound approval={approval} />
				</div>
				<div>
					<RiskPanel risk={approval.risk} />
					<Stages approval={approval} />
					<Votes approval={approval} />
					<Devices approval={approval} />
				</div>
			</div>
			{doing === "approve" && <ApproveForm approval={approval} onClose={stop} />}
			{doing === "reject" && <RejectForm approval={approval} onClose={stop} />}
			{doing === "delegate" && <DelegateForm approval={approval} onClose={stop} />}
			{doing === "bypass" && <BypassForm approval={approval} onClose={stop} />}
		</Page>
	);
}

/** What has to be read before the rest: nobody approved, or why who reads cannot. */
function Outcome({ approval }: { approval: Approval }) {
	const { status, mine, decision_reason, decided_by } = approval;
	const reason =
		decision_reason === null ? null : <span style={{ whiteSpace: "pre-wrap" }}>{visibleText(decision_reason)}</span>;
	if (status === "bypassed") {
		return (
			<Notice
				tone="bad"
				icon="unplugged"
				title={`Nobody approved this: ${visibleLine(decided_by.join(", "))} broke the glass`}
			>
				{reason}
			</Notice>
		);
	}
	if (status === "rejected") {
		return (
			<Notice tone="bad" icon="cross" title={`Rejected by ${visibleLine(decided_by.join(", "))}`}>
				{reason}
			</Notice>
		);
	}
	if (status === "lapsed" || status === "expired") {
		return (
			<Notice tone="warn" icon="history" title={status === "lapsed" ? "It counts no more" : "Nobody decided in time"}>
				{status === "lapsed" ? reason : "The run does not begin. Start the change again to ask anew."}
			</Notice>
		);
	}
	if (status === "waiting" && mine.why_not !== null) {
		return (
			<Notice tone="warn" icon="user" title={mine.is_requester ? "You asked for this" : "It does not wait for you"}>
				{visibleLine(mine.why_not)}
			</Notice>
		);
	}
	return null;
}
