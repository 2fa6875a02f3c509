import { expect, test } from "vitest";
import { describeSelection, snapshotName } from "./run-backup.ts";

test("a snapshot that nobody named says what it is of and when it was taken", () => {
	const at = new Date("2026-03-02T09:14:59Z");
	expect(snapshotName(`Backup of ${describeSelection({ all: true }, [])},`, at)).toBe(
		"Backup of all devices, 2026-03-02 09:14 UTC",
	);
	expect(describeSelection({ groups: ["Backbone"] }, ["a", "b"])).toBe("group Backbone");
	expect(describeSelection({ tags: ["core"], device_ids: [] }, ["a", "b"])).toBe("devices tagged core");
	expect(describeSelection({ groups: ["Backbone"], tags: ["core"] }, ["a", "b"])).toBe("2 devices");
	expect(describeSelection({ names: ["core-1"] }, ["core-1"])).toBe("core-1");
});
