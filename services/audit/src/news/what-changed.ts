import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { type ChangeKind, changesOf, type DashboardNews } from "@netconductor/contracts/realtime/messages";

/**
 * What open pages must read again after these records: each kind once. `unknown` counts, since what a dying process began may have happened;
 * what failed or was denied changed nothing but the trail.
 */
export function whatChanged(records: readonly OperationRecord[]): DashboardNews["changed"] {
	const changed = new Map<ChangeKind, string>();
	for (const { service, operation, outcome, resource_id = "" } of records) {
		if (outcome === "failed" || outcome === "denied") continue;
		for (const [place, what] of kindsOf(service, operation).entries()) {
			// The first kind is the resource's own; the others only tell of it.
			changed.set(what, place === 0 ? resource_id.slice(0, 200) : (changed.get(what) ?? ""));
		}
	}
	if (records.length > 0) changed.set("audit", "");
	return [...changed].map(([what, id]) => ({ what, id }));
}

function kindsOf(service: string, operation: string): readonly ChangeKind[] {
	const operations = Object.hasOwn(changesOf, service) ? changesOf[service] : undefined;
	return operations !== undefined && Object.hasOwn(operations, operation) ? (operations[operation] ?? []) : [];
}
