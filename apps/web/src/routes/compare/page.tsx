import { Button, Group, Kbd, SegmentedControl, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import type { Backup } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Navigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Moment } from "../../ui/time.tsx";
import { DiffView } from "./diff-view.tsx";

export const route = createLazyRoute("/signed-in/framed/backups/compare")({ component: ComparePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/backups/compare");

function ComparePage() {
	const { from, to } = useSearch();
	if (to === undefined) {
		return (
			<Page title="Compare">
				<Text size="sm">
					Choose two versions on a device's page: <TextLink to="/devices">Devices</TextLink>, then Versions.
				</Text>
			</Page>
		);
	}
	return from === undefined ? <WithTheOneBefore to={to} /> : <ComparisonPage from={from} to={to} />;
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
	return (
		<Page title="Compare">
			{before.isPending && <RowsLoading />}
			{before.isError && <ProblemAlert error={before.error} onRetry={() => before.refetch()} />}
			{before.data === null && <Text size="sm">This is the first backup of the device: there is none before it.</Text>}
		</Page>
	);
}

function ComparisonPage({ from, to }: { from: string; to: string }) {
	const api = useApi();
	const navigate = useNavigate();
	const { mode = "text", form = "normalised" } = useSearch();
	const comparison = useQuery({
		queryKey: ["comparison", { from, to, mode, form }],
		queryFn: ({ signal }) => api.backup.compareBackups({ query: { from, to, mode, form } }, { signal }),
		placeholderData: keepPreviousData,
		staleTime: Number.POSITIVE_INFINITY,
	});
	const { data } = comparison;
	const walk = useChanges(data?.hunks.length ?? 0);

	const show = (change: Partial<ReturnType<typeof useSearch>>) =>
		void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
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
			actions={
				<>
					<Button variant="default" onClick={() => show({ from: to, to: from })}>
						Swap
					</Button>
					<CopyButton text={() => window.location.href} label="Copy link" />
				</>
			}
		>
			{comparison.isError && <ProblemAlert error={comparison.error} onRetry={() => comparison.refetch()} />}
			<section className="nc-panel" aria-label="Differences">
				<div className="nc-panel-head">
					<Group gap="sm">
						<SegmentedControl
							size="xs"
							aria-label="How to compare"
							value={mode}
							onChange={(value) => show({ mode: value as typeof mode })}
							data={[
								{ value: "text", label: "Line by line" },
								{ value: "section", label: "By section" },
							]}
						/>
						<SegmentedControl
							size="xs"
							aria-label="Which text to compare"
							value={form}
							onChange={(value) => show({ form: value as typeof form })}
							data={[
								{ value: "normalised", label: "Without volatile lines" },
								{ value: "raw", label: "As received" },
							]}
						/>
					</Group>
					<Group gap={6}>
						<Text size="xs" c="dimmed" aria-live="polite">
							{walk.total > 0 && `Change ${walk.current + 1} of ${walk.total}`}
						</Text>
						<Button
							variant="default"
							disabled={walk.total === 0}
							onClick={() => walk.step(-1)}
							rightSection={<Kbd size="xs">p</Kbd>}
						>
							Previous
						</Button>
						<Button
							variant="default"
							disabled={walk.total === 0}
							onClick={() => walk.step(1)}
							rightSection={<Kbd size="xs">n</Kbd>}
						>
							Next
						</Button>
					</Group>
				</div>
				{comparison.isPending && <RowsLoading />}
				{data !== undefined && (
					<>
						<Group px="sm" py={8} gap={4}>
							<Text size="xs" c="dimmed">
								<Moment at={data.from.created_at} /> → <Moment at={data.to.created_at} />, started by{" "}
								{visibleLine(data.to.started_by)} ·{" "}
								<TextLink to="/runs/$id" params={{ id: data.to.run_id }} size="xs">
									Run
								</TextLink>{" "}
								·{" "}
								<TextLink to="/devices/$id" params={{ id: data.to.device_id }} search={{ tab: "versions" }} size="xs">
									All versions
								</TextLink>
							</Text>
						</Group>
						{data.secrets_differ && (
							<Notice tone="warn" icon="lock" title="A secret differs. It is masked, so the lines may look alike." />
						)}
						{data.truncated && (
							<Notice
								tone="warn"
								icon="warning"
								title="There are more changes than this page shows; the counts are complete."
							/>
						)}
						{data.hunks.length === 0 ? (
							<p className="nc-panel-body">
								{data.identical
									? "Both versions are the same."
									: mode === "section"
										? "The same sections in another order: nothing changed by section."
										: "Nothing differs in what is shown."}
							</p>
						) : (
							<DiffView hunks={data.hunks} current={walk.current} register={walk.register} />
						)}
					</>
				)}
			</section>
		</Page>
	);
}

function titleOf(from: Backup, to: Backup): string {
	return from.device_id === to.device_id ? `Changes of ${to.device_name}` : `${from.device_name} and ${to.device_name}`;
}

/** Leads from change to change, by button or by the keys n and p (j and k as well). */
function useChanges(total: number) {
	const [current, setCurrent] = useState(0);
	const places = useRef(new Map<number, HTMLElement>());
	// biome-ignore lint/correctness/useExhaustiveDependencies: another comparison begins at its first change
	useEffect(() => setCurrent(0), [total]);
	function step(by: number) {
		if (total === 0) return;
		const next = (current + by + total) % total;
		setCurrent(next);
		const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
		places.current.get(next)?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
	}
	useHotkeys([
		["n", () => step(1)],
		["j", () => step(1)],
		["p", () => step(-1)],
		["k", () => step(-1)],
	]);
	return {
		current,
		total,
		step,
		register: (index: number) => (element: HTMLElement | null) => {
			if (element === null) places.current.delete(index);
			else places.current.set(index, element);
		},
	};
}
