import { Select, Table } from "@mantine/core";
import type { SnapshotMatrix } from "@netconductor/contracts/backup/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Pager } from "../../ui/pager.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import { ViewSwitch } from "../../ui/view-switch.tsx";
import { count, moment } from "../../ui/words.ts";
import styles from "./matrix.module.css";
import type { SnapshotsSearch } from "./search.ts";
import { cellLooks, SnapshotState } from "./snapshot-state.tsx";

type Search = z.output<typeof SnapshotsSearch>;
type Cell = SnapshotMatrix["items"][number]["cells"][number];

const usualSnapshots = 10;
// With more the words would leave no room; then the icon stands alone, and hovering it tells the word.
const mostWithWords = 6;
const amounts = ["5", "10", "20", "30"];

/** Each device in each of the newest snapshots: what changed from one to the next. */
export function Matrix({ search, onShow }: { search: Search; onShow: (change: Partial<Search>) => void }) {
	const api = useApi();
	const { q, newest = usualSnapshots, only_changed = false, page = 1, page_size = 50 } = search;
	const query = {
		q,
		newest,
		only_changed: only_changed ? "true" : "false",
		page,
		page_size: Math.min(page_size, 200),
	} as const;
	const matrix = useQuery({
		queryKey: ["snapshots", "matrix", query],
		queryFn: ({ signal }) => api.backup.getSnapshotMatrix({ query }, { signal }),
		placeholderData: keepPreviousData,
		meta: { shows: ["backups"] },
	});
	return (
		<section className="nc-panel" aria-label="Devices and snapshots" aria-busy={matrix.isFetching}>
			<div className="nc-panel-head">
				<div className={styles.filters}>
					<SearchField
						label="Search devices"
						placeholder="Device name"
						q={q}
						onSearch={(text) => onShow({ q: text })}
					/>
					<Select
						aria-label="How many snapshots"
						size="xs"
						w={150}
						allowDeselect={false}
						value={String(newest)}
						data={[...new Set([...amounts, String(newest)])].map((value) => ({ value, label: `Newest ${value}` }))}
						onChange={(value) => onShow({ newest: Number(value) })}
					/>
					<ViewSwitch
						label="Only devices that changed"
						checked={only_changed}
						onChange={(only) => onShow({ only_changed: only || undefined })}
					/>
				</div>
				<Legend />
			</div>
			<Loaded query={matrix} rows={10}>
				{({ snapshots, items, total }) =>
					items.length === 0 ? (
						<Empty
							title={
								snapshots.length === 0 ? "No snapshots yet" : only_changed ? "No device changed" : "No device matches"
							}
						>
							{snapshots.length === 0 && "A snapshot is taken whenever several devices are backed up together."}
						</Empty>
					) : (
						<>
							{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
							<section className={`nc-spread ${styles.scroller}`} aria-label="Matrix" tabIndex={0}>
								<Table className={styles.matrix} withRowBorders={false}>
									<thead>
										<tr>
											<th scope="col" className={styles.device}>
												Device
											</th>
											{snapshots.map(({ id, name, status, created_at }) => (
												<th key={id} scope="col" className={styles.snapshot}>
													<TextLink
														to="/snapshots/$id"
														params={{ id }}
														size="xs"
														title={`${visibleLine(name)}, ${moment(created_at)}`}
													>
														{visibleLine(name)}
													</TextLink>
													<div className={styles.when}>{moment(created_at)}</div>
													{status !== "complete" && <SnapshotState status={status} />}
												</th>
											))}
										</tr>
									</thead>
									<tbody>
										{items.map(({ device_id, device_name, cells }) => (
											<tr key={device_id}>
												<th scope="row" className={styles.device}>
													<TextLink to="/devices/$id" params={{ id: device_id }} size="sm">
														{visibleLine(device_name)}
													</TextLink>
												</th>
												{snapshots.map(({ id, name }, index) => (
													<td key={id}>
														<MatrixCell
															cell={cells[index]}
															before={cells.slice(0, index).findLast(isGood)?.backup_id ?? undefined}
															device={{ id: device_id, name: device_name }}
															snapshot={{ id, name }}
															inWords={snapshots.length <= mostWithWords}
														/>
													</td>
												))}
											</tr>
										))}
									</tbody>
								</Table>
							</section>
							<Pager page={page} page_size={page_size} total={total} noun="device" onChange={onShow} />
						</>
					)
				}
			</Loaded>
		</section>
	);
}

function isGood({ backup_id, status }: Cell): boolean {
	return backup_id !== null && status !== "failed";
}

function MatrixCell({
	cell,
	before,
	device,
	snapshot,
	inWords,
}: {
	cell: Cell | undefined;
	/** The backup of the nearest snapshot before that has a good one. */
	before: string | undefined;
	device: { id: string; name: string };
	snapshot: { id: string; name: string };
	inWords: boolean;
}) {
	if (cell === undefined) return null;
	const { status, backup_id, added, removed } = cell;
	const { tone, icon, word } = cellLooks[status];
	const told = visibleLine(
		`${device.name} in ${snapshot.name}: ${word.toLowerCase()}${status === "changed" ? `, ${count(added, "line")} added, ${count(removed, "line")} removed` : ""}`,
	);
	const content = (
		<span className={`${styles.cell} nc-${tone}`}>
			<Icon name={icon} size={14} />
			{inWords && <span aria-hidden="true">{word}</span>}
			{status === "changed" && (
				<span className={styles.lines} aria-hidden="true">
					+{added} −{removed}
				</span>
			)}
			<span className="nc-visually-hidden">{told}</span>
		</span>
	);
	if (status === "failed") {
		const search = { device_id: device.id, snapshot_id: snapshot.id };
		return (
			<TextLink to="/backups" search={search} size="xs" title={told}>
				{content}
			</TextLink>
		);
	}
	if (backup_id === null) return <span title={told}>{content}</span>;
	if (status === "changed") {
		return (
			<TextLink to="/backups/compare" search={{ from: before, to: backup_id }} size="xs" title={told}>
				{content}
			</TextLink>
		);
	}
	const search = { tab: "config", backup: backup_id } as const;
	return (
		<TextLink to="/devices/$id" params={{ id: device.id }} search={search} size="xs" title={told}>
			{content}
		</TextLink>
	);
}

function Legend() {
	return (
		<div className={styles.legend}>
			{Object.values(cellLooks).map(({ tone, icon, word }) => (
				<span key={word} className={`nc-state nc-small nc-${tone}`}>
					<Icon name={icon} size={13} />
					{word}
				</span>
			))}
		</div>
	);
}
