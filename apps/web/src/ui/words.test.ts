import { expect, test } from "vitest";
import { selected, withoutDevice } from "./words.ts";

test("what went wrong is told without the device that stands beside it, and of any other device with its name", () => {
	expect(withoutDevice("xr-2 (192.0.2.7:22) refused the connection.", "xr-2")).toBe("Refused the connection.");
	expect(withoutDevice("xr-2 did not answer.", "xr-2")).toBe("Did not answer.");
	expect(withoutDevice("xr-20 (192.0.2.7:22) refused the connection.", "xr-2")).toBe(
		"xr-20 (192.0.2.7:22) refused the connection.",
	);
	expect(withoutDevice("The worker was lost.", "xr-2")).toBe("The worker was lost.");
	expect(withoutDevice("a.b(c (x) said no", "a.b(c")).toBe("Said no");
});

test("which devices were chosen is told, however they were", () => {
	expect(selected({ names: ["core-1"] })).toBe("core-1");
	expect(selected({ device_ids: ["01990000-0000-7000-8000-000000000001"] })).toBe("1 device");
	expect(selected({ names: ["core-1", "core-2"] })).toBe("2 devices");
	expect(selected({ groups: ["Backbone"] })).toBe("the group Backbone");
	expect(selected({ names: ["core-1"], tags: ["edge"] })).toBe("core-1 and the devices tagged edge");
	expect(selected({ all: true })).toBe("all devices");
});
