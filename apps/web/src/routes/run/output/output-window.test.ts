import type { OutputChunk } from "@netconductor/contracts/tasks/model";
import { expect, test } from "vitest";
import { createOutputWindow, type ReadOutput } from "./output-window.ts";

/** Output that is stored, as the API reads it. `hold` makes readings wait until it is called again. */
function store(count = 0) {
	const stored: OutputChunk[] = [];
	let gate: PromiseWithResolvers<void> | undefined;
	const say = (amount: number): OutputChunk[] => {
		const from = stored.length;
		for (let seq = from + 1; seq <= from + amount; seq++) {
			stored.push({
				seq,
				operation_id: "00000000-0000-7000-8000-000000000000",
				device_name: "core-1",
				at: "2026-11-21T10:00:00.000Z",
				text: `${seq} a\n${seq} b\n`,
			});
		}
		return stored.slice(from);
	};
	say(count);
	const read: ReadOutput = async (query) => {
		const seen = [...stored];
		await gate?.promise;
		if ("limit" in query) {
			const items = seen.filter(({ seq }) => seq > query.after).slice(0, query.limit);
			return { items, next_after: items.at(-1)?.seq ?? query.after, has_earlier: query.after > 0 };
		}
		const before = "before" in query ? query.before : Number.POSITIVE_INFINITY;
		const all = seen.filter(({ seq }) => seq < before);
		const items = all.slice(-query.tail);
		return { items, next_after: items.at(-1)?.seq ?? 0, has_earlier: items.length < all.length };
	};
	return {
		say,
		read,
		stored,
		hold() {
			gate = Promise.withResolvers();
			const { resolve } = gate;
			return () => {
				gate = undefined;
				resolve();
			};
		},
	};
}

const small = { most_lines: 600, most_size: 1e9 };
const texts = (window: ReturnType<typeof createOutputWindow>) => window.view().lines.map(({ text }) => text);

test("the end is read first, and what is earlier as one goes there", async () => {
	const { read } = store(1_000);
	const window = createOutputWindow(read);
	expect(await window.begin()).toBe(1_000);
	expect(texts(window).at(-1)).toBe("1000 b");
	expect(window.view()).toMatchObject({ earlier: true, later: false });
	for (let i = 0; i < 10; i++) await window.readEarlier();
	expect(texts(window)).toHaveLength(2_000);
	expect(texts(window)[0]).toBe("1 a");
	expect(window.view().earlier).toBe(false);
});

test("however much is said, no more is kept than may be, and who reads the end sees all that is new", async () => {
	const { read, say } = store(10);
	const window = createOutputWindow(read, small);
	await window.begin();
	for (let i = 0; i < 100; i++) {
		window.add(say(20));
		expect(window.view().lines.length).toBeLessThanOrEqual(small.most_lines);
		expect(texts(window).at(-1)).toBe(`${10 + (i + 1) * 20} b`);
	}
	expect(window.view()).toMatchObject({ earlier: true, later: false });
});

test("who reads an earlier place keeps it while more is said, and comes to all of it on the way down", async () => {
	const { read, say } = store(1_000);
	const window = createOutputWindow(read, small);
	await window.begin();
	window.follow(false);
	await window.readEarlier();
	const first = texts(window)[0];
	for (let i = 0; i < 50; i++) window.add(say(20));
	expect(texts(window)[0]).toBe(first);
	expect(window.view().later).toBe(true);
	let last = texts(window).at(-1);
	for (let i = 0; i < 50 && window.view().later; i++) {
		await window.readLater();
		expect(texts(window)).toContain(last);
		last = texts(window).at(-1);
	}
	expect(last).toBe("2000 b");
});

test("what is said while the end is being read is neither lost nor shown twice", async () => {
	const { read, say, hold } = store(5);
	const window = createOutputWindow(read);
	const release = hold();
	const begun = window.begin();
	window.add(say(3));
	release();
	await begun;
	await window.readLater();
	window.add(say(1));
	expect(texts(window)).toEqual(Array.from({ length: 9 }, (_, i) => [`${i + 1} a`, `${i + 1} b`]).flat());
});

test("a reading that failed says so and can be tried again", async () => {
	const { read } = store(3);
	let fails = true;
	const window = createOutputWindow((query) => (fails ? Promise.reject(new Error("away")) : read(query)));
	await expect(window.begin()).rejects.toThrow("away");
	expect(window.view()).toMatchObject({ read: false, problem: new Error("away") });
	fails = false;
	await window.begin();
	expect(texts(window)).toHaveLength(6);
	expect(window.view().problem).toBeUndefined();
});

/** The same walk for the same number (mulberry32). */
function walk(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % below;
	};
}

test("whatever is said, read and lost in between, what is kept has no gap, no double, and its bounds", async () => {
	for (let seed = 1; seed <= 80; seed++) {
		const random = walk(seed);
		const { read, say, stored } = store(300);
		const window = createOutputWindow(read, small);
		await window.begin();
		let unheard: OutputChunk[] = [];
		const steps = {
			say: () => {
				// A connection that comes back goes on where it was.
				window.add([...unheard, ...say(1 + random(150))]);
				unheard = [];
			},
			lose: () => void unheard.push(...say(1 + random(150))),
			earlier: window.readEarlier,
			later: window.readLater,
			end: window.toEnd,
			follow: () => window.follow(true),
			leave: () => window.follow(false),
		};
		const names = Object.keys(steps) as (keyof typeof steps)[];
		const taken: string[] = [];
		for (let i = 0; i < 30; i++) {
			const step = names[random(names.length)] ?? "say";
			taken.push(step);
			await steps[step]();
			const { lines, earlier, later } = window.view();
			const seqs = lines.filter((_, at) => at % 2 === 0).map(({ text }) => Number.parseInt(text, 10));
			const told = `${seed}: ${taken.join(", ")}`;
			expect(seqs, told).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
			expect(lines.length, told).toBeLessThanOrEqual(small.most_lines);
			expect(earlier, told).toBe(seqs[0] !== 1);
			if (!later && unheard.length === 0) expect(seqs.at(-1), told).toBe(stored.length);
		}
	}
});
