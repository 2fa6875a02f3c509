import { expect, test } from "vitest";
import { withoutDevice } from "./words.ts";

test("what went wrong is told without the device that stands beside it, and of any other device with its name", () => {
	expect(withoutDevice("xr-2 (192.0.2.7:22) refused the connection.", "xr-2")).toBe("Refused the connection.");
	expect(withoutDevice("xr-2 did not answer.", "xr-2")).toBe("Did not answer.");
	expect(withoutDevice("xr-20 (192.0.2.7:22) refused the connection.", "xr-2")).toBe(
		"xr-20 (192.0.2.7:22) refused the connection.",
	);
	expect(withoutDevice("The worker was lost.", "xr-2")).toBe("The worker was lost.");
	expect(withoutDevice("a.b(c (x) said no", "a.b(c")).toBe("Said no");
});
