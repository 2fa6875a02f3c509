import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import type { Run } from "@netconductor/contracts/tasks/model";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import type { Selection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";

/** Answers that mean that somebody, or the run itself, was faster. */
const over = new Set(["runs.already_ended", "runs.nothing_to_retry", "runs.still_running", "runs.not_found"]);

/** Does something to one run after the other. Answers to how many it was done; @throws the first problem that is not that it was over. */
async function eachOf(runs: readonly Run[], act: (id: string) => Promise<unknown>): Promise<number> {
	let done = 0;
	for (const { id } of runs) {
		try {
			await act(id);
			done += 1;
		} catch (error) {
			if (!(error instanceof ApiProblem) || !over.has(error.problem.code)) throw error;
		}
	}
	return done;
}

/** What can be done with the selected runs: those that go on are cancelled, of those that ended what failed runs again. */
export function BulkActions({ runs, selection }: { runs: readonly Run[]; selection: Selection }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [asking, ask] = useDisclosure();
	const chosen = runs.filter(({ id }) => selection.has(id));
	const going = chosen.filter(
		({ finished_at, cancel_requested_by }) => finished_at === null && cancel_requested_by === null,
	);
	// Where nobody knows what happened somebody decides first, on the run's own page.
	const failed = chosen.filter(
		({ finished_at, counts }) => finished_at !== null && counts.unknown === 0 && counts.failed + counts.cancelled > 0,
	);
	const after = {
		onError: toastProblem,
		onSettled: () => {
			ask.close();
			void queries.invalidateQueries({ queryKey: ["runs"] });
		},
	};
	const cancel = useMutation({
		mutationFn: () => eachOf(going, (id) => api.tasks.cancelRun({ params: { id } })),
		onSuccess: (done) => {
			selection.clear();
			toastDone(
				done === going.length
					? `${count(done, "run")} being cancelled`
					: `${count(done, "run")} being cancelled, the others had ended`,
			);
		},
		...after,
	});
	const retry = useMutation({
		mutationFn: () => eachOf(failed, (id) => api.tasks.retryRun({ params: { id } })),
		onSuccess: (done) => {
			selection.clear();
			toastDone(`What failed in ${count(done, "run")} runs again`);
		},
		...after,
	});
	return (
		<>
			{permitted("runs:cancel") && (
				<Button variant="default" disabled={going.length === 0} onClick={ask.open}>
					Cancel
				</Button>
			)}
			{permitted("runs:start") && (
				<Button
					variant="default"
					disabled={failed.length === 0}
					loading={retry.isPending}
					onClick={() => retry.mutate()}
				>
					Retry failed
				</Button>
			)}
			<Confirm
				opened={asking}
				title={`Cancel ${count(going.length, "run")}?`}
				action={going.length === 1 ? "Cancel run" : "Cancel runs"}
				busy={cancel.isPending}
				onConfirm={() => cancel.mutate()}
				onClose={ask.close}
			>
				What has not started in them will not start, and open sessions with devices are closed. What is done stays done.
				{chosen.length > going.length && ` ${count(chosen.length - going.length, "selected run")} ended already.`}
			</Confirm>
		</>
	);
}
