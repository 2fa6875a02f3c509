import type { ApprovalSummary } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago, Until } from "../../ui/time.tsx";
import { moment } from "../../ui/words.ts";
import { ApprovalState, approvalLooks, RiskState, riskLooks, shortHash } from "./looks.tsx";

export const columns: Column<ApprovalSummary>[] = [
	{
		id: "title",
		label: "Change",
		sort: "title",
		text: ({ title }) => title,
		cell: ({ id, title, requested_by, kind, risk_level }) => (
			<>
				<TextLink to="/approvals/$id" params={{ id }} fw={550} size="sm">
					{visibleLine(title) || visibleLine(kind)}
				</TextLink>
				<div className="nc-narrow nc-small">
					<span className="nc-dim">by {visibleLine(requested_by.name)}</span> <RiskState level={risk_level} />
				</div>
			</>
		),
	},
	{
		id: "status",
		label: "Status",
		width: 120,
		text: ({ status }) => approvalLooks[status].word,
		cell: ({ status }) => <ApprovalState status={status} />,
	},
	{
		id: "risk",
		label: "Risk",
		sort: "risk",
		width: 130,
		from: "medium",
		text: ({ risk_level }) => riskLooks[risk_level].word,
		cell: ({ risk_level, risk_points }) => (
			<span title={`${risk_points} points`}>
				<RiskState level={risk_level} />
			</span>
		),
	},
	{
		id: "requested_by",
		label: "Asked by",
		from: "medium",
		width: 130,
		text: ({ requested_by }) => requested_by.name,
		cell: ({ requested_by }) => visibleLine(requested_by.name),
	},
	{
		id: "kind",
		label: "Kind",
		from: "asked",
		width: 100,
		text: ({ kind }) => kind,
		cell: ({ kind }) => visibleLine(kind),
	},
	{
		id: "devices",
		label: "Devices",
		number: true,
		from: "medium",
		width: 90,
		text: ({ device_count }) => String(device_count),
		cell: ({ device_count }) => device_count,
	},
	{
		id: "votes",
		label: "Approved",
		number: true,
		from: "medium",
		width: 90,
		text: ({ approved, needed }) => `${approved} of ${needed}`,
		cell: ({ approved, needed }) => `${approved} of ${needed}`,
	},
	{
		id: "expires",
		label: "Decide by",
		sort: "expires_at",
		width: 130,
		text: ({ expires_at }) => expires_at,
		cell: ({ status, expires_at, decided_at }) =>
			status === "waiting" ? (
				<Until at={expires_at} />
			) : (
				<span className="nc-dim">{decided_at !== null && <Ago at={decided_at} />}</span>
			),
	},
	{
		id: "plan",
		label: "Plan",
		from: "asked",
		width: 130,
		text: ({ plan_sha256 }) => plan_sha256,
		cell: ({ plan_sha256 }) => <span className="nc-mono">{shortHash(plan_sha256)}</span>,
	},
	{
		id: "decided",
		label: "Decided by",
		from: "wide",
		width: 140,
		text: ({ decided_by }) => decided_by.join(", "),
		cell: ({ decided_by }) => visibleLine(decided_by.join(", ")),
	},
	{
		id: "created",
		label: "Asked",
		sort: "created_at",
		from: "wide",
		width: 120,
		text: ({ created_at }) => created_at,
		cell: ({ created_at }) => (
			<span className="nc-dim" title={moment(created_at)}>
				<Ago at={created_at} />
			</span>
		),
	},
];
