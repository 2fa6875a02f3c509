import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSharedReads } from "./shared-reads.ts";

test("questions that come together are read once; one that comes while it is read waits for the next reading", async () => {
	const ask = createSharedReads<number>();
	const gates: PromiseWithResolvers<void>[] = [];
	const read = async () => {
		const gate = Promise.withResolvers<void>();
		const nth = gates.push(gate);
		await gate.promise;
		return nth;
	};
	const first = [ask("q", read), ask("q", read)];
	await nextTurn();
	await nextTurn();
	const second = [ask("q", read), ask("q", read), ask("q", read)];
	await nextTurn();
	await nextTurn();
	expect(gates).toHaveLength(1);
	gates[0]?.resolve();
	expect(await Promise.all(first)).toEqual([1, 1]);
	await nextTurn();
	await nextTurn();
	gates[1]?.resolve();
	expect(await Promise.all(second)).toEqual([2, 2, 2]);
});

test("different questions do not wait for each other", async () => {
	const ask = createSharedReads<string>();
	const never = ask("slow", () => new Promise<string>(() => {}));
	expect(await ask("quick", async () => "answer")).toBe("answer");
	expect(await Promise.race([never, "still read"])).toBe("still read");
});

test("a failure is that of all who asked together, and of nobody after", async () => {
	const ask = createSharedReads<string>();
	const fail = async (): Promise<string> => {
		throw new TypeError("away");
	};
	const settled = await Promise.allSettled([ask("q", fail), ask("q", fail)]);
	expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
	expect(await ask("q", async () => "back")).toBe("back");
});

test("whatever comes when, nobody is answered with what was read before they asked", async () => {
	const step = fc.oneof(
		fc.record({ kind: fc.constant("ask" as const), question: fc.constantFrom("a", "b"), takes: fc.nat(4) }),
		fc.record({ kind: fc.constant("change" as const) }),
		fc.record({ kind: fc.constant("wait" as const) }),
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
			const ask = createSharedReads<number>();
			let version = 0;
			const asked: Promise<void>[] = [];
			for (const next of steps) {
				if (next.kind === "change") version++;
				else if (next.kind === "wait") await nextTurn();
				else {
					const least = version;
					const read = async () => {
						const seen = version;
						for (let turn = 0; turn < next.takes; turn++) await nextTurn();
						return seen;
					};
					asked.push(ask(next.question, read).then((seen) => expect(seen).toBeGreaterThanOrEqual(least)));
				}
			}
			await Promise.all(asked);
		}),
		{ numRuns: 200 },
	);
});
