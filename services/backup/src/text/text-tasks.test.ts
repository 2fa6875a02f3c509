import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { firstBlame, nextBlame } from "./blame.ts";
import { diffLines } from "./diff.ts";
import { pack, unpack } from "./packing.ts";
import { type ContentForms, type PackedRaw, prepareConfig } from "./prepare.ts";
import { textTasks } from "./tasks.ts";
import { createTextPool } from "./text-pool.ts";

const pool = createTextPool({ threads: 2 });
afterAll(() => pool.close());
const rules = { volatile: ["^! Time"], secrets: ["^secret (\\S+)"], secret_blocks: [] };
const hash_key = Buffer.alloc(32, 1);

function stored(bytes: Uint8Array) {
	const prepared = prepareConfig({ bytes, rules, hash_key });
	const { masked, normalised } = prepared.forms as ContentForms;
	const raw = prepared.raw as PackedRaw;
	return {
		raw,
		content: {
			masked: { packed: masked, size: prepared.masked_size },
			normalised: { packed: normalised, size: prepared.normalised_size },
			raw: { ...raw, size: prepared.raw_size },
			raw_delta: undefined,
		},
	};
}

test("what is packed unpacks to the same bytes, with any dictionary", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.uint8Array({ maxLength: 2_000 }), (bytes, dictionary) => {
			expect(unpack(pack(bytes, dictionary), bytes.length, dictionary)).toEqual(Buffer.from(bytes));
		}),
	);
	expect(() => unpack(pack(Buffer.alloc(10_000)), 100)).toThrow();
});

test("raw bytes come back exactly, whatever they are", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.uint8Array({ minLength: 1 }),
				fc.string().map((text) => Buffer.from(text)),
			),
			fc.uint8Array(),
			(bytes, other) => {
				const { content } = stored(bytes);
				const own = textTasks.readText({ content, form: "raw", rules: null });
				expect(own).toBe(new TextDecoder().decode(bytes).replaceAll("\0", "\uFFFD"));
				const packed = textTasks.packDelta({ bytes: other, content });
				const second = { ...content, raw_delta: { packed, size: other.length, against: "raw" as const } };
				expect(textTasks.readText({ content: second, form: "raw", rules: null })).toBe(
					new TextDecoder().decode(other).replaceAll("\0", "\uFFFD"),
				);
			},
		),
	);
});

test("two readings that differ in volatile lines and line ends have one content; masked by other rules they have two", () => {
	const a = prepareConfig({ bytes: Buffer.from("! Time 1\r\nhostname a\r\nsecret x\r\n"), rules, hash_key });
	const b = prepareConfig({ bytes: Buffer.from("hostname a\nsecret x  \n! Time 2\n\n"), rules, hash_key });
	const c = prepareConfig({ bytes: Buffer.from("hostname a\nsecret x\n"), rules: { ...rules, secrets: [] }, hash_key });
	expect(b.content_key).toBe(a.content_key);
	expect(b.raw_hash).not.toBe(a.raw_hash);
	expect(c.content_hash).toBe(a.content_hash);
	expect(c.content_key).not.toBe(a.content_key);
});

test("a line is blamed on the last version that brought it, step by step over any history", () => {
	const version = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
	const origin = (n: number) => ({ backup_id: `${n}`, run_id: `${n}`, since: `${n}`, started_by: "x" });
	fc.assert(
		fc.property(fc.array(version, { minLength: 1, maxLength: 8 }), (versions) => {
			let blame = firstBlame(versions[0]?.length ?? 0, origin(0));
			let simple = (versions[0] ?? []).map(() => "0");
			for (const [n, lines] of versions.entries()) {
				if (n === 0) continue;
				const edits = diffLines(versions[n - 1] ?? [], lines);
				blame = nextBlame(blame, edits, origin(n));
				const next: string[] = [];
				let position = 0;
				for (const edit of edits) {
					next.push(...simple.slice(position, edit.from_start), ...Array<string>(edit.to_count).fill(`${n}`));
					position = edit.from_start + edit.from_count;
				}
				simple = [...next, ...simple.slice(position)];
			}
			expect(blame.runs.flatMap(([index, length]) => Array(length).fill(blame.origins[index]?.run_id))).toEqual(simple);
			expect(new Set(blame.runs.map(([index]) => index)).size).toBe(blame.origins.length);
		}),
	);
});

test("large texts are treated on a thread, and the event loop goes on", async () => {
	const bytes = Buffer.from(
		`${"interface x description y\n".repeat(800_000)}secret ${randomBytes(8).toString("hex")}\n`,
	);
	const here = process.threadCpuUsage();
	const everywhere = process.cpuUsage();
	const prepared = await pool.run("prepare", { bytes, rules, hash_key }, bytes.length);
	expect(prepared.raw_size).toBe(bytes.length);
	expect(process.threadCpuUsage(here).user).toBeLessThan(process.cpuUsage(everywhere).user / 2);
});

test("many small texts at once leave others their turn, and one that fails is alone with it", async () => {
	const bytes = Buffer.from("interface x\n description y\n".repeat(2_000));
	let turns = 0;
	let done = false;
	const takeTurns = () => {
		turns++;
		if (!done) setImmediate(takeTurns);
	};
	setImmediate(takeTurns);
	const packed = Buffer.from("not zstd");
	const results = await Promise.allSettled([
		...Array.from({ length: 100 }, () => pool.run("prepare", { bytes, rules, hash_key }, bytes.length)),
		pool.run("foldText", { text: { packed, size: 10 } }, 10),
		pool.run("prepare", { bytes, rules, hash_key }, bytes.length),
	]);
	done = true;
	expect(results.filter(({ status }) => status === "rejected")).toEqual([results[100]]);
	expect(turns).toBeGreaterThan(3);
});

test("work that goes on too long is ended with its thread", async () => {
	const text = pack(Buffer.from("a".repeat(20_000_000)));
	// The end of the text keeps it from being tried on all lines at once, which is quick.
	const term = { q: `${"(a?){200}b{50}[cd]".repeat(5)}\\z`, regex: true, ignore_case: true };
	const started = performance.now();
	const signal = AbortSignal.timeout(300);
	const work = pool.run("matchTexts", { packed: text, sizes: [20_000_000], term }, Number.POSITIVE_INFINITY, signal);
	await expect(work).rejects.toMatchObject({ name: "TimeoutError" });
	expect(performance.now() - started).toBeLessThan(2_000);
});
