import type { RunStep } from "@netconductor/contracts/tasks/procedure";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../../api/context.tsx";
import { firstToRead, withSteps } from "./known-steps.ts";
import { findStep } from "./step-tree.ts";
import { nameOf } from "./step-words.ts";

const stepsAtOnce = 1_000;

const keyOf = (run_id: string) => ["steps", run_id];

/** Steps of a procedure that have begun, in that order: shown from the first answer on. */
export function useSteps(run_id: string, enabled = true) {
	const api = useApi();
	const queries = useQueryClient();
	return useQuery({
		queryKey: keyOf(run_id),
		queryFn: async ({ signal, queryKey }) => {
			let known = queries.getQueryData<readonly RunStep[]>(queryKey) ?? [];
			for (let after = firstToRead(known); ; ) {
				const query = { after, page_size: stepsAtOnce };
				const { items } = await api.tasks.listRunSteps({ params: { id: run_id }, query }, { signal });
				known = withSteps(known, items);
				const last = items.at(-1);
				if (last === undefined || items.length < stepsAtOnce) return known;
				queries.setQueryData(queryKey, known);
				after = last.seq;
			}
		},
		structuralSharing: false,
		staleTime: Number.POSITIVE_INFINITY,
		enabled,
	});
}

/** The procedure that a run carries out: it never changes. */
export function useProcedure(run_id: string, enabled = true) {
	const api = useApi();
	return useQuery({
		queryKey: ["procedure", run_id],
		queryFn: ({ signal }) => api.tasks.getRunProcedure({ params: { id: run_id } }, { signal }),
		staleTime: Number.POSITIVE_INFINITY,
		enabled,
	});
}

/** What people call a step of a run's procedure. */
export function useStepName(run_id: string, path: string): string {
	const procedure = useProcedure(run_id).data;
	const step = findStep(procedure?.steps ?? [], path) ?? findStep(procedure?.rollback ?? [], path);
	return nameOf(step ?? { name: null, path });
}

/**
 * Reads the steps of a run again whenever it is called; once more when it was called meanwhile, so that what comes quickly is neither missed
 * nor broken off over and over.
 */
export function createStepsReader(queries: QueryClient, run_id: string): () => void {
	let reading = false;
	let again = false;
	return async function read() {
		again = true;
		if (reading) return;
		reading = true;
		try {
			while (again) {
				again = false;
				await queries.invalidateQueries({ queryKey: keyOf(run_id) });
			}
		} finally {
			reading = false;
		}
	};
}
