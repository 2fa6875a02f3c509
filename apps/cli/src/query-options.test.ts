import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addQueryOptions, filtersOf, pagingOf, pointInTime, wholeNumber, yesOrNo } from "./query-options.ts";

function parse(query: Parameters<typeof addQueryOptions>[1], argv: string[]) {
	const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
	addQueryOptions(command, query);
	command.parse(argv, { from: "user" });
	return { filters: filtersOf(query, command.opts()), options: command.opts() };
}

test("the filters of a list are those of its contract, and what they make passes it", () => {
	const { query } = devicesApi.operations.listDevices;
	const argv = "--search core --device-type cisco_ios --tag a --tag b --enabled true --sort -health_at --page 2".split(
		" ",
	);
	const { filters, options } = parse(query, argv);
	expect(filters).toEqual({
		q: "core",
		device_type: ["cisco_ios"],
		tag: ["a", "b"],
		enabled: "true",
		sort: "-health_at",
	});
	expect(options.page).toBe(2);
	expect(query.safeParse(filters).success).toBe(true);
});

test("ids in a query are named on the command line, and left to the caller", () => {
	const { filters, options } = parse(backupApi.operations.listBackups.query, [
		"--device",
		"core-1",
		"--status",
		"failed",
	]);
	expect(filters).toEqual({ status: ["failed"] });
	expect(options.device).toBe("core-1");
});

test("an option that takes several values leaves the arguments behind it alone", () => {
	const command = new Command().argument("[devices...]");
	addQueryOptions(command, devicesApi.operations.listDevices.query);
	command.parse(["--tag", "a", "core-1"], { from: "user" });
	expect(command.args).toEqual(["core-1"]);
});

test("an unknown order is refused with those there are", () => {
	expect(() => parse(devicesApi.operations.listDevices.query, ["--sort", "colour"])).toThrow(/name, host/);
});

test("histories are paged by cursor, lists by number", () => {
	expect(pagingOf(tasksApi.operations.listRuns.query)).toBe("cursor");
	expect(pagingOf(devicesApi.operations.listDevices.query)).toBe("page");
});

test("numbers, times and yes-or-no are checked before anything is sent", () => {
	expect(wholeNumber(1, 10)("10")).toBe(10);
	for (const bad of ["0", "11", "1.5", "1e1", "x", ""]) expect(() => wholeNumber(1, 10)(bad)).toThrow("from 1 to 10");
	expect(pointInTime("2026-03-02T14:05:00Z")).toBe("2026-03-02T14:05:00.000Z");
	expect(pointInTime("2026-03-02")).toBe(new Date(2026, 2, 2).toISOString());
	for (const bad of ["yesterday", "2026-13-45", "12", ""]) expect(() => pointInTime(bad)).toThrow("A time such as");
	expect([yesOrNo("true"), yesOrNo("no")]).toEqual([true, false]);
	expect(() => yesOrNo("maybe")).toThrow("true or false");
});
