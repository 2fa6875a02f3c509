import { Radio, Stack, Text, Textarea } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Decision, NewDecision, type Run, type RunOperation } from "@netconductor/contracts/tasks/model";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { decisions } from "./operation-words.ts";
import { useTellOperations } from "./use-live-run.ts";

/** Asks what somebody who looked at the device found; of all operations of the run that are unknown, or of one. */
export function Decide({
	run,
	operation,
	opened,
	onClose,
}: {
	run: Run;
	operation?: RunOperation;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const tell = useTellOperations(run.id);
	const all = operation === undefined;
	const cancelled = run.cancel_requested_by !== null;
	const form = useContractForm({
		initial: { decision: "", reason: "" },
		schema: NewDecision,
		toBody: ({ decision, reason }) => ({ decision: decision as Decision, reason }),
		send: async (body): Promise<number> => {
			const params = { id: run.id };
			if (operation === undefined) {
				const { decided, run: after } = await api.tasks.decideRun({ params, body });
				queries.setQueryData(["run", run.id], after);
				void queries.invalidateQueries({ queryKey: ["operations", run.id] });
				return decided;
			}
			tell([await api.tasks.decideOperation({ params: { ...params, operation_id: operation.id }, body })]);
			void queries.invalidateQueries({ queryKey: ["run", run.id] });
			return 1;
		},
		onDone: (decided) => {
			toastDone(all ? `Decided on ${count(decided, "operation")}` : `Decided on ${operation.device_name}`);
			onClose();
		},
	});
	return (
		<FormDrawer
			opened={opened}
			onClose={() => {
				form.reset();
				onClose();
			}}
			title={
				all ? `Decide on ${count(run.counts.unknown, "operation")}` : `Decide on ${visibleLine(operation.device_name)}`
			}
			action="Decide"
			form={form}
		>
			<Text size="sm">
				{all
					? "The same decision is taken for every operation of this run that is unknown now. Look at each of these devices first."
					: "Look at the device first: is the change there? The decision cannot be taken back, and is recorded with your name."}
			</Text>
			<Radio.Group label="What did you find?" {...form.field("decision")}>
				<Stack gap="sm" mt={6}>
					{Decision.options.map((value) => (
						<Radio
							key={value}
							value={value}
							disabled={value === "retry" && cancelled}
							label={decisions[value].label}
							description={
								value === "retry" && cancelled
									? "Not in a run that was cancelled: retry it as a new run instead."
									: decisions[value].means
							}
						/>
					))}
				</Stack>
			</Radio.Group>
			<Textarea
				label="What did you see?"
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
