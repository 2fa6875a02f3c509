import { Button, Checkbox, Group, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { DiffSize } from "../../ui/diff-size.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { useCursorList } from "../../ui/table/list-source.ts";
import { Ago, Moment } from "../../ui/time.tsx";
import { useAtOnce } from "../../ui/use-at-once.ts";
import { count, moment } from "../../ui/words.ts";
import { ChangeStrip } from "./change-strip.tsx";
import { NoBackup } from "./no-backup.tsx";

/** Versions of the device's configuration, newest first; any two can be compared. */
export function Versions({
	device,
	chosen,
	onChoose,
}: {
	device: Device;
	/** As the address has them. */
	chosen: string | undefined;
	onChoose: (versions: string | undefined) => void;
}) {
	const api = useApi();
	const navigate = useNavigate();
	const list = useCursorList(
		"backups",
		{},
		(query, signal) => api.backup.getHistory({ params: { device_id: device.id }, query }, { signal }),
		{ key: [device.id, "versions"] },
	);
	const [shown, show] = useAtOnce(chosen);
	const ids = valuesOf(shown).slice(0, 2);
	const versions = list.rows ?? [];
	if (list.error) return <ProblemAlert error={list.error} onRetry={list.retry} />;
	if (list.rows === undefined) return <RowsLoading rows={4} />;
	if (versions.length === 0) {
		return (
			<section className="nc-panel" aria-label="Versions">
				<NoBackup device={device} />
			</section>
		);
	}
	// The list runs from new to old: the later of the two stands first in it. A version that is not loaded is older than all that are.
	const order = new Map(versions.map(({ backup_id }, index) => [backup_id, index]));
	const placeOf = (id: string) => order.get(id) ?? Number.POSITIVE_INFINITY;
	const [to, from] = ids.toSorted((a, b) => placeOf(a) - placeOf(b));
	const newest = versions.slice(0, 2).map(({ backup_id }) => backup_id);
	const choose = (id: string, on: boolean) => {
		const next = on ? [...ids.slice(-1), id] : ids.filter((one) => one !== id);
		const written = next.join(",") || undefined;
		show(written);
		onChoose(written);
	};
	const pair = from !== undefined ? { from, to } : ids.length === 0 ? { from: newest[1], to: newest[0] } : undefined;

	return (
		<section className="nc-panel" aria-label="Versions">
			<ChangeStrip device={device} />
			<Group justify="space-between" px="sm" py={8} gap="xs">
				<Text size="xs" c="dimmed" aria-live="polite">
					{versions.length < 2
						? "One version so far."
						: ids.length === 1
							? "Choose one more to compare the two."
							: "Choose two versions to compare them."}
				</Text>
				{versions.length > 1 && (
					<Button
						disabled={pair === undefined}
						onClick={() => void navigate({ to: "/backups/compare", search: { ...pair } })}
					>
						{ids.length === 0 ? "Compare the newest two" : "Compare the two"}
					</Button>
				)}
			</Group>
			<div className="nc-scroll">
				<table className="nc-table" aria-label="Versions">
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
							const isChosen = ids.includes(version.backup_id);
							return (
								<tr key={version.backup_id} data-selected={isChosen || undefined}>
									<td>
										<Checkbox
											size="xs"
											aria-label={`Choose the version of ${moment(version.first_seen_at)}`}
											checked={isChosen}
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
											<DiffSize added={version.lines_added} removed={version.lines_removed} />
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
			{list.more?.load !== undefined && (
				<Group justify="center" p="sm">
					<Button variant="default" loading={list.more.loading} onClick={list.more.load}>
						Show older versions
					</Button>
				</Group>
			)}
		</section>
	);
}
