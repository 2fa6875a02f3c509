import { expect, test } from "vitest";
import { heatOf, summaryOf } from "./change-strip.tsx";

const quiet = { day: "2026-03-01", backups: 1, failed: 0, changed: 0, lines_added: 0, lines_removed: 0 };

test("a day is darker the more lines changed, and a day without a change is none of them", () => {
	const level = (lines_added: number, changed = 1) => heatOf({ ...quiet, changed, lines_added }).level;
	expect([level(0, 0), level(3), level(20), level(100), level(900)]).toEqual([0, 1, 2, 3, 4]);
});

test("a day says in words what happened", () => {
	expect(heatOf(quiet)).toMatchObject({ bad: false, title: "1 Mar 2026: 1 backup" });
	const busy = { ...quiet, backups: 3, failed: 1, changed: 1, lines_added: 4, lines_removed: 2 };
	expect(heatOf(busy)).toMatchObject({ bad: true, title: "1 Mar 2026: 3 backups, changed: +4 −2, 1 failed" });
});

test("the strip is told in a sentence", () => {
	expect(summaryOf([quiet, quiet])).toBe("No change in the last 2 days.");
	const changed = { ...quiet, day: "2026-03-02", changed: 2, lines_added: 5, lines_removed: 1 };
	expect(summaryOf([quiet, changed])).toBe("Changed on 1 day of the last 2 (+5 −1 lines), latest on 2 Mar 2026.");
});
