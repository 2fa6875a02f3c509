import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { OperationStatus, Run, RunOperation } from "@netconductor/contracts/tasks/model";

/** All operations of a run, by id. A new map at each change. */
export type Operations = ReadonlyMap<string, RunOperation>;

const begun: Record<OperationStatus, number> = {
	pending: 0,
	running: 1,
	succeeded: 2,
	skipped: 2,
	failed: 2,
	cancelled: 2,
	unknown: 2,
};

/** Answers and live news cross on their way. States only go on, but for what a person decides and what is tried again. */
function isOlder(one: RunOperation, than: RunOperation): boolean {
	const decided = (one.decided_at ?? "").localeCompare(than.decided_at ?? "");
	if (decided !== 0) return decided < 0;
	if (one.attempts !== than.attempts) return one.attempts < than.attempts;
	return begun[one.status] < begun[than.status];
}

/** The operations with what is newly known of some. The same map when nothing is. */
export function withNews(known: Operations | undefined, news: Iterable<RunOperation>): Operations {
	const merged = new Map(known);
	let changed = known === undefined;
	for (const operation of news) {
		const before = merged.get(operation.id);
		if (before !== undefined && isOlder(operation, before)) continue;
		merged.set(operation.id, operation);
		changed = true;
	}
	return changed || known === undefined ? merged : known;
}

/** A device with its operations in the order of the run's steps; undefined where it has none of a step. */
export interface Row {
	device_id: string;
	device_name: string;
	cells: readonly (RunOperation | undefined)[];
}

/** Device by device, by name: `core-2` before `core-10`. */
export function rowsOf(operations: Operations, steps: Run["steps"]): Row[] {
	const places = new Map(steps.map(({ id }, index) => [id, index]));
	const rows = new Map<string, { device_id: string; device_name: string; cells: (RunOperation | undefined)[] }>();
	for (const operation of operations.values()) {
		const { device_id, device_name, step_id } = operation;
		let row = rows.get(device_id);
		if (row === undefined) {
			row = { device_id, device_name, cells: steps.map(() => undefined) };
			rows.set(device_id, row);
		}
		row.cells[places.get(step_id) ?? 0] = operation;
	}
	return [...rows.values()].sort((a, b) => inNaturalOrder(a.device_name, b.device_name));
}

/** Rows of which the device's name holds the text and one operation is as asked for. */
export function filterRows(
	rows: readonly Row[],
	{
		q,
		status,
		only,
	}: {
		q?: string | undefined;
		status?: OperationStatus | undefined;
		/** Ids of operations. */
		only?: ReadonlySet<string> | undefined;
	},
): readonly Row[] {
	const sought = q?.trim().toLowerCase() ?? "";
	if (sought === "" && status === undefined && only === undefined) return rows;
	return rows.filter(
		({ device_name, cells }) =>
			device_name.toLowerCase().includes(sought) &&
			cells.some(
				(cell) =>
					cell !== undefined &&
					(status === undefined || cell.status === status) &&
					(only === undefined || only.has(cell.id)),
			),
	);
}
