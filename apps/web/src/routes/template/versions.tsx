import { Group } from "@mantine/core";
import type { Template, TemplateVersionSummary } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Hunks } from "../../ui/diff/hunks.tsx";
import { DiffSize } from "../../ui/diff-size.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { useCursorList } from "../../ui/table/list-source.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { VersionTable } from "../../ui/version-table.tsx";
import { count } from "../../ui/words.ts";
import styles from "./template.module.css";

/** Versions, newest first; any two are compared, and an older one can be brought back. */
export function Versions({
	template,
	mayWrite,
	chosen,
	onChoose,
	onRestored,
}: {
	template: Template;
	mayWrite: boolean;
	/** As the address has them. */
	chosen: string | undefined;
	onChoose: (versions: string | undefined) => void;
	onRestored: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const [restoring, setRestoring] = useState<TemplateVersionSummary>();
	const list = useCursorList(
		"templates",
		{},
		(query, signal) => api.config.listTemplateVersions({ params: { id: template.id }, query }, { signal }),
		{ key: [template.id, "versions"] },
	);
	const restore = useMutation({
		mutationFn: (version: number) =>
			api.config.restoreTemplateVersion({
				params: { id: template.id, version },
				body: { version: template.version },
			}),
		onSuccess: (saved) => {
			queries.setQueryData(["templates", "one", template.id], saved);
			void queries.invalidateQueries({ queryKey: ["templates"] });
			toastDone(`Version ${restoring?.version} is back, as version ${saved.version}`);
			onRestored();
		},
		onError: toastProblem,
		onSettled: () => setRestoring(undefined),
	});
	if (list.error) return <ProblemAlert error={list.error} onRetry={list.retry} />;
	if (list.rows === undefined) return <RowsLoading rows={4} />;
	const picked = valuesOf(chosen).slice(0, 2).map(Number);
	const [from, to] = picked.toSorted((a, b) => a - b);
	return (
		<div className={styles.column}>
			<VersionTable
				versions={list.rows}
				newest={template.version}
				chosen={chosen}
				onChoose={onChoose}
				why={(one) => <Why version={one} />}
				onRestore={mayWrite ? setRestoring : undefined}
				more={list.more}
			/>
			{from !== undefined && to !== undefined && <Comparison template={template} from={from} to={to} />}
			<Confirm
				opened={restoring !== undefined}
				title={`Restore version ${restoring?.version ?? ""}?`}
				action="Restore it"
				busy={restore.isPending}
				onConfirm={() => restoring !== undefined && restore.mutate(restoring.version)}
				onClose={() => setRestoring(undefined)}
			>
				Its source and settings become version {template.version + 1}. All versions stay.
			</Confirm>
		</div>
	);
}

function Why({ version: { restored_from, note } }: { version: TemplateVersionSummary }) {
	return (
		<>
			{restored_from !== null && <span className="nc-dim">Version {restored_from} brought back. </span>}
			{visibleLine(note)}
		</>
	);
}

function Comparison({ template, from, to }: { template: Template; from: number; to: number }) {
	const api = useApi();
	const query = useQuery({
		queryKey: ["templates", template.id, "comparison", { from, to }],
		queryFn: ({ signal }) =>
			api.config.compareTemplateVersions({ params: { id: template.id }, query: { from, to } }, { signal }),
		// Versions do not change.
		staleTime: Number.POSITIVE_INFINITY,
	});
	return (
		<Loaded query={query} rows={8}>
			{({ hunks, truncated, added, removed, unified, settings, identical }) => (
				<Panel
					title={`Version ${from} and version ${to}`}
					actions={
						<Group gap="xs">
							<DiffSize added={added} removed={removed} />
							{unified !== "" && <CopyButton text={unified} label="Copy diff" />}
						</Group>
					}
				>
					{settings.length > 0 && (
						<p className="nc-panel-body">
							{settings.map(({ name, to: now }) => `${name} was turned ${now ? "on" : "off"}`).join(", ")}.
						</p>
					)}
					{hunks.length === 0 ? (
						<p className="nc-panel-body">
							{identical
								? "Both versions are the same."
								: `No line differs; ${count(settings.length, "setting")} does.`}
						</p>
					) : (
						<Hunks hunks={hunks} truncated={truncated} label="Changed lines" />
					)}
				</Panel>
			)}
		</Loaded>
	);
}
