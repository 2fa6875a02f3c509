import { Radio, Select, Stack, Text, Textarea } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { type OverrideAction, OverrideStep, type RunStep } from "@netconductor/contracts/tasks/procedure";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../../api/context.tsx";
import { FormDrawer } from "../../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../../ui/form/use-contract-form.ts";
import { toastDone } from "../../../ui/toast.tsx";
import { siblingsOf } from "./step-tree.ts";
import { actionWords, nameOf } from "./step-words.ts";
import { useProcedure } from "./use-steps.ts";

const actions = ["retry", "succeed", "goto", "rollback", "stop"] as const;
/** What may be said of a step that goes on by itself later. */
const insteadOfWaiting: ReadonlySet<string> = new Set(["succeed", "stop"]);
export type StepAction = (typeof actions)[number];

/** Asks what becomes of a step that waits for a person's word, and why. */
export function DecideStep({
	run,
	step,
	chosen,
	onClose,
}: {
	run: Run;
	step: RunStep;
	/** What is chosen at first. */
	chosen: StepAction | "";
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const procedure = useProcedure(run.id);
	const { steps = [], rollback = [] } = procedure.data ?? {};
	const others = siblingsOf(step.phase === "main" ? steps : rollback, step.path);
	const form = useContractForm({
		initial: { action: chosen as string, to: null as string | null, reason: "" },
		schema: OverrideStep,
		toBody: ({ action, to, reason }) => ({
			action: (action === "goto" ? { goto: to ?? "" } : action) as OverrideAction,
			reason,
		}),
		send: (body) => api.tasks.overrideStep({ params: { id: run.id, step_id: step.id }, body }),
		onDone: () => {
			toastDone(`Decided on ${nameOf(step)}`);
			void queries.invalidateQueries({ queryKey: ["steps", run.id] });
			void queries.invalidateQueries({ queryKey: ["run", run.id] });
			onClose();
		},
	});
	const jumps = form.form.getValues().action === "goto";
	return (
		<FormDrawer opened onClose={onClose} title={`Decide on ${nameOf(step)}`} action="Decide" danger form={form}>
			<Text size="sm">
				The procedure stands still at this step. What you decide is recorded with your name and cannot be taken back.
			</Text>
			<Radio.Group label="How does it go on?" {...form.field("action")}>
				<Stack gap="sm" mt={6}>
					{actions.map((action) => (
						<Radio
							key={action}
							value={action}
							disabled={
								action === "goto"
									? others.length < 2 || step.status === "waiting"
									: step.status === "waiting" && !insteadOfWaiting.has(action)
							}
							label={action === "goto" ? "Go to another step" : actionWords[action].label}
							description={
								action === "goto"
									? "It goes on at another step of the same list: an earlier one is carried out once more."
									: actionWords[action].means
							}
						/>
					))}
				</Stack>
			</Radio.Group>
			{jumps && (
				<Select
					label="Go to"
					placeholder="Step"
					required
					searchable
					data={others.map((other) => ({ value: other.id, label: `${nameOf(other)} (${visibleLine(other.id)})` }))}
					{...form.field("to")}
					error={form.form.errors.action ?? form.form.errors.to}
				/>
			)}
			<Textarea
				label="Why?"
				description="For those who read it later"
				autosize
				minRows={2}
				maxRows={6}
				maxLength={500}
				required
				{...form.field("reason")}
			/>
		</FormDrawer>
	);
}
