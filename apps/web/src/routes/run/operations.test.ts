import type { OperationStatus, RunOperation } from "@netconductor/contracts/tasks/model";
import { expect, test } from "vitest";
import { columnsOf, filterRows, procedureRowsOf, rowsOf, withNews } from "./operations.ts";

let count = 0;
function operation(device: string, step: string, status: OperationStatus, more: Partial<RunOperation> = {}) {
	count += 1;
	return {
		id: `01a1fe81-0000-7000-8000-${String(count).padStart(12, "0")}`,
		run_id: "01a1fe81-0000-7000-8000-000000000000",
		step_id: step,
		step_type: "collect_config",
		device_id: device,
		device_name: device,
		wave: 0,
		status,
		attempts: 1,
		worker_id: null,
		result: null,
		error: null,
		skip_reason: null,
		started_at: null,
		finished_at: null,
		duration_ms: null,
		decision: null,
		decided_by: null,
		decided_at: null,
		decision_reason: null,
		...more,
	} satisfies RunOperation;
}

test("an answer that is older than what was heard live changes nothing", () => {
	const done = operation("core-1", "backup", "succeeded");
	const known = withNews(undefined, [done]);
	expect(withNews(known, [{ ...done, status: "running" }])).toBe(known);
	expect(withNews(known, [{ ...done, status: "pending", attempts: 0 }])).toBe(known);
});

test("what a person had run again is shown as it goes, whatever it was before", () => {
	const unknown = operation("core-1", "change", "unknown", { attempts: 2 });
	const again: RunOperation = {
		...unknown,
		status: "pending",
		decision: "retry",
		decided_at: "2026-11-21T10:00:00.000Z",
	};
	const known = withNews(withNews(undefined, [unknown]), [again]);
	expect(known.get(unknown.id)?.status).toBe("pending");
	expect(withNews(known, [unknown])).toBe(known);
	expect(withNews(known, [{ ...again, status: "running", attempts: 3 }]).get(unknown.id)?.status).toBe("running");
});

test("devices come by name as people count, each with its operations in the order of the steps", () => {
	const operations = withNews(undefined, [
		operation("core-10", "check", "succeeded"),
		operation("core-10", "change", "failed"),
		operation("core-2", "check", "succeeded"),
		operation("core-2", "change", "skipped"),
	]);
	const rows = rowsOf(operations, [
		{ id: "check", type: "test_connection" },
		{ id: "change", type: "collect_config" },
	]);
	expect(rows.map(({ device_name, cells }) => [device_name, ...cells.map((cell) => cell?.status)])).toEqual([
		["core-2", "succeeded", "skipped"],
		["core-10", "succeeded", "failed"],
	]);
	expect(filterRows(rows, { status: "failed" }).map(({ device_name }) => device_name)).toEqual(["core-10"]);
	expect(filterRows(rows, { q: "CORE-2" }).map(({ device_name }) => device_name)).toEqual(["core-2"]);
	expect(filterRows(rows, { q: "core", status: "unknown" })).toEqual([]);
	const [first] = [...operations.values()];
	expect(filterRows(rows, { only: new Set([first?.id ?? ""]) }).map(({ device_name }) => device_name)).toEqual([
		"core-10",
	]);
});

test("of a procedure each time that a step was carried out on a device stands by itself", () => {
	const operations = withNews(undefined, [
		operation("core-1", "each.check", "failed"),
		operation("core-2", "each.check", "succeeded"),
		operation("core-1", "each.check", "succeeded"),
		operation("core-2", "change", "running"),
	]);
	const columns = columnsOf(operations);
	expect(columns.map(({ id, time }) => [id, time])).toEqual([
		["each.check", 1],
		["each.check", 2],
		["change", 1],
	]);
	const cells = (rows: ReturnType<typeof procedureRowsOf>) =>
		rows.map(({ device_name, cells }) => [device_name, ...cells.map((cell) => cell?.status)]);
	expect(cells(procedureRowsOf(operations, columns))).toEqual([
		["core-1", "failed", "succeeded", undefined],
		["core-2", "succeeded", undefined, "running"],
	]);
	expect(cells(procedureRowsOf(operations, columnsOf(operations, "change")))).toEqual([["core-2", "running"]]);
});
