import { expect, test } from "vitest";
import { valueText } from "./value-text.ts";

test("what a device said stands line by line below its name, small values on one line", () => {
	const value = {
		holds: true,
		output: "BGP summary\n  10.0.0.1 up\n",
		peers: [
			{ address: "10.0.0.1", state: "up" },
			{ address: "10.0.0.2", state: "idle" },
		],
		by_device: { r1: { text: "a\nb" } },
		none: {},
	};
	expect(valueText(value)).toBe(
		[
			"holds: true",
			"output: |",
			"  BGP summary",
			"    10.0.0.1 up",
			'peers: [{"address":"10.0.0.1","state":"up"},{"address":"10.0.0.2","state":"idle"}]',
			"by_device:",
			"  r1:",
			"    text: |",
			"      a",
			"      b",
			"none: {}",
		].join("\n"),
	);
	expect(valueText({ list: ["x".repeat(50), "y".repeat(50)] })).toBe(
		`list:\n  - ${"x".repeat(50)}\n  - ${"y".repeat(50)}`,
	);
	expect(valueText({})).toBe("{}");
});
