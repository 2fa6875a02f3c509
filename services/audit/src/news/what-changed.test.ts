import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { expect, test } from "vitest";
import { whatChanged } from "./what-changed.ts";

function record(service: string, operation: string, more: Partial<OperationRecord> = {}): OperationRecord {
	return {
		occurred_at: "2026-01-01T00:00:00.000Z",
		service,
		operation,
		summary: operation,
		actor: { kind: "user", id: "1", name: "ann" },
		outcome: "succeeded",
		...more,
	};
}

test("a change tells of its own kind with its id, and of the kinds whose answers speak of it", () => {
	expect(whatChanged([record("devices", "acceptHostKey", { resource_id: "d1" })])).toEqual([
		{ what: "host_keys", id: "d1" },
		{ what: "devices", id: "" },
		{ what: "audit", id: "" },
	]);
});

test("many changes tell each kind once, with the id of the last", () => {
	const many = [1, 2, 3].map((n) => record("devices", "createCredential", { resource_id: `c${n}` }));
	expect(whatChanged(many)).toEqual([
		{ what: "credentials", id: "c3" },
		{ what: "audit", id: "" },
	]);
});

test("what failed or was denied changed nothing but the trail; what nobody knows the end of may have", () => {
	for (const outcome of ["failed", "denied"] as const) {
		expect(whatChanged([record("auth", "createRole", { outcome })])).toEqual([{ what: "audit", id: "" }]);
	}
	expect(whatChanged([record("auth", "deleteRole", { outcome: "unknown" })])).toContainEqual({ what: "roles", id: "" });
});

test("operations of which nothing is known are in the trail, whatever they are called", () => {
	expect(whatChanged([record("constructor", "toString"), record("devices", "__proto__")])).toEqual([
		{ what: "audit", id: "" },
	]);
	expect(whatChanged([])).toEqual([]);
});
