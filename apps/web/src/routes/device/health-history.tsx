import { Button, Group } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { HealthState } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { duration } from "../../ui/words.ts";

/** How contacts with the device went, newest first, each phase with its time. */
export function HealthHistory({ device }: { device: Device }) {
	const api = useApi();
	const list = useInfiniteQuery({
		queryKey: ["device", device.id, "health"],
		initialPageParam: undefined as string | undefined,
		queryFn: ({ signal, pageParam }) =>
			api.devices.listDeviceHealth({ params: { id: device.id }, query: { cursor: pageParam, limit: 50 } }, { signal }),
		getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
	});
	const entries = list.data?.pages.flatMap(({ items }) => items) ?? [];
	if (list.isError) return <ProblemAlert error={list.error} onRetry={() => list.refetch()} />;
	if (list.isPending) return <RowsLoading rows={4} />;
	if (entries.length === 0) return <p className="nc-panel-body nc-dim">Nobody has contacted this device yet.</p>;
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">When</th>
						<th scope="col">Health</th>
						<th scope="col">Phases or error</th>
						<th scope="col">Run</th>
					</tr>
				</thead>
				<tbody>
					{entries.map(({ at, health, error, phases, run_id }) => (
						<tr key={`${at} ${run_id}`}>
							<td className="nc-tight">
								<Ago at={at} />
							</td>
							<td>
								<HealthState health={health} />
							</td>
							<td className="nc-break">
								{error === null ? (
									phases.map(({ phase, ms }) => `${phase} ${duration(ms)}`).join(", ")
								) : (
									<span className="nc-bad">{visibleLine(error)}</span>
								)}
							</td>
							<td className="nc-tight">
								{run_id !== null && (
									<TextLink to="/runs/$id" params={{ id: run_id }} size="sm">
										Run
									</TextLink>
								)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{list.hasNextPage && (
				<Group justify="center" p="sm">
					<Button variant="default" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
						Show older
					</Button>
				</Group>
			)}
		</div>
	);
}
