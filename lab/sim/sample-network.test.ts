import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, startFleet } from "./fleet.ts";
import { sampleChange, samplePlatforms } from "./sample-network.ts";

let fleet: Fleet;
beforeAll(async () => {
	fleet = await startFleet({ devices: { count: samplePlatforms.length, platforms: [...samplePlatforms] } });
});
afterAll(() => fleet.stop());

test("each change is taken by its platform, is another one than those before, and leaves those in place", () => {
	const changed = samplePlatforms.filter((platform) => sampleChange(platform) !== undefined);
	expect(changed).toHaveLength(3);
	for (const platform of changed) {
		const device = fleet.device(fleet.devices.find((one) => one.platform === platform)?.name ?? "");
		const seen = [device.config().length];
		for (let number = 0; number < 5; number++) {
			device.applyLines(sampleChange(platform, number) ?? []);
			seen.push(device.config().length);
		}
		expect(seen, platform).toEqual(seen.toSorted((a, b) => a - b));
		expect(new Set(seen).size, platform).toBe(6);
	}
});

test("nothing is thought of for a platform that does not exist", () => {
	expect(sampleChange("constructor")).toBeUndefined();
});
