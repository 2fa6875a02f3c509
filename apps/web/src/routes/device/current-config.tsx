import { Button, Group, Switch, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ConfigText } from "../../ui/config-text.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Moment } from "../../ui/time.tsx";
import { NoBackup } from "./no-backup.tsx";

/** The newest configuration, or that of one backup; secrets are masked until somebody permitted asks for them. */
export function CurrentConfig({
	device,
	backup_id,
	line,
}: {
	device: Device;
	backup_id: string | undefined;
	line: number | undefined;
}) {
	const api = useApi();
	const mayReveal = usePermitted()("backups:reveal");
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
		queryKey: ["content", id, { reveal }],
		queryFn: ({ signal }) =>
			api.backup.getBackupContent(
				{ params: { id: id ?? "" }, query: { reveal: reveal ? "true" : "false" } },
				{ signal },
			),
		enabled: id !== undefined,
		staleTime: Number.POSITIVE_INFINITY,
		// Secrets that were shown do not stay in memory after the page is left.
		...(reveal && { gcTime: 0 }),
	});
	const problem = newest.error ?? content.error;
	if (problem !== null) {
		return <ProblemAlert error={problem} onRetry={() => void (newest.isError ? newest : content).refetch()} />;
	}
	if (backup_id === undefined && newest.data === null) return <NoBackup device={device} />;
	if (content.data === undefined) return <RowsLoading rows={12} />;
	const { content: text, created_at, masked } = content.data;
	return (
		<>
			<Group justify="space-between" px="sm" py={8} gap="xs">
				<Text size="xs" c="dimmed">
					{backup_id === undefined ? "Newest backup, " : "Backup of "}
					<Moment at={created_at} />
					{masked ? "; secrets are masked" : "; secrets are shown"}
					{backup_id !== undefined && (
						<>
							{" · "}
							<TextLink to="/devices/$id" params={{ id: device.id }} search={{ tab: "config" }} size="xs">
								Show the newest
							</TextLink>
						</>
					)}
				</Text>
				<Group gap="sm">
					{mayReveal && (
						<Switch
							size="xs"
							label="Show secrets"
							checked={reveal}
							onChange={({ currentTarget }) => setReveal(currentTarget.checked)}
						/>
					)}
					<CopyButton text={text} label="Copy" />
					<Button variant="default" onClick={() => download(`${device.name}.cfg`, text)}>
						Download
					</Button>
				</Group>
			</Group>
			<ConfigText text={text} line={line} label={`Configuration of ${device.name}`} />
		</>
	);
}

function download(name: string, text: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}
