import { expect, test } from "vitest";
import { faultsIn, planRound, topologies } from "./plan-round.ts";

const devices = 1_000;

test("a seed plans the same round every time, another seed another", () => {
	const plans = Array.from({ length: 50 }, (_, seed) => JSON.stringify(planRound(seed, { devices })));
	expect(plans).toEqual(Array.from({ length: 50 }, (_, seed) => JSON.stringify(planRound(seed, { devices }))));
	expect(new Set(plans).size).toBe(50);
});

test.each(topologies)(
	"fifty seeds strike with every fault there is in the topology %s, alone and with others, in the middle of the run",
	(topology) => {
		const plans = Array.from({ length: 50 }, (_, seed) => planRound(seed, { devices, topology }));
		const kindsOf = ({ faults, device_faults }: (typeof plans)[number]) => [
			...faults.map(({ kind }) => kind),
			...(device_faults.length > 0 ? ["devices" as const] : []),
		];
		for (const kind of faultsIn(topology)) {
			const with_it = plans.map(kindsOf).filter((kinds) => kinds.includes(kind));
			expect({ kind, alone: with_it.some(({ length }) => length === 1) }).toEqual({ kind, alone: true });
			expect({ kind, combined: with_it.some(({ length }) => length > 1) }).toEqual({ kind, combined: true });
		}
		for (const { at } of plans.flatMap(({ faults }) => faults)) {
			expect(at).toBeGreaterThanOrEqual(0.05);
			expect(at).toBeLessThanOrEqual(0.85);
		}
		expect(plans.some(({ second_run }) => second_run)).toBe(true);
	},
);

test("named faults replace the drawn ones", () => {
	const { faults, device_faults } = planRound(7, { devices, faults: ["refuse", "devices"], refuse_ms: 20_000 });
	expect(faults).toMatchObject([{ kind: "refuse", lasts_ms: 20_000 }]);
	expect(device_faults.length).toBe(20);
});
