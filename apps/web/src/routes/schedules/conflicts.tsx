import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Conflict } from "@netconductor/contracts/scheduling/model";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Moment } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";

/** Runs of the next week that come too close to each other on the same devices, or while changes are held back. */
export function Conflicts({ schedule_id }: { schedule_id?: string }) {
	const api = useApi();
	const query = { schedule_id };
	const conflicts = useQuery({
		queryKey: ["schedules", "conflicts", query],
		queryFn: ({ signal }) => api.scheduling.listConflicts({ query }, { signal }),
		meta: { shows: ["devices", "device_groups"] },
	});
	return (
		<section className="nc-panel" aria-label="Conflicts" aria-busy={conflicts.isFetching}>
			<Loaded query={conflicts}>
				{({ items, truncated }) =>
					items.length === 0 ? (
						<Empty title="No conflicts">
							In the next seven days no two schedules touch the same devices within 30 minutes, and none is held back.
						</Empty>
					) : (
						<>
							<table className="nc-table">
								<thead>
									<tr>
										<th scope="col">When</th>
										<th scope="col">Schedule</th>
										<th scope="col">Conflict</th>
									</tr>
								</thead>
								<tbody>
									{items.map((conflict) => (
										<tr key={keyOf(conflict)}>
											<td>
												<Moment at={conflict.schedule.at} />
											</td>
											<td>
												<ScheduleLink {...conflict.schedule} />
											</td>
											<td>
												<What conflict={conflict} />
											</td>
										</tr>
									))}
								</tbody>
							</table>
							{truncated && <p className="nc-panel-body nc-small nc-dim">There are more than are listed here.</p>}
						</>
					)
				}
			</Loaded>
		</section>
	);
}

function What({ conflict }: { conflict: Conflict }) {
	if (conflict.type === "held") {
		return (
			<span className="nc-state nc-warn" style={{ whiteSpace: "normal" }}>
				<Icon name="lock" size={13} />
				<span>
					Held by {visibleLine(conflict.calendar.name)}
					{conflict.until === null ? (
						", without an end in sight"
					) : (
						<>
							{" "}
							until <Moment at={conflict.until} />
						</>
					)}
				</span>
			</span>
		);
	}
	return (
		<span className="nc-state nc-warn" style={{ whiteSpace: "normal" }}>
			<Icon name="warning" size={13} />
			<span title={visibleLine(conflict.device_names.join(", "))}>
				<TextLink to="/schedules/$id" params={{ id: conflict.other.id }}>
					{visibleLine(conflict.other.name)}
				</TextLink>{" "}
				at <Moment at={conflict.other.at} /> touches{" "}
				{count(conflict.devices, "of the same devices", "of the same devices")}
			</span>
		</span>
	);
}

function ScheduleLink({ id, name }: { id: string; name: string }) {
	return (
		<TextLink to="/schedules/$id" params={{ id }} size="sm">
			{visibleLine(name)}
		</TextLink>
	);
}

function keyOf(conflict: Conflict): string {
	return `${conflict.schedule.id} ${conflict.type === "held" ? conflict.calendar.id : conflict.other.id}`;
}
