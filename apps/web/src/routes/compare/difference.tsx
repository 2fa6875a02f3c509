import { Button, Group, Kbd, SegmentedControl, Select, Switch, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Comparison } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { useKeyList } from "../../shell/keys.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { diffRows, splitLines, type Unfolded } from "../../ui/diff/diff-rows.ts";
import { type DiffHandle, DiffView, unfoldStep, useChanges } from "../../ui/diff/diff-view.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { saveText } from "../../ui/table/csv.ts";
import { Moment } from "../../ui/time.tsx";
import { ViewSwitch } from "../../ui/view-switch.tsx";
import { usualContext } from "./comparison-query.ts";
import { type CompareSearch, Context } from "./search.ts";

type Search = z.infer<typeof CompareSearch>;

const contexts: readonly Context[] = [0, 3, 10, 25, "all"];

/** What differs between two versions, and every way to look at it. */
export function Difference({
	comparison,
	search,
	onShow,
	reveal,
	onReveal,
}: {
	comparison: Comparison;
	search: Search;
	onShow: (change: Partial<Search>) => void;
	reveal: boolean;
	onReveal: (reveal: boolean) => void;
}) {
	const api = useApi();
	const mayReveal = usePermitted()("backups:reveal");
	const roomForTwo = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
	const { mode = "text", form = "normalised", context = usualContext, change } = search;
	const { view = roomForTwo ? "split" : "unified" } = search;
	const { from, to, hunks, truncated } = comparison;
	// An answer to other questions may still be shown while the new one is on its way: its own words count.
	const ordered = comparison.mode === "text";
	const [unfolded, setUnfolded] = useState<{ of: Comparison; gaps: Map<number, Unfolded> }>({
		of: comparison,
		gaps: new Map(),
	});
	const gaps = unfolded.of === comparison ? unfolded.gaps : new Map<number, Unfolded>();
	const everything = context === "all" && ordered;
	const text = useQuery({
		queryKey: ["content", to.id, { form: comparison.form, reveal: !comparison.masked }],
		queryFn: ({ signal }) =>
			api.backup.getBackupContent(
				{ params: { id: to.id }, query: { form: comparison.form, reveal: comparison.masked ? "false" : "true" } },
				{ signal },
			),
		enabled: everything || gaps.size > 0,
		staleTime: Number.POSITIVE_INFINITY,
		...(!comparison.masked && { gcTime: 0 }),
	});
	const to_lines = useMemo(() => (text.data === undefined ? undefined : splitLines(text.data.content)), [text.data]);
	const { rows, changes } = useMemo(
		() =>
			diffRows(hunks, {
				layout: view,
				ordered,
				truncated,
				to_lines,
				unfolded: everything ? "all" : gaps,
			}),
		[hunks, view, ordered, truncated, to_lines, everything, gaps],
	);
	const handle = useRef<DiffHandle>(null);
	const walk = useChanges(comparison, changes, handle, change === undefined ? undefined : change - 1);
	const step = useRef(walk.step);
	step.current = walk.step;
	useKeyList(
		useMemo(
			() => [
				{ keys: "n", does: "Next change", group: "Differences", run: () => step.current(1) },
				{ keys: "p", does: "Change before", group: "Differences", run: () => step.current(-1) },
			],
			[],
		),
	);

	function unfold(gap: number, what: "above" | "below" | "all") {
		const before = gaps.get(gap) ?? { above: 0, below: 0 };
		const after = { ...before };
		if (what === "all") after.above = Number.POSITIVE_INFINITY;
		else after[what] += unfoldStep;
		setUnfolded({ of: comparison, gaps: new Map(gaps).set(gap, after) });
	}

	const link = () => {
		const address = new URL(window.location.href);
		const parts = { view, ...(walk.current !== undefined && { change: walk.current + 1 }) };
		for (const [name, value] of Object.entries(parts)) address.searchParams.set(name, String(value));
		return address.href;
	};

	return (
		<section className="nc-panel" aria-label="Differences">
			<div className="nc-panel-head">
				<Group gap="sm">
					<SegmentedControl
						size="xs"
						aria-label="How to lay it out"
						value={view}
						onChange={(value) => onShow({ view: value as typeof view })}
						data={[
							{ value: "unified", label: "Unified" },
							{ value: "split", label: "Side by side" },
						]}
					/>
					<SegmentedControl
						size="xs"
						aria-label="How to compare"
						value={mode}
						onChange={(value) => onShow({ mode: value as typeof mode })}
						data={[
							{ value: "text", label: "Line by line" },
							{ value: "section", label: "By section" },
						]}
					/>
					{mode === "text" && (
						<Select
							aria-label="Unchanged lines around a change"
							size="xs"
							w={142}
							allowDeselect={false}
							value={String(context)}
							data={[...new Set([...contexts, context])].map((value) => ({
								value: String(value),
								label: value === "all" ? "All lines" : `${value} lines around`,
							}))}
							onChange={(value) => onShow({ context: Context.parse(value === "all" ? value : Number(value)) })}
						/>
					)}
					<ViewSwitch
						label="Ignore volatile lines"
						title="Time stamps, counters and whatever else changes by itself is left out"
						checked={form === "normalised"}
						onChange={(ignored) => onShow({ form: ignored ? "normalised" : "raw" })}
					/>
					{mayReveal && (
						<Switch
							size="xs"
							label="Show secrets"
							title="It is recorded who has seen them"
							checked={reveal}
							onChange={({ currentTarget }) => onReveal(currentTarget.checked)}
						/>
					)}
				</Group>
				<Group gap={6}>
					<Text size="xs" c="dimmed" aria-live="polite" style={{ whiteSpace: "nowrap" }}>
						{walk.total > 0 &&
							(walk.current === undefined
								? `${walk.total} ${walk.total === 1 ? "change" : "changes"}`
								: `Change ${walk.current + 1} of ${walk.total}`)}
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
			<Group px="sm" py={6} gap="xs" justify="space-between">
				<Text size="xs" c="dimmed" component="div">
					<Moment at={from.created_at} /> → <Moment at={to.created_at} />, started by {visibleLine(to.started_by)} ·{" "}
					<TextLink to="/runs/$id" params={{ id: to.run_id }} size="xs">
						Run
					</TextLink>{" "}
					·{" "}
					<TextLink to="/devices/$id" params={{ id: to.device_id }} search={{ tab: "versions" }} size="xs">
						All versions
					</TextLink>
				</Text>
				<Group gap={6}>
					<CopyButton text={link} label="Copy link" />
					{hunks.length > 0 && (
						<>
							<CopyButton text={comparison.unified} label="Copy diff" />
							<Button
								variant="default"
								leftSection={<Icon name="download" size={14} />}
								onClick={() => saveText(fileName(comparison), comparison.unified, "text/x-diff")}
							>
								Download diff
							</Button>
						</>
					)}
				</Group>
			</Group>
			{comparison.secrets_differ && (
				<Notice tone="warn" icon="lock" title="A secret differs. It is masked, so the lines may look alike." />
			)}
			{truncated && (
				<Notice
					tone="warn"
					icon="warning"
					title="There are more changes than this page shows; the counts are complete."
				/>
			)}
			{text.isError && <ProblemAlert error={text.error} onRetry={() => text.refetch()} />}
			{hunks.length === 0 ? (
				<p className="nc-panel-body">{whyNothing(comparison)}</p>
			) : (
				<DiffView
					rows={rows}
					layout={view}
					current={walk.current}
					handle={handle}
					onUnfold={unfold}
					label="Changed lines"
				/>
			)}
		</section>
	);
}

function whyNothing({ identical, mode, form }: Comparison): string {
	if (!identical && mode === "section") return "The same sections in another order: nothing changed by section.";
	if (!identical) return "Nothing differs in what is shown.";
	return form === "normalised"
		? "Both versions are the same, apart from volatile lines."
		: "Both versions are the same.";
}

/** "core-1.diff", or of two devices "core-1-core-2.diff". */
function fileName({ from, to }: Comparison): string {
	const names = from.device_id === to.device_id ? [to.device_name] : [from.device_name, to.device_name];
	return `${names.map((name) => name.replace(/[^\w.-]+/g, "_")).join("-")}.diff`;
}
