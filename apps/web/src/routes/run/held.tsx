import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { BreakGlass, type Run, type WaitingFor } from "@netconductor/contracts/tasks/model";
import { useQueryClient } from "@tanstack/react-query";
import { useApi, useCoversAll, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { ReasonField } from "../../ui/form/reason-field.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Ago, Moment, Until } from "../../ui/time.tsx";
import { toastDone } from "../../ui/toast.tsx";

type Hold = Extract<WaitingFor, { kind: "calendar" }>;

/** A calendar holds the run back: until when, and the way through in an emergency. */
export function Held({ run, why, until, since, calendar }: { run: Run } & Hold) {
	const permitted = usePermitted();
	const coversAll = useCoversAll();
	const [breaking, breakIt] = useDisclosure();
	const begun = (run.progress?.batch ?? 0) > 0;
	return (
		<Notice tone="warn" icon="clock" title={`Held back: ${why}`}>
			<span>
				{until === null ? (
					"No end of it is in sight."
				) : (
					<>
						It goes on by itself <Until at={until} />: <Moment at={until} />.
					</>
				)}{" "}
				{begun ? "No further batch begins before." : "Nothing was changed yet."} It is held since <Ago at={since} />.
			</span>
			<div className="nc-notice-foot">
				{permitted("approvals:bypass") && (
					<Button color="red" variant="light" onClick={breakIt.open}>
						Break the glass
					</Button>
				)}
				{calendar !== null && coversAll && permitted("schedules:read") && (
					<ButtonLink to="/schedules" search={{ tab: "calendars" }} variant="default">
						See the calendars
					</ButtonLink>
				)}
			</div>
			{breaking && <BreakGlassForm run={run} why={why} onClose={breakIt.close} />}
		</Notice>
	);
}

function BreakGlassForm({ run, why, onClose }: { run: Run; why: string; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { reason: "" },
		schema: BreakGlass,
		toBody: ({ reason }) => ({ reason }),
		send: (body) => api.tasks.breakGlass({ params: { id: run.id }, body }),
		onDone: (after) => {
			queries.setQueryData(["run", run.id], after);
			toastDone("The run begins");
			onClose();
		},
	});
	return (
		<FormDrawer opened onClose={onClose} title="Break the glass" action="Begin now" danger form={form}>
			<Notice tone="bad" icon="unplugged" title="The run begins although a calendar holds it back">
				<span>{visibleLine(why)}. The run is marked as bypassed everywhere, for good, with your name and reason.</span>
			</Notice>
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
