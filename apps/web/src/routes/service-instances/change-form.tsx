import { Text, Textarea } from "@mantine/core";
import { ChangeInstances, type ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { HoldNotice } from "../../ui/hold-notice.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toastRun } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { type RolloutDraft, RolloutFields, rolloutOf } from "../stack/rollout-fields.tsx";

export type InstanceChange = "redeploy" | "delete";

const words: Readonly<Record<InstanceChange, { title: string; action: string; started: string; does: string }>> = {
	redeploy: {
		title: "Deploy again",
		action: "Deploy again",
		started: "Deploying again",
		does: "These services alone are rendered as their stack says now, planned on their devices, approved where a policy wants it, and made to stand there.",
	},
	delete: {
		title: "Take off devices",
		action: "Take off",
		started: "Taking off",
		does: "The delete templates of these services are planned, approved and carried out on their devices. The stack keeps them: its next deployment brings them back.",
	},
};

const mostNamed = 8;

/** Asks what has to be known before services are deployed again or taken off. Give it another `key` at each opening. */
export function ChangeForm({
	change,
	instances,
	opened,
	onClose,
	onStarted,
}: {
	change: InstanceChange;
	instances: readonly ServiceInstanceSummary[];
	opened: boolean;
	onClose: () => void;
	onStarted: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const { title, action, started, does } = words[change];
	const stack_id = instances[0]?.stack_id;
	const stack = useQuery({
		queryKey: ["stacks", "one", stack_id],
		queryFn: ({ signal }) => api.config.getStack({ params: { id: stack_id ?? "" } }, { signal }),
		enabled: opened && stack_id !== undefined,
	});
	const form = useContractForm({
		initial: { reason: "", rollout: null as RolloutDraft | null },
		schema: ChangeInstances,
		toBody: ({ reason, rollout }) => ({
			ids: instances.map(({ id }) => id),
			reason,
			...(rollout !== null && { rollout: rolloutOf(rollout) }),
		}),
		send: (body) =>
			change === "redeploy" ? api.config.redeployInstances({ body }) : api.config.deleteInstances({ body }),
		onDone: ({ run_id }) => {
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			void queries.invalidateQueries({ queryKey: ["runs"] });
			toastRun(`${started} ${count(instances.length, "service")}`, run_id);
			onStarted();
			onClose();
		},
	});
	const more = instances.length - mostNamed;
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={title}
			action={action}
			danger={change === "delete"}
			form={form}
		>
			{change === "delete" && (
				<Notice tone="bad" icon="warning" title="This takes configuration away from devices">
					<span>What else has come to depend on it loses it, too.</span>
				</Notice>
			)}
			<Text size="sm">{does}</Text>
			<Text size="sm" className="nc-break">
				{visibleLine(
					instances
						.slice(0, mostNamed)
						.map(({ service, device_name }) => `${service} on ${device_name}`)
						.join(", "),
				)}
				{more > 0 && ` and ${more} more`}
			</Text>
			{stack_id !== undefined && (
				<HoldNotice
					change={{
						kind: change === "redeploy" ? "deploy" : "delete",
						params: { stack: stack_id },
						select: { device_ids: [...new Set(instances.map(({ device_id }) => device_id))] },
					}}
				/>
			)}
			<RolloutFields own={stack.data?.rollout} {...form.field("rollout")} />
			<Textarea
				label="Reason"
				description="For those who approve, and for those who read it later"
				autosize
				minRows={2}
				maxRows={6}
				maxLength={500}
				{...form.field("reason")}
			/>
		</FormDrawer>
	);
}
