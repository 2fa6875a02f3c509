import { ActionIcon, Button, Group, SegmentedControl, Switch, Text, TextInput } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { findMatches } from "../../ui/find-matches.ts";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { saveText } from "../../ui/table/csv.ts";
import { Moment } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { NoBackup } from "./no-backup.tsx";
import type { DeviceSearch } from "./search.ts";

type Search = z.output<typeof DeviceSearch>;

/** The newest configuration, or that of one backup; secrets are masked until somebody permitted asks for them. */
export function Configuration({
	device,
	search,
	onChange,
}: {
	device: Device;
	search: Search;
	onChange: (change: Partial<Search>) => void;
}) {
	const api = useApi();
	const mayReveal = usePermitted()("backups:reveal");
	const { backup: backup_id, line, form = "normalised", find } = search;
	const [reveal, setReveal] = useState(false);
	const newest = useQuery({
		queryKey: ["backups", device.id, "newest"],
		queryFn: async ({ signal }) => {
			const query = { device_id: device.id, status: "succeeded", page_size: 1, sort: "-created_at" } as const;
			return (await api.backup.listBackups({ query }, { signal })).items[0] ?? null;
		},
		enabled: backup_id === undefined,
	});
	const id = backup_id ?? newest.data?.id;
	const content = useQuery({
		queryKey: ["content", id, { reveal, form }],
		queryFn: ({ signal }) =>
			api.backup.getBackupContent(
				{ params: { id: id ?? "" }, query: { form, reveal: reveal ? "true" : "false" } },
				{ signal },
			),
		enabled: id !== undefined,
		staleTime: Number.POSITIVE_INFINITY,
		// Secrets that were shown do not stay in memory after the page is left.
		...(reveal && { gcTime: 0 }),
	});
	const text = content.data?.content ?? "";
	const lines = useMemo(() => visibleLines(text), [text]);
	const matches = useMemo(() => findMatches(lines, find ?? ""), [lines, find]);
	const [at, setAt] = useState(0);
	// biome-ignore lint/correctness/useExhaustiveDependencies: another text or another word begins with its first place
	useEffect(() => setAt(0), [matches]);
	const problem = newest.error ?? content.error;
	if (problem !== null) {
		return <ProblemAlert error={problem} onRetry={() => void (newest.isError ? newest : content).refetch()} />;
	}
	if (backup_id === undefined && newest.data === null) {
		return (
			<section className="nc-panel" aria-label="Configuration">
				<NoBackup device={device} />
			</section>
		);
	}
	if (content.data === undefined) return <RowsLoading rows={12} />;
	const { created_at, masked } = content.data;
	const step = (by: number) => matches.length > 0 && setAt((at + by + matches.length) % matches.length);
	return (
		<section className="nc-panel" aria-label="Configuration">
			<Group justify="space-between" px="sm" py={8} gap="xs" style={{ borderBottom: "1px solid var(--nc-line)" }}>
				<Group gap={4} wrap="nowrap">
					<TextInput
						data-search
						type="search"
						size="xs"
						aria-label="Find in the configuration"
						placeholder="Find in the configuration"
						leftSection={<Icon name="search" size={14} />}
						maxLength={200}
						w={230}
						defaultValue={find ?? ""}
						onChange={({ currentTarget }) => onChange({ find: currentTarget.value || undefined })}
						onKeyDown={(event) => {
							if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
						}}
					/>
					{find !== undefined && (
						<>
							<ActionIcon
								variant="default"
								size={30}
								disabled={matches.length === 0}
								aria-label="Place before"
								onClick={() => step(-1)}
							>
								<Icon name="up" size={14} />
							</ActionIcon>
							<ActionIcon
								variant="default"
								size={30}
								disabled={matches.length === 0}
								aria-label="Next place"
								onClick={() => step(1)}
							>
								<Icon name="down" size={14} />
							</ActionIcon>
							<span className="nc-small nc-dim" aria-live="polite">
								{matches.length === 0 ? "not found" : `${Math.min(at, matches.length - 1) + 1} of ${matches.length}`}
							</span>
						</>
					)}
				</Group>
				<Group gap="sm">
					<SegmentedControl
						size="xs"
						aria-label="Form"
						data={[
							{ value: "normalised", label: "Normalised" },
							{ value: "raw", label: "As sent" },
						]}
						value={form}
						onChange={(value) => onChange({ form: value === "raw" ? "raw" : undefined })}
					/>
					{mayReveal && (
						<Switch
							size="xs"
							label="Show secrets"
							checked={reveal}
							onChange={({ currentTarget }) => setReveal(currentTarget.checked)}
						/>
					)}
					<CopyButton text={text} label="Copy" />
					<Button
						variant="default"
						leftSection={<Icon name="download" size={14} />}
						onClick={() => saveText(`${device.name}.cfg`, text)}
					>
						Download
					</Button>
				</Group>
			</Group>
			<Text size="xs" c="dimmed" px="sm" py={6}>
				{backup_id === undefined ? "Newest backup, " : "Backup of "}
				<Moment at={created_at} />, {count(lines.length, "line")}; {masked ? "secrets are masked" : "secrets are shown"}
				{form === "normalised" && "; lines that change by themselves are left out"}
				{backup_id !== undefined && (
					<>
						{" · "}
						<TextLink to="/devices/$id" params={{ id: device.id }} search={{ tab: "config" }} size="xs">
							Show the newest
						</TextLink>
					</>
				)}
			</Text>
			<ConfigText
				lines={lines}
				line={line}
				label={`Configuration of ${device.name}`}
				matches={matches}
				current={matches[Math.min(at, matches.length - 1)]}
			/>
		</section>
	);
}
