import { Text, TextInput } from "@mantine/core";
import { type Approval, Approve, Bypass, Delegate, Reject } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { MomentInput } from "../../ui/form/moment-input.tsx";
import { ReasonField } from "../../ui/form/reason-field.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { Notice } from "../../ui/notice.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { count, moment } from "../../ui/words.ts";
import { riskLooks, shortHash } from "../approvals/looks.tsx";

interface Props {
	approval: Approval;
	onClose: () => void;
}

const hour_ms = 3_600_000;

/** What the person decides on is what they saw when they opened the form, whatever comes in meanwhile. */
function useSeen({ approval }: Props) {
	const [seen] = useState(approval);
	return seen;
}

function useShowDecided({ onClose }: Props) {
	const queries = useQueryClient();
	return (decided: Approval, said: string) => {
		queries.setQueryData(["approvals", "one", decided.id], decided);
		void queries.invalidateQueries({ queryKey: ["approvals"] });
		toastDone(said);
		onClose();
	};
}

function Seen({ approval }: { approval: Approval }) {
	return (
		<Text size="sm">
			{visibleLine(approval.title)}, asked for by {visibleLine(approval.requested_by.name)}: plan{" "}
			<span className="nc-mono">{shortHash(approval.plan_sha256)}…</span> on {count(approval.device_count, "device")},{" "}
			{riskLooks[approval.risk_level].word.toLowerCase()}.
		</Text>
	);
}

export function ApproveForm(props: Props) {
	const api = useApi();
	const seen = useSeen(props);
	const done = useShowDecided(props);
	const form = useContractForm({
		initial: { reason: "", not_before: "", not_after: "" },
		schema: Approve,
		toBody: ({ reason, not_before, not_after }) => ({
			plan_sha256: seen.plan_sha256,
			reason,
			...(not_before !== "" && { not_before }),
			...(not_after !== "" && { not_after }),
		}),
		send: (body) => api.alerts.approve({ params: { id: seen.id }, body }),
		about: { "approvals.bad_window": "not_after" },
		onDone: (decided) =>
			done(
				decided,
				decided.status === "approved" ? "Approved: the run may begin" : "Your approval counts; more are needed",
			),
	});
	return (
		<FormDrawer opened onClose={props.onClose} title="Approve this plan" action="Approve" form={form}>
			<Seen approval={seen} />
			<ReasonField
				description="For those who read it later; it may be left empty"
				data-autofocus
				{...form.field("reason")}
			/>
			<MomentInput
				label="Begin from"
				description={
					seen.not_before === null
						? "Empty: as soon as it is approved"
						: `Empty: from ${moment(seen.not_before)}, as asked for`
				}
				{...form.field("not_before")}
			/>
			<MomentInput
				label="Begin before"
				description={
					seen.not_after === null
						? "After it the approval lapses. Empty: whenever it comes to it"
						: `Empty: before ${moment(seen.not_after)}, as asked for`
				}
				{...form.field("not_after")}
			/>
		</FormDrawer>
	);
}

export function RejectForm(props: Props) {
	const api = useApi();
	const seen = useSeen(props);
	const done = useShowDecided(props);
	const form = useContractForm({
		initial: { reason: "" },
		schema: Reject,
		toBody: ({ reason }) => ({ plan_sha256: seen.plan_sha256, reason }),
		send: (body) => api.alerts.reject({ params: { id: seen.id }, body }),
		onDone: (decided) => done(decided, "Rejected: the run does not begin"),
	});
	return (
		<FormDrawer opened onClose={props.onClose} title="Reject this plan" action="Reject" danger form={form}>
			<Seen approval={seen} />
			<ReasonField
				description="What has to be different; whoever asked reads it"
				withAsterisk
				data-autofocus
				{...form.field("reason")}
			/>
		</FormDrawer>
	);
}

export function DelegateForm(props: Props) {
	const api = useApi();
	const seen = useSeen(props);
	const done = useShowDecided(props);
	const [until] = useState(() => new Date(Date.now() + hour_ms).toISOString());
	const form = useContractForm({
		initial: { to: "", until, reason: "" },
		schema: Delegate,
		toBody: (values) => ({ plan_sha256: seen.plan_sha256, ...values, to: values.to.trim() }),
		send: (body) => api.alerts.delegate({ params: { id: seen.id }, body }),
		about: { "approvals.bad_delegate": "to" },
		onDone: (decided, { to }) => done(decided, `${visibleLine(to)} may decide in your place`),
	});
	return (
		<FormDrawer opened onClose={props.onClose} title="Have somebody else decide" action="Delegate" form={form}>
			<Seen approval={seen} />
			<TextInput
				label="Who"
				description="User name of somebody who may approve; never who asked for it"
				withAsterisk
				data-autofocus
				maxLength={64}
				autoComplete="off"
				{...form.field("to")}
			/>
			<MomentInput label="Until" required {...form.field("until")} />
			<ReasonField withAsterisk {...form.field("reason")} />
			<Text size="xs" c="dimmed">
				They decide in your place in this approval only, and cannot hand it on. Until they do you may still decide
				yourself.
			</Text>
		</FormDrawer>
	);
}

export function BypassForm(props: Props) {
	const api = useApi();
	const seen = useSeen(props);
	const done = useShowDecided(props);
	const form = useContractForm({
		initial: { reason: "" },
		schema: Bypass,
		toBody: ({ reason }) => ({ plan_sha256: seen.plan_sha256, reason }),
		send: (body) => api.alerts.bypass({ params: { id: seen.id }, body }),
		onDone: (decided) => done(decided, "The run may begin without approval"),
	});
	return (
		<FormDrawer
			opened
			onClose={props.onClose}
			title="Break the glass"
			action="Begin without approval"
			danger
			form={form}
		>
			<Notice tone="bad" icon="unplugged" title="The run begins although nobody approved it">
				It begins at once, also where a calendar holds changes back. It is marked as bypassed everywhere, for good, with
				your name and reason.
			</Notice>
			<Seen approval={seen} />
			<ReasonField
				label="Why can it not wait?"
				description="Ten characters or more"
				withAsterisk
				data-autofocus
				{...form.field("reason")}
			/>
		</FormDrawer>
	);
}
