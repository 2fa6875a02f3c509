import { ActionIcon, Group, Text } from "@mantine/core";
import type { Backup } from "@netconductor/contracts/backup/model";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Navigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Difference } from "./difference.tsx";
import { VersionChoice } from "./version-choice.tsx";

export const route = createLazyRoute("/signed-in/framed/backups/compare")({ component: ComparePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/backups/compare");

const usualContext = 3;

function ComparePage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const { from, to, mode = "text", form = "normalised", context = usualContext } = search;
	const [reveal, setReveal] = useState(false);
	const query = {
		from: from ?? "",
		to: to ?? "",
		mode,
		form,
		context: context === "all" ? usualContext : context,
		reveal: reveal ? "true" : "false",
	} as const;
	const comparison = useQuery({
		queryKey: ["comparison", query],
		queryFn: ({ signal }) => api.backup.compareBackups({ query }, { signal }),
		enabled: from !== undefined && to !== undefined,
		placeholderData: keepPreviousData,
		staleTime: Number.POSITIVE_INFINITY,
		// Secrets that were shown do not stay in memory after the page is left.
		...(reveal && { gcTime: 0 }),
	});
	const data = from === undefined || to === undefined ? undefined : comparison.data;
	const sides = {
		from: useBackup(from, data?.from),
		to: useBackup(to, data?.to),
	};
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
						disabled={from === undefined && to === undefined}
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
			{comparison.isError && data === undefined && (
				<ProblemAlert error={comparison.error} onRetry={() => comparison.refetch()} />
			)}
			{from !== undefined && to !== undefined && comparison.isPending && <RowsLoading />}
			{data !== undefined && (
				<Difference
					comparison={data}
					search={search}
					usualContext={usualContext}
					onShow={show}
					reveal={reveal}
					onReveal={setReveal}
				/>
			)}
			{to !== undefined && from === undefined && <WithTheOneBefore to={to} />}
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

/** A backup that the address names; asked for only where the comparison does not tell of it. */
function useBackup(id: string | undefined, known: Backup | undefined): Backup | undefined {
	const api = useApi();
	const asked = useQuery({
		queryKey: ["backups", "one", id],
		queryFn: ({ signal }) => api.backup.getBackup({ params: { id: id ?? "" } }, { signal }),
		enabled: id !== undefined && known === undefined,
	});
	return id === undefined ? undefined : (known ?? asked.data);
}

/** A backup alone is compared with the device's good one before it. */
function WithTheOneBefore({ to }: { to: string }) {
	const api = useApi();
	const before = useQuery({
		queryKey: ["backup-before", to],
		queryFn: async ({ signal }) => {
			const { device_id, created_at } = await api.backup.getBackup({ params: { id: to } }, { signal });
			const query = { device_id, status: "succeeded", to: created_at, sort: "-created_at", page_size: 2 } as const;
			const { items } = await api.backup.listBackups({ query }, { signal });
			return items.find(({ id }) => id !== to)?.id ?? null;
		},
	});
	if (before.data) return <Navigate to="/backups/compare" search={{ from: before.data, to }} replace />;
	if (before.isError) return <ProblemAlert error={before.error} onRetry={() => before.refetch()} />;
	if (before.isPending) return <RowsLoading />;
	return (
		<section className="nc-panel">
			<Empty title="The first backup of this device">There is none before it. Choose another to compare it with.</Empty>
		</section>
	);
}

function titleOf(from: Backup, to: Backup): string {
	return from.device_id === to.device_id ? `Changes of ${to.device_name}` : `${from.device_name} and ${to.device_name}`;
}
