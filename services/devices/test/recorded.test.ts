import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { recordedNames } from "../src/devices/recorded-names.ts";
import { type Started, startDevices } from "./start.ts";

/** What the audit trail says of changes to many devices at once. */

let devices: Started;
beforeAll(async () => {
	devices = await startDevices();
});
afterAll(() => devices.stop());

async function latest(operation: string) {
	return vi.waitFor(
		() => {
			const found = devices.recorded.findLast((record) => record.operation === operation);
			expect(found).toBeDefined();
			return found;
		},
		{ timeout: 10_000 },
	);
}

test("which devices a bulk action changed or deleted, and which an import brought", async () => {
	const rows = ["r-1", "r-2", "r-3"].map((name) => ({ name, host: "192.0.2.1", device_type: "linux" }));
	await devices.api.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	expect(await latest("importDevices")).toMatchObject({
		resource_name: "import of 3 rows",
		after: { created: 3, devices_created: ["r-1", "r-2", "r-3"], devices_updated: [] },
	});
	const select = { names: ["r-1", "r-2"] };
	await devices.api.updateDevices({ body: { select, action: { kind: "add_tags", tags: ["edge"] } } });
	expect(await latest("updateDevices")).toMatchObject({
		resource_name: "2 devices",
		after: { action: { kind: "add_tags", tags: ["edge"] }, devices: ["r-1", "r-2"] },
	});
	devices.recorded.length = 0;
	await devices.api.updateDevices({ body: { select, action: { kind: "delete" } } });
	expect(await latest("updateDevices")).toMatchObject({ before: { devices: ["r-1", "r-2"] }, after: { changed: 2 } });
});

test("so many names that a record holds them, and how many there are besides", () => {
	expect(recordedNames([])).toEqual([]);
	const many = Array.from({ length: 50_000 }, (_, n) => `device-${n}`);
	const kept = recordedNames(many);
	expect(JSON.stringify(kept).length).toBeLessThan(31_000);
	expect(kept.at(-1)).toBe(`and ${50_000 - (kept.length - 1)} more`);
	expect(kept.slice(0, -1)).toEqual(many.slice(0, kept.length - 1));
});
