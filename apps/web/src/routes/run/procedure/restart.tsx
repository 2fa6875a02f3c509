import { Radio, Select, Stack, Text, Textarea } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { ProcedureMode, RestartRun } from "@netconductor/contracts/tasks/procedure";
import { useApi } from "../../../api/context.tsx";
import { FormDrawer } from "../../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../../ui/form/use-contract-form.ts";
import { toastRun } from "../../../ui/toast.tsx";
import { keyWords } from "./step-words.ts";
import { useSteps } from "./use-steps.ts";

/** How a procedure is begun anew. */
export interface RestartWish {
	what: "from_step" | "after_step" | "rollback";
	/** Key of a step. */
	step?: string;
}

const whatWords: Record<RestartWish["what"], { label: string; means: string }> = {
	from_step: {
		label: "From a step",
		means: "That step is carried out again, then those after it. What the steps before it came to is kept.",
	},
	after_step: { label: "After a step", means: "That step counts as done: the next one is the first." },
	rollback: {
		label: "Take back what it changed",
		means:
			"What its steps changed is taken back on each device, in reverse order, then its steps for that are carried out. Nothing else is done.",
	},
};

const modeWords: Record<ProcedureMode, string> = {
	run: "All steps one after the other",
	step_by_step: "Step by step: it waits for your word before each",
};

/** Begins a procedure that has ended anew, as a new run. */
export function Restart({ run, wish, onClose }: { run: Run; wish: RestartWish; onClose: () => void }) {
	const api = useApi();
	const steps = useSteps(run.id);
	const begun = (steps.data ?? []).filter(({ phase }) => phase === "main");
	// Where nothing is chosen it is where it went wrong.
	const likely = (begun.findLast(({ status }) => status !== "succeeded" && status !== "skipped") ?? begun.at(-1))?.key;
	const form = useContractForm({
		initial: { what: wish.what as string, step: wish.step ?? null, mode: "run" as string, reason: "" },
		schema: RestartRun,
		toBody: ({ what, step, mode, reason }) => ({
			what: what as RestartWish["what"],
			...(what !== "rollback" && { step: step ?? likely ?? "" }),
			mode: mode as ProcedureMode,
			reason,
		}),
		send: (body) => api.config.restartExecution({ params: { run_id: run.id }, body }),
		onDone: ({ run_id }, { what }) => {
			toastRun(what === "rollback" ? "What it changed is being taken back" : "It begins anew", run_id);
			onClose();
		},
		about: { "runs.no_such_step": "step" },
	});
	const { what } = form.form.getValues();
	return (
		<FormDrawer
			opened
			onClose={onClose}
			title="Begin anew"
			action={what === "rollback" ? "Take back" : "Begin anew"}
			danger={what === "rollback"}
			form={form}
		>
			<Text size="sm">A new run begins, with the same procedure, values and devices. This one stays as it is.</Text>
			<Radio.Group label="What?" {...form.field("what")}>
				<Stack gap="sm" mt={6}>
					{(["from_step", "after_step", "rollback"] as const).map((value) => (
						<Radio key={value} value={value} label={whatWords[value].label} description={whatWords[value].means} />
					))}
				</Stack>
			</Radio.Group>
			{what !== "rollback" && (
				<>
					<Select
						label="Step"
						placeholder="Step"
						required
						searchable
						data={begun.map(({ key, name }) => ({
							value: key,
							label: name === null ? keyWords(key) : `${visibleLine(name)} (${keyWords(key)})`,
						}))}
						{...form.field("step")}
						value={form.form.getValues().step ?? likely ?? null}
					/>
					<Radio.Group label="How?" {...form.field("mode")}>
						<Stack gap="xs" mt={6}>
							{ProcedureMode.options.map((value) => (
								<Radio key={value} value={value} label={modeWords[value]} />
							))}
						</Stack>
					</Radio.Group>
				</>
			)}
			<Textarea
				label="Why?"
				description="For those who approve it, and for those who read it later"
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
