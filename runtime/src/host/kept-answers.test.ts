import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Answer } from "./call.ts";
import { createKeptAnswers } from "./kept-answers.ts";

const answerOf = (payload: string): Answer => ({ status: 200, content_type: "text/plain", payload });

/** A table, and what counts its changes, as another process sees them: after a while. */
function table() {
	let changes = 0;
	let reads = 0;
	return {
		change: () => void changes++,
		now: () => changes,
		reads: () => reads,
		async state() {
			await nextTurn();
			return String(changes);
		},
		async read() {
			reads++;
			await nextTurn();
			const seen = changes;
			await nextTurn();
			return answerOf(String(seen));
		},
	};
}

test("what has not changed is read once, and again after each change", async () => {
	const { change, reads, state, read } = table();
	const ask = createKeptAnswers(state);
	for (let time = 0; time < 5; time++) expect((await ask("q", read)).payload).toBe("0");
	expect(reads()).toBe(1);
	change();
	for (let time = 0; time < 5; time++) expect((await ask("q", read)).payload).toBe("1");
	expect(reads()).toBe(2);
});

test("no answer is older than its question, in whichever order questions and changes come", async () => {
	const step = fc.oneof(
		fc.record({ do: fc.constant("change" as const) }),
		fc.record({ do: fc.constant("ask" as const), question: fc.constantFrom("a", "b", "c") }),
		fc.record({ do: fc.constant("wait" as const) }),
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
			const { change, now, state, read } = table();
			const ask = createKeptAnswers(state);
			const asked: Promise<void>[] = [];
			for (const one of steps) {
				if (one.do === "change") change();
				else if (one.do === "wait") await nextTurn();
				else {
					const at_least = now();
					const answered = ask(one.question, read).then(({ payload }) => {
						expect(Number(payload)).toBeGreaterThanOrEqual(at_least);
					});
					asked.push(answered);
				}
			}
			await Promise.all(asked);
		}),
		{ numRuns: 300 },
	);
});

test("what fails is kept by nobody, and neither is a state that could not be told", async () => {
	let isAway = true;
	const ask = createKeptAnswers(async () => "same");
	const read = async () => {
		if (isAway) throw new TypeError("away");
		return answerOf("here");
	};
	await expect(ask("q", read)).rejects.toThrow("away");
	isAway = false;
	expect((await ask("q", read)).payload).toBe("here");

	let told = 0;
	const unsure = createKeptAnswers(async () => {
		if (++told === 1) throw new TypeError("no state");
		return "same";
	});
	await expect(unsure("q", read)).rejects.toThrow("no state");
	expect((await unsure("q", read)).payload).toBe("here");
});

test("many different questions push out those that were asked the longest time ago, never more than so much is kept", async () => {
	let reads = 0;
	const read = async () => {
		reads++;
		return answerOf("x".repeat(800));
	};
	const ask = createKeptAnswers(async () => "same", 10_100);
	for (let nth = 0; nth < 100; nth++) await ask(`q${nth}`, read);
	expect(reads).toBe(100);
	await ask("q99", read);
	expect(reads).toBe(100);
	await ask("q0", read);
	expect(reads).toBe(101);
	const huge = async () => answerOf("x".repeat(20_000));
	expect((await ask("huge", huge)).payload).toHaveLength(20_000);
});
