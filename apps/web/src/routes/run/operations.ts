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

/** Of a procedure: the same step may be carried out several times on a device. */
export interface Column {
	id: string;
	type: string;
	/** Of the step, from 1. */
	time: number;
	/** That there are several. */
	again: boolean;
}

/** What a procedure did on devices: its steps in the order in which they began, each as often as it was carried out on one device. */
export function columnsOf(operations: Operations, of_step?: string): Column[] {
	const steps = new Map<string, { type: string; onDevice: Map<string, number> }>();
	for (const { step_id, step_type, device_id } of inOrder(operations)) {
		if (of_step !== undefined && step_id !== of_step) continue;
		const step = steps.get(step_id) ?? { type: step_type, onDevice: new Map<string, number>() };
		step.onDevice.set(device_id, (step.onDevice.get(device_id) ?? 0) + 1);
		steps.set(step_id, step);
	}
	return [...steps].flatMap(([id, { type, onDevice }]) => {
		const times = Math.max(...onDevice.values());
		return Array.from({ length: times }, (_, at) => ({ id, type, time: at + 1, again: times > 1 }));
	});
}

/** Device by device, with what the columns say of each. Devices of which they say nothing are left out. */
export function procedureRowsOf(operations: Operations, columns: readonly Column[]): Row[] {
	const places = new Map(columns.map(({ id, time }, index) => [`${id} ${time}`, index]));
	const rows = new Map<string, { device_id: string; device_name: string; cells: (RunOperation | undefined)[] }>();
	const times = new Map<string, number>();
	for (const operation of inOrder(operations)) {
		const { device_id, device_name, step_id } = operation;
		const time = (times.get(`${device_id} ${step_id}`) ?? 0) + 1;
		times.set(`${device_id} ${step_id}`, time);
		const place = places.get(`${step_id} ${time}`);
		if (place === undefined) continue;
		const row = rows.get(device_id) ?? { device_id, device_name, cells: columns.map(() => undefined) };
		row.cells[place] = operation;
		rows.set(device_id, row);
	}
	return [...rows.values()].sort((a, b) => inNaturalOrder(a.device_name, b.device_name));
}

/** Ids grow with time. */
function inOrder(operations: Operations): RunOperation[] {
	return [...operations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
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
