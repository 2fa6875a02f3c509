import { expect, test } from "vitest";
import { barsOf } from "./activity-bars.ts";

const day = (backups: number, changed: number, failed: number) => ({
	day: "2026-03-01",
	backups,
	changed,
	failed,
	lines_added: 0,
	lines_removed: 0,
});

test("the parts of a bar add up to its backups", () => {
	expect(barsOf([day(120, 3, 2)]).bars).toEqual([
		{ day: "2026-03-01", total: 120, parts: { unchanged: 115, changed: 3, failed: 2 } },
	]);
});

test.each([
	[0, 2],
	[2, 2],
	[3, 4],
	[9, 10],
	[11, 20],
	[100, 100],
	[101, 200],
	[4_001, 10_000],
])("of %i backups on the busiest day the scale ends at %i", (backups, most) => {
	expect(barsOf([day(0, 0, 0), day(backups, 0, 0)]).most).toBe(most);
});
