import type { Target } from "@netconductor/contracts/devices/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PlacedService } from "./render-stack.ts";
import { wavesOf } from "./waves.ts";

function target(device_id: string): Target {
	return {
		device_id,
		name: device_id,
		device_type: "frr",
		worker_pool: "default",
		enabled: true,
		disabled_reason: null,
	};
}

/** A service on devices, which are named by a letter each. */
function service(name: string, devices: string, ...depends_on: string[]): PlacedService {
	const definition = { name, template_id: "t", targets: { all: true }, variables: {}, depends_on };
	return { service: definition, targets: [...devices].map(target) };
}

/** `a b | c`: devices of each wave. */
function shown(waves: ReadonlyMap<string, number>): string {
	const names = Array.from({ length: Math.max(...waves.values()) + 1 }, (): string[] => []);
	for (const [name, wave] of waves) names[wave]?.push(name);
	return names.map((wave) => wave.sort().join(" ")).join(" | ");
}

test.each([
	["nothing depends on anything", [service("one", "ab"), service("two", "c")], "a b c"],
	["a service on another device", [service("one", "a"), service("two", "b", "one")], "a | b"],
	["all of the devices before, and all after", [service("one", "ab"), service("two", "cd", "one")], "a b | c d"],
	["one after the other", [service("one", "a"), service("two", "b", "one"), service("three", "c", "two")], "a | b | c"],
	[
		"through one that stands nowhere",
		[service("one", "a"), service("two", "", "one"), service("three", "b", "two")],
		"a | b",
	],
	["on one device", [service("one", "a"), service("two", "a", "one")], "a"],
	["a device that has both", [service("one", "ab"), service("two", "bc", "one")], "a | b | c"],
	["a circle through two devices", [service("one", "ab"), service("two", "ab", "one")], "a b"],
	[
		"a circle in the middle",
		[service("one", "abc"), service("two", "bc", "one"), service("three", "d", "two")],
		"a | b c | d",
	],
])("%s", (_, placed, waves) => {
	expect(shown(wavesOf(placed, "deploy"))).toBe(waves);
});

test("what is taken away goes in the opposite order", () => {
	const placed = [service("one", "a"), service("two", "b", "one"), service("three", "c", "two")];
	expect(shown(wavesOf([...placed].reverse(), "delete"))).toBe("c | b | a");
});

const letters = [..."abcdefg"];
const stacks = fc
	.array(fc.tuple(fc.subarray(letters), fc.array(fc.nat(5), { maxLength: 3 })), { minLength: 1, maxLength: 6 })
	.map((drawn) =>
		drawn.map(([devices, before], index) =>
			service(`s${index}`, devices.join(""), ...before.filter((other) => other < index).map((other) => `s${other}`)),
		),
	);

test("whatever depends on whatever: each device comes after those it depends on, but with them where they depend on it; no wave is empty", () => {
	fc.assert(
		fc.property(stacks, (placed) => {
			const waves = wavesOf(placed, "deploy");
			const has = (name: string, device: string) =>
				placed.some(
					({ service: { name: own }, targets }) => own === name && targets.some((one) => one.device_id === device),
				);
			// Of a service, also those that its dependencies depend on: they may stand nowhere.
			const needed = new Map<string, Set<string>>();
			for (const {
				service: { name, depends_on },
			} of placed) {
				needed.set(name, new Set(depends_on.flatMap((other) => [other, ...(needed.get(other) ?? [])])));
			}
			const directly = (after: string, before: string) =>
				after !== before &&
				[...needed].some(([name, others]) => has(name, after) && [...others].some((other) => has(other, before)));
			const devices = [...waves.keys()];
			const reaches = new Map(devices.map((one) => [one, new Set(devices.filter((other) => directly(one, other)))]));
			for (const over of devices) {
				for (const found of reaches.values()) {
					if (found.has(over)) for (const further of reaches.get(over) ?? []) found.add(further);
				}
			}
			for (const one of devices) {
				for (const other of devices.filter((other) => directly(one, other))) {
					const inCircle = reaches.get(other)?.has(one) === true;
					const [own, theirs] = [waves.get(one) ?? -1, waves.get(other) ?? -1];
					if (inCircle) expect(own).toBe(theirs);
					else expect(own).toBeGreaterThan(theirs);
				}
			}
			expect([...new Set(waves.values())].sort()).toEqual([...new Set(waves.values())].map((_, index) => index));
		}),
		{ numRuns: 500 },
	);
});

test("many devices under many services are laid out at once", () => {
	const ids = Array.from({ length: 50_000 }, (_, index) => `device ${index}`);
	const placed = Array.from({ length: 50 }, (_, index): PlacedService => {
		const here = ids.filter((_, at) => at % 50 === index || at % 50 === 49);
		return { ...service(`s${index}`, "", ...(index === 0 ? [] : [`s${index - 1}`])), targets: here.map(target) };
	});
	const waves = wavesOf(placed, "deploy");
	expect(waves.size).toBe(50_000);
	expect(waves.get("device 0")).toBe(0);
});
