import { expect, test } from "vitest";
import { blameGroups } from "./blame-groups.ts";

const line = (number: number, version: string, since: string) => ({
	line: number,
	text: `line ${number}`,
	backup_id: version,
	run_id: `run of ${version}`,
	since,
	started_by: "admin",
});

test("neighbouring lines of one version stand together, those apart do not", () => {
	const groups = blameGroups([
		line(1, "a", "2026-01-01T00:00:00.000Z"),
		line(2, "a", "2026-01-01T00:00:00.000Z"),
		line(3, "b", "2026-02-01T00:00:00.000Z"),
		line(4, "a", "2026-01-01T00:00:00.000Z"),
	]);
	expect(groups.map(({ backup_id, from, lines }) => [backup_id, from, lines.length])).toEqual([
		["a", 1, 2],
		["b", 3, 1],
		["a", 4, 1],
	]);
});

test("a group knows how new it is among the versions of the text", () => {
	const groups = blameGroups([
		line(1, "b", "2026-02-01T00:00:00.000Z"),
		line(2, "c", "2026-03-01T00:00:00.000Z"),
		line(3, "a", "2026-01-01T00:00:00.000Z"),
	]);
	expect(groups.map(({ newness }) => newness)).toEqual([0.5, 1, 0]);
	expect(blameGroups([line(1, "a", "2026-01-01T00:00:00.000Z")])[0]?.newness).toBe(0);
	expect(blameGroups([])).toEqual([]);
});
