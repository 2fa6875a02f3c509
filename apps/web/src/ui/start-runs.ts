import type { Selection } from "@netconductor/contracts/devices/model";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../api/context.tsx";
import { toastProblem, toastRun } from "./toast.tsx";
import { selected } from "./words.ts";

/** Starting work on devices, from whichever page: a toast leads to the run. */
export function useStartRuns() {
	const api = useApi();
	const queries = useQueryClient();
	const started =
		(title: string) =>
		({ run_id }: { run_id: string }) => {
			toastRun(title, run_id);
			void queries.invalidateQueries({ queryKey: ["runs"] });
		};
	const backUp = useMutation({
		mutationFn: (select: Selection) =>
			select.all === true ? api.backup.runAll({ body: {} }) : api.backup.runSelected({ body: { select } }),
		onSuccess: (ref, select) => started(`Backing up ${selected(select)}`)(ref),
		onError: toastProblem,
	});
	const test = useMutation({
		mutationFn: (select: Selection) => api.devices.testDevices({ body: { select } }),
		onSuccess: (ref, select) => started(`Testing ${selected(select)}`)(ref),
		onError: toastProblem,
	});
	return { backUp, test };
}
