import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutputStore } from "../src/output/output-store.ts";
import { outputAsText } from "../src/output/read-output.ts";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

let lab: EngineLab;
let run_id: string;
/** Two operations whose pieces 1 to 10 take turns, device "one" first. */
let one: string;

beforeAll(async () => {
	lab = await startEngineLab();
	run_id = await lab.start({
		steps: [{ id: "probe", type: "probe_read", params: {} }],
		targets: [lab.target("one"), lab.target("two")],
	});
	const operations = await lab.operations(run_id);
	const [first, second] = ["one", "two"].map((name) => operations.find(({ device_name }) => device_name === name));
	if (first === undefined || second === undefined) throw new Error("no operations");
	one = first.id;
	const at = new Date();
	await createOutputStore(lab.db).append(
		run_id,
		Array.from({ length: 10 }, (_, index) => ({
			operation_id: index % 2 === 0 ? first.id : second.id,
			at,
			text: `line ${index + 1}\n`,
		})),
	);
	await lab.tasks.cancelRun({ params: { id: run_id } });
	await lab.ended(run_id);
});
afterAll(() => lab?.stop());

async function read(query: Record<string, unknown>) {
	const { items, ...rest } = await lab.tasks.readOutput({ params: { id: run_id }, query });
	return { seqs: items.map(({ seq }) => seq), ...rest };
}

test("the end of the output comes first when asked for, what is before it piece by piece up to the beginning", async () => {
	expect(await read({ tail: 4 })).toEqual({ seqs: [7, 8, 9, 10], next_after: 10, has_earlier: true, ended: true });
	expect(await read({ before: 7, tail: 4 })).toEqual({
		seqs: [3, 4, 5, 6],
		next_after: 6,
		has_earlier: true,
		ended: false,
	});
	expect(await read({ before: 3, tail: 4 })).toEqual({ seqs: [1, 2], next_after: 2, has_earlier: false, ended: false });
	expect(await read({ before: 3, tail: 2 })).toMatchObject({ seqs: [1, 2], has_earlier: false });
	expect(await read({ before: 1, tail: 4 })).toEqual({ seqs: [], next_after: 0, has_earlier: false, ended: false });
	expect(await read({ tail: 100 })).toMatchObject({
		seqs: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
		has_earlier: false,
		ended: true,
	});
});

test("one operation's output has an end of its own, and goes on from there", async () => {
	expect(await read({ tail: 2, operation_id: one })).toEqual({
		seqs: [7, 9],
		next_after: 9,
		has_earlier: true,
		ended: true,
	});
	expect(await read({ before: 7, tail: 3, operation_id: one })).toMatchObject({ seqs: [1, 3, 5], has_earlier: false });
	expect(await read({ after: 9 })).toEqual({ seqs: [10], next_after: 10, has_earlier: true, ended: true });
	expect(await read({ after: 0, limit: 3 })).toEqual({
		seqs: [1, 2, 3],
		next_after: 3,
		has_earlier: false,
		ended: false,
	});
});

test("all output can be had as text, of one operation without the names", async () => {
	const text = await lab.tasks.downloadOutput({ params: { id: run_id }, query: {} });
	expect(text.split("\n").slice(0, 3)).toEqual(["one | line 1", "two | line 2", "one | line 3"]);
	expect(text.match(/\n/g)).toHaveLength(10);
	expect(await lab.tasks.downloadOutput({ params: { id: run_id }, query: { operation_id: one, after: 5 } })).toBe(
		"line 7\nline 9\n",
	);
	await expect(lab.tasks.downloadOutput({ params: { id: crypto.randomUUID() }, query: {} })).rejects.toMatchObject({
		code: "runs.not_found",
	});
});

test("a piece that the names of its lines make too long is cut, and says so", async () => {
	const store = createOutputStore(lab.db);
	const long_run = await lab.start({
		steps: [{ id: "probe", type: "probe_read", params: {} }],
		targets: [lab.target("a-long-name-for-a-device")],
	});
	const [operation] = await lab.operations(long_run);
	if (operation === undefined) throw new Error("no operation");
	await store.append(long_run, [{ operation_id: operation.id, at: new Date(), text: "\n".repeat(1_000) }]);
	const text = await outputAsText(store, long_run, { after: 0 }, 100);
	expect(text.split("\n")).toEqual([
		"a-long-name-for-a-device | ",
		"a-long-name-for-a-device | ",
		"a-long-name-for-a-device | ",
		"[the rest of this piece is left out]",
		"",
	]);
	await lab.tasks.cancelRun({ params: { id: long_run } });
});

test("text beyond the bound of one answer ends with where to go on, and going on leaves nothing out", async () => {
	const store = createOutputStore(lab.db);
	let after = 0;
	let whole = "";
	for (;;) {
		const part = await outputAsText(store, run_id, { after }, 30);
		const more = /\[there is more: go on with after=(\d+)\]\n$/.exec(part);
		whole += more === null ? part : part.slice(0, more.index);
		if (more === null) break;
		expect(Number(more[1])).toBeGreaterThan(after);
		after = Number(more[1]);
	}
	expect(whole).toBe(await outputAsText(store, run_id, { after: 0 }));
});
