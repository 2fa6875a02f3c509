import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { testsWithout } from "./left-out.ts";

test("nothing is left out when nothing is missing", () => {
	expect(testsWithout([])).toEqual([]);
});

test("what is left out without a package is what leads to it, at any distance", () => {
	expect(testsWithout(["frr"])).toEqual(expect.arrayContaining(["e2e/src/frr.test.ts", "lab/frr/lab.test.ts"]));
	expect(testsWithout(["rabbitmq-server"])).toEqual(
		expect.arrayContaining(["runtime/src/bus/carrier.test.ts", "e2e/src/topology.test.ts"]),
	);
	const ofPages = readdirSync(new URL("../e2e/src/web", import.meta.url)).map((name) => `e2e/src/web/${name}`);
	expect(ofPages).not.toEqual([]);
	expect(testsWithout(["chromium"]).toSorted()).toEqual(
		["e2e/src/attack/hostile-device.test.ts", "e2e/src/night.test.ts", "e2e/src/web.test.ts", ...ofPages].toSorted(),
	);
	expect(testsWithout(["frr"])).not.toContain("e2e/src/faults.test.ts");
});
