import { expect, test } from "vitest";
import { type Facts, stepsOf } from "./guide-steps.ts";

const nothing: Facts = {
	devices: 0,
	backed_up: 0,
	backing_up: false,
	simulated: false,
	simulated_changes: 0,
	changed_backups: 0,
};
const states = (facts: Partial<Facts>) =>
	stepsOf({ ...nothing, ...facts }).map(({ done, open }) => (done ? "done" : open ? "open" : "later"));

test.each([
	["at first only a device can be had", {}, ["open", "later", "later", "later", "later"]],
	["a device can be backed up", { devices: 1 }, ["done", "open", "later", "later", "later"]],
	[
		"a real device may be changed and backed up again in any order",
		{ devices: 1, backed_up: 1 },
		["done", "done", "open", "open", "later"],
	],
	[
		"simulated devices are changed before they are backed up again",
		{ devices: 12, backed_up: 12, simulated: true },
		["done", "done", "open", "later", "later"],
	],
	[
		"a change that somebody typed waits for a backup",
		{ devices: 12, backed_up: 12, simulated: true, simulated_changes: 1 },
		["done", "done", "done", "open", "later"],
	],
	[
		"a change typed before the first backup is part of that backup",
		{ devices: 12, backed_up: 0, simulated: true, simulated_changes: 1 },
		["done", "open", "later", "later", "later"],
	],
	[
		"nothing is changed while the first backup runs",
		{ devices: 12, backed_up: 3, backing_up: true, simulated: true },
		["done", "open", "later", "later", "later"],
	],
	[
		"the second backup keeps nothing done from being done",
		{ devices: 12, backed_up: 12, backing_up: true, simulated: true, simulated_changes: 1 },
		["done", "done", "done", "open", "later"],
	],
	[
		"a change that was found leads to its difference",
		{ devices: 12, backed_up: 12, changed_backups: 3 },
		["done", "done", "done", "done", "open"],
	],
	[
		"backups of devices that are gone count for nothing",
		{ devices: 0, backed_up: 12, changed_backups: 3 },
		["open", "later", "later", "later", "later"],
	],
])("%s", (_, facts, expected) => {
	expect(states(facts)).toEqual(expected);
});
