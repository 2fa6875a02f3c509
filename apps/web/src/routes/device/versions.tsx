import { Button, Checkbox, Group, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { NoBackup } from "./no-backup.tsx";

/** Versions of the device's configuration, newest first; any two can be compared. */
export function Versions({ device }: { device: Device }) {
	const api = useApi();
	const navigate = useNavigate();
	const [chosen, setChosen] = useState<string[]>([]);
	const list = useInfiniteQuery({
		queryKey: ["history", device.id],
		initialPageParam: undefined as string | undefined,
		queryFn: ({ signal, pageParam }) =>
			api.backup.getHistory({ params: { device_id: device.id }, query: { cursor: pageParam, limit: 50 } }, { signal }),
		getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
	});
	const versions = list.data?.pages.flatMap(({ items }) => items) ?? [];
	if (list.isError) return <ProblemAlert error={list.error} onRetry={() => list.refetch()} />;
	if (list.isPending) return <RowsLoading rows={4} />;
	if (versions.length === 0) return <NoBackup device={device} />;

	// The list runs from new to old: the later of the two stands first in it.
	const [to, from] = versions.map(({ backup_id }) => backup_id).filter((id) => chosen.includes(id));
	const choose = (id: string, on: boolean) =>
		setChosen((before) => (on ? [...before.slice(-1), id] : before.filter((other) => other !== id)));

	return (
		<>
			<Group justify="space-between" px="sm" py={8} gap="xs">
				<Text size="xs" c="dimmed">
					{versions.length < 2 ? "One version so far." : "Choose two versions to compare them."}
				</Text>
				{versions.length > 1 && (
					<Button
						disabled={from === undefined}
						onClick={() => void navigate({ to: "/backups/compare", search: { from, to } })}
					>
						Compare the two
					</Button>
				)}
			</Group>
			<div className="nc-scroll">
				<table className="nc-table">
					<thead>
						<tr>
							<th scope="col" className="nc-tight">
								<span className="nc-visually-hidden">Choose</span>
							</th>
							<th scope="col">First seen</th>
							<th scope="col">Change</th>
							<th scope="col" className="nc-medium">
								Last seen
							</th>
							<th scope="col" className="nc-number nc-medium">
								Backups
							</th>
							<th scope="col" className="nc-medium">
								By
							</th>
							<th scope="col">
								<span className="nc-visually-hidden">Links</span>
							</th>
						</tr>
					</thead>
					<tbody>
						{versions.map((version, index) => {
							const before = versions[index + 1];
							return (
								<tr key={version.backup_id} data-selected={chosen.includes(version.backup_id) || undefined}>
									<td>
										<Checkbox
											size="xs"
											aria-label={`Choose the version of ${version.first_seen_at}`}
											checked={chosen.includes(version.backup_id)}
											onChange={({ currentTarget }) => choose(version.backup_id, currentTarget.checked)}
										/>
									</td>
									<td>
										<Moment at={version.first_seen_at} />
									</td>
									<td className="nc-tight">
										{version.lines_added === null ? (
											<span className="nc-dim">first version</span>
										) : (
											<>
												<span className="nc-good">+{version.lines_added}</span>{" "}
												<span className="nc-bad">−{version.lines_removed}</span>
											</>
										)}
									</td>
									<td className="nc-medium nc-dim">
										<Ago at={version.last_seen_at} />
									</td>
									<td className="nc-number nc-medium" title={`Found by ${count(version.seen, "backup")}`}>
										{version.seen}
									</td>
									<td className="nc-medium">{visibleLine(version.started_by)}</td>
									<td className="nc-tight nc-links">
										<TextLink
											to="/devices/$id"
											params={{ id: device.id }}
											search={{ tab: "config", backup: version.backup_id }}
											size="sm"
										>
											Config
										</TextLink>
										{before !== undefined && (
											<>
												{" · "}
												<TextLink
													to="/backups/compare"
													search={{ from: before.backup_id, to: version.backup_id }}
													size="sm"
												>
													What changed
												</TextLink>
											</>
										)}
										<span className="nc-medium">
											{" · "}
											<TextLink to="/runs/$id" params={{ id: version.run_id }} size="sm">
												Run
											</TextLink>
										</span>
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			</div>
			{list.hasNextPage && (
				<Group justify="center" p="sm">
					<Button variant="default" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
						Show older versions
					</Button>
				</Group>
			)}
		</>
	);
}
