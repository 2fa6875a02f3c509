import type { Mop, MopVersionSummary } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Hunks } from "../../ui/diff/hunks.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { useCursorList } from "../../ui/table/list-source.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { VersionTable } from "../../ui/version-table.tsx";
import styles from "./mop.module.css";

/** Versions, newest first; any two are compared, and an older one can be brought back. */
export function Versions({
	mop,
	mayWrite,
	chosen,
	onChoose,
	onRestored,
}: {
	mop: Mop;
	mayWrite: boolean;
	/** As the address has them. */
	chosen: string | undefined;
	onChoose: (versions: string | undefined) => void;
	onRestored: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const [restoring, setRestoring] = useState<z.output<typeof MopVersionSummary>>();
	const list = useCursorList(
		"mops",
		{},
		(query, signal) => api.config.listMopVersions({ params: { id: mop.id }, query }, { signal }),
		{ key: [mop.id, "versions"] },
	);
	const restore = useMutation({
		mutationFn: (version: number) => api.config.restoreMopVersion({ params: { id: mop.id, version } }),
		onSuccess: (saved) => {
			queries.setQueryData(["mops", "one", mop.id], saved);
			void queries.invalidateQueries({ queryKey: ["mops"] });
			toastDone(`Version ${restoring?.version} is back, as version ${saved.version}`);
			onRestored();
		},
		onError: toastProblem,
		onSettled: () => setRestoring(undefined),
	});
	if (list.error) return <ProblemAlert error={list.error} onRetry={list.retry} />;
	if (list.rows === undefined) return <RowsLoading rows={4} />;
	const [from, to] = valuesOf(chosen)
		.slice(0, 2)
		.map(Number)
		.toSorted((a, b) => a - b);
	return (
		<div className={styles.column}>
			<VersionTable
				versions={list.rows}
				newest={mop.version}
				chosen={chosen}
				onChoose={onChoose}
				why={({ note }) => visibleLine(note)}
				onRestore={mayWrite ? setRestoring : undefined}
				more={list.more}
			/>
			{from !== undefined && to !== undefined && <Comparison id={mop.id} from={from} to={to} />}
			<Confirm
				opened={restoring !== undefined}
				title={`Restore version ${restoring?.version ?? ""}?`}
				action="Restore it"
				busy={restore.isPending}
				onConfirm={() => restoring !== undefined && restore.mutate(restoring.version)}
				onClose={() => setRestoring(undefined)}
			>
				Its text becomes version {mop.version + 1}. All versions stay.
			</Confirm>
		</div>
	);
}

function Comparison({ id, from, to }: { id: string; from: number; to: number }) {
	const api = useApi();
	const query = useQuery({
		queryKey: ["mops", id, "comparison", { from, to }],
		queryFn: ({ signal }) => api.config.compareMopVersions({ params: { id }, query: { from, to } }, { signal }),
		// Versions do not change.
		staleTime: Number.POSITIVE_INFINITY,
	});
	return (
		<Loaded query={query} rows={8}>
			{({ hunks }) => (
				<Panel title={`Version ${from} and version ${to}`}>
					{hunks.length === 0 ? (
						<p className="nc-panel-body">Both versions are the same.</p>
					) : (
						<Hunks hunks={hunks} truncated={false} label="Changed lines" />
					)}
				</Panel>
			)}
		</Loaded>
	);
}
