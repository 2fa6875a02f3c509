import { expect, test } from "vitest";
import { ago, byteCount, count, duration } from "./words.ts";

test("amounts are read at a glance", () => {
	expect([0, 1023, 1536, 52_428_800, null].map(byteCount)).toEqual(["0 B", "1023 B", "1.5 KiB", "50.0 MiB", "-"]);
	expect([5, 1500, 125_000, null].map(duration)).toEqual(["5 ms", "1.5 s", "2 min 5 s", "-"]);
	expect([count(1, "device"), count(3, "device"), count(0, "entry", "entries")]).toEqual([
		"1 device",
		"3 devices",
		"0 entries",
	]);
});

test("how long ago is told in the unit that fits", () => {
	const now = new Date("2026-03-02T12:00:00Z");
	const before = (seconds: number) => ago(new Date(now.getTime() - seconds * 1000).toISOString(), now);
	expect([0, 40, 600, 7200, 86_400 * 3].map(before)).toEqual(["now", "40 s ago", "10 min ago", "2 h ago", "3 d ago"]);
	expect(ago(null, now)).toBe("never");
});
