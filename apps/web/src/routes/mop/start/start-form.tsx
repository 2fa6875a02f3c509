import { Button, SegmentedControl, Text, Textarea } from "@mantine/core";
import { ExecuteMop, type Mop } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useState } from "react";
import { useApi } from "../../../api/context.tsx";
import { FormDrawer } from "../../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../../ui/form/use-contract-form.ts";
import { HoldNotice } from "../../../ui/hold-notice.tsx";
import { noteRun } from "../../../ui/latest-run.ts";
import { Notice } from "../../../ui/notice.tsx";
import { ProblemAlert } from "../../../ui/problem.tsx";
import { DryRunResult, useDryRun } from "./dry-run.tsx";
import { errorsByVariable, missingErrors, StartFields } from "./start-fields.tsx";
import { askedBody, firstValues, type StartValues, startBody } from "./values.ts";

/** Asks what has to be known before a procedure starts. Give it another `key` at each opening. */
export function StartForm({
	mop,
	unsaved,
	opened,
	onClose,
	onStarted,
}: {
	mop: Mop;
	/** The page holds changes that are not part of it yet. */
	unsaved: boolean;
	opened: boolean;
	onClose: () => void;
	onStarted: (run_id: string) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const name = visibleLine(mop.name);
	const dry = useDryRun(mop);
	const [missing, setMissing] = useState<Record<string, string>>({});
	const [refused, setRefused] = useState<unknown>();
	const form = useContractForm({
		initial: { ...firstValues(mop), mode: "run" as "run" | "step_by_step", reason: "" },
		schema: ExecuteMop,
		toBody: ({ mode, reason, ...values }) => ({ ...startBody(mop, values as StartValues), mode, reason }),
		send: async (body) => {
			setRefused(undefined);
			try {
				return await api.config.executeMop({ params: { id: mop.id }, body });
			} catch (error) {
				setRefused(error);
				throw error;
			}
		},
		onDone: ({ run_id }) => {
			void queries.invalidateQueries({ queryKey: ["mops"] });
			void queries.invalidateQueries({ queryKey: ["runs"] });
			noteRun(run_id);
			onClose();
			onStarted(run_id);
		},
	});
	const values = form.form.values;
	const errors = { ...errorsByVariable(refused), ...errorsByVariable(dry.error), ...missing };
	const complete = () => {
		const lacking = missingErrors(mop, values);
		setMissing(lacking);
		return Object.keys(lacking).length === 0;
	};
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={`Start ${name}`}
			action="Start"
			form={{
				...form,
				submit: (event: FormEvent) => {
					event.preventDefault();
					if (complete()) form.submit(event);
				},
			}}
		>
			{unsaved && (
				<Notice tone="warn" icon="edit" title="What you changed on this page is not saved">
					<span>The saved procedure is started, version {mop.version}.</span>
				</Notice>
			)}
			<Text size="sm">
				{mop.writes
					? "It may change devices. Where a policy wants an approval, the run waits for it first."
					: "It changes no device."}
			</Text>
			{mop.writes && opened && <HoldNotice change={{ kind: "mop", params: askedBody(mop, values) }} />}
			<StartFields
				mop={mop}
				values={values}
				errors={errors}
				onValues={({ typed, which, selection }) => form.form.setValues({ typed, which, selection })}
			/>
			<div>
				<SegmentedControl
					aria-label="How it goes on"
					data={[
						{ value: "run", label: "To its end" },
						{ value: "step_by_step", label: "Step by step" },
					]}
					{...form.field("mode")}
				/>
				{values.mode === "step_by_step" && <p className="nc-small nc-dim">It waits for your word before each step.</p>}
			</div>
			<Textarea
				label="Reason"
				description="For those who approve, and for those who read it later"
				autosize
				minRows={2}
				maxRows={6}
				maxLength={500}
				{...form.field("reason")}
			/>
			<div>
				<Button variant="default" loading={dry.isPending} onClick={() => complete() && dry.mutate(values)}>
					Show what it would do
				</Button>
			</div>
			{dry.error !== null && <ProblemAlert error={dry.error} />}
			{dry.data !== undefined && <DryRunResult result={dry.data} />}
		</FormDrawer>
	);
}
