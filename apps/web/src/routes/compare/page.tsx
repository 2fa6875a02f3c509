import { ActionIcon, Group, Text } from "@mantine/core";
import type { Backup } from "@netconductor/contracts/backup/model";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { comparisonQuery } from "./comparison-query.ts";
import { Difference } from "./difference.tsx";
import { VersionChoice } from "./version-choice.tsx";

export const route = createLazyRoute("/signed-in/framed/backups/compare")({ component: ComparePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/backups/compare");

function ComparePage() {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const search = useSearch();
	const { from, to } = search;
	const [reveal, setReveal] = useState(false);
	const comparison = useQuery(comparisonQuery(api, search, reveal));
	const data = to === undefined ? undefined : comparison.data;
	const before = data?.from.id;
	const isFirst = comparison.isError && problemOf(comparison.error).code === "backups.no_earlier";
	const untold = to === undefined || comparison.isError;
	const sides = {
		from: useBackup(from, data?.from, untold),
		to: useBackup(to, data?.to, untold),
	};
	// From then on the address names both sides, as a link that is handed on should.
	useEffect(() => {
		if (from !== undefined || data === undefined || comparison.isPlaceholderData) return;
		const both = { ...search, from: before };
		queries.setQueryData(comparisonQuery(api, both, reveal).queryKey, data);
		void navigate({ search: both, replace: true });
	}, [from, data, comparison.isPlaceholderData, search, before, queries, api, reveal, navigate]);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, change: undefined, ...change }), replace: true });

	return (
		<Page
			title={data === undefined ? "Compare" : titleOf(data.from, data.to)}
			beside={
				data !== undefined && (
					<Text component="span" size="sm">
						<span className="nc-good">+{data.added}</span> <span className="nc-bad">−{data.removed}</span>
						<span className="nc-visually-hidden"> lines added and removed</span>
					</Text>
				)
			}
		>
			<section className="nc-panel nc-panel-body" aria-label="What is compared">
				<Group gap="sm" align="end">
					<VersionChoice
						side="from"
						backup={sides.from}
						other={to}
						onChoose={(id) => void navigate({ search: { ...search, change: undefined, from: id } })}
					/>
					<ActionIcon
						variant="default"
						size={30}
						aria-label="Swap the two sides"
						title="Swap the two sides"
						disabled={from === undefined || to === undefined}
						onClick={() => show({ from: to, to: from })}
					>
						<Icon name="swap" size={15} />
					</ActionIcon>
					<VersionChoice
						side="to"
						backup={sides.to}
						other={from}
						onChoose={(id) => void navigate({ search: { ...search, change: undefined, to: id } })}
					/>
				</Group>
			</section>
			{comparison.isError && !isFirst && <ProblemAlert error={comparison.error} onRetry={() => comparison.refetch()} />}
			{to !== undefined && comparison.isPending && <RowsLoading />}
			{data !== undefined && !comparison.isError && (
				<Difference comparison={data} search={search} onShow={show} reveal={reveal} onReveal={setReveal} />
			)}
			{isFirst && (
				<section className="nc-panel">
					<Empty title="The first backup of this device">
						There is none before it. Choose another to compare it with.
					</Empty>
				</section>
			)}
			{to === undefined && (
				<section className="nc-panel">
					<Empty title={from === undefined ? "Choose two versions" : "Choose what to compare it with"}>
						Any two: two versions of one device, or the configurations of two devices.
					</Empty>
				</section>
			)}
		</Page>
	);
}

/** A backup that the address names; asked for only where no comparison tells of it. */
function useBackup(id: string | undefined, known: Backup | undefined, untold: boolean): Backup | undefined {
	const api = useApi();
	const asked = useQuery({
		queryKey: ["backups", "one", id],
		queryFn: ({ signal }) => api.backup.getBackup({ params: { id: id ?? "" } }, { signal }),
		enabled: id !== undefined && untold,
	});
	return known ?? (id === undefined ? undefined : asked.data);
}

function titleOf(from: Backup, to: Backup): string {
	return from.device_id === to.device_id ? `Changes of ${to.device_name}` : `${from.device_name} and ${to.device_name}`;
}
