import { createHash } from "node:crypto";
import type { OperationRecord } from "@netconductor/contracts/audit/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { type ChainHead, type Fault, genesisHash, type Link, linkAfter, recordOf, walkChain } from "./chain.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const operationRecord: fc.Arbitrary<OperationRecord> = fc.record(
	{
		occurred_at: fc
			.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
			.map((date) => date.toISOString()),
		service: text,
		operation: text,
		summary: text,
		actor: fc.record({ kind: text, id: text, name: text, ip: text }, { requiredKeys: ["kind", "id", "name"] }),
		outcome: fc.constantFrom("succeeded", "failed", "denied", "unknown"),
		resource_type: text,
		resource_id: text,
		request: fc.jsonValue(),
		before: fc.jsonValue(),
		after: fc.jsonValue(),
	},
	{ requiredKeys: ["occurred_at", "service", "operation", "summary", "actor", "outcome"] },
);

function chainOf(list: OperationRecord[]): { links: Link[]; head: ChainHead } {
	const links: Link[] = [];
	let head: ChainHead = { position: 0, hash: genesisHash };
	for (const record of list) {
		const id = crypto.randomUUID();
		const link = linkAfter(head, record, { id, recorded_at: "2026-01-01T00:00:00.000Z" });
		links.push(link);
		head = { position: link.position, hash: link.hash };
	}
	return { links, head };
}

function verify(links: readonly Link[], head: ChainHead, expected_head?: string): Fault | undefined {
	const walk = walkChain(expected_head);
	for (const link of links) {
		const fault = walk.step(link);
		if (fault !== undefined) return fault;
	}
	return walk.finish(head);
}

const chains = fc.array(operationRecord, { minLength: 3, maxLength: 8 }).map(chainOf);
/** A chain and two places in it. */
const placed = chains.chain((chain) =>
	fc.tuple(fc.constant(chain), fc.nat({ max: chain.links.length - 1 }), fc.nat({ max: chain.links.length - 1 })),
);

test("an untouched chain is intact, whatever its records hold, and every head noted on the way is found again", () => {
	fc.assert(
		fc.property(placed, ([{ links, head }, place]) => {
			expect(verify(links, head)).toBeUndefined();
			expect(verify(links, head, links[place]?.hash)).toBeUndefined();
			expect(verify(links, head, genesisHash)).toBeUndefined();
		}),
	);
});

test("a record's hash can be recomputed from what the API shows, without our code", () => {
	fc.assert(
		fc.property(chains, ({ links }) => {
			let previous = genesisHash;
			for (const link of links) {
				const { hash, ...shown } = JSON.parse(JSON.stringify(recordOf(link)));
				expect(createHash("sha256").update(canonicalJson(shown)).digest("hex")).toBe(hash);
				expect(shown.previous_hash).toBe(previous);
				previous = hash;
			}
		}),
	);
});

test("a change of any column of any record is found at that record", () => {
	fc.assert(
		fc.property(placed, fc.constantFrom(...columns), fc.string(), ([{ links, head }, place], column, value) => {
			const link = links[place];
			fc.pre(link !== undefined && link[column] !== value);
			const forged = links.with(place, { ...(link as Link), [column]: value });
			expect(verify(forged, head)?.position).toBe(place + 1);
		}),
		{ numRuns: 300 },
	);
});
const columns = [
	"id",
	"occurred_at",
	"actor_id",
	"actor_name",
	"service",
	"operation",
	"outcome",
	"resource_type",
	"resource_id",
	"content",
	"hash",
] as const;

test("a record rewritten with a hash that fits is found at the next one, or at the head", () => {
	fc.assert(
		fc.property(placed, operationRecord, ([{ links, head }, place], other) => {
			const before = place === 0 ? { position: 0, hash: genesisHash } : (links[place - 1] as Link);
			const id = links[place]?.id ?? "";
			const forged = linkAfter(before, other, { id, recorded_at: "2026-01-01T00:00:00.000Z" });
			fc.pre(forged.hash !== links[place]?.hash);
			const fault = verify(links.with(place, forged), head);
			expect(fault?.position).toBe(Math.min(place + 2, links.length));
		}),
	);
});

test("a deleted record is found where it is missing", () => {
	fc.assert(
		fc.property(placed, ([{ links, head }, place]) => {
			const fault = verify(links.toSpliced(place, 1), head);
			expect(fault?.position).toBe(place + 1);
			expect(fault?.reason).toMatch(/missing/);
		}),
	);
});

test("records that changed places are found at the first of them", () => {
	fc.assert(
		fc.property(placed, ([{ links, head }, one, other]) => {
			fc.pre(one !== other);
			const [a, b] = [links[one] as Link, links[other] as Link];
			const first = Math.min(one, other) + 1;
			expect(verify(links.with(one, b).with(other, a), head)?.position).toBe(first);
			// Also with their positions exchanged, as an update of both rows would do it.
			const swapped = links.with(one, { ...b, position: a.position }).with(other, { ...a, position: b.position });
			expect(verify(swapped, head)?.position).toBe(first);
		}),
	);
});

test("an inserted record is found, also when those behind it move up", () => {
	fc.assert(
		fc.property(placed, operationRecord, ([{ links, head }, place], extra) => {
			const at = links[place] as Link;
			const before = place === 0 ? { position: 0, hash: genesisHash } : (links[place - 1] as Link);
			const forged = linkAfter(before, extra, { id: crypto.randomUUID(), recorded_at: "2026-01-01T00:00:00.000Z" });
			const moved = links.slice(place).map((link) => ({ ...link, position: link.position + 1 }));
			const fault = verify([...links.slice(0, place), forged, ...moved], { ...head, position: head.position + 1 });
			expect(fault?.position).toBe(at.position + 1);
		}),
	);
});

test("a chain that was cut off is found by its head, and with the head rewritten too by one noted earlier", () => {
	fc.assert(
		fc.property(placed, ([{ links, head }, place]) => {
			const kept = links.slice(0, place);
			expect(verify(kept, head)).toMatchObject({ position: place + 1, reason: expect.stringMatching(/cut off/) });
			const forgedHead = { position: place, hash: kept.at(-1)?.hash ?? genesisHash };
			expect(verify(kept, forgedHead)).toBeUndefined();
			expect(verify(kept, forgedHead, head.hash)?.reason).toMatch(/expected head/);
		}),
	);
});

test("what is too large or too deep to keep is named by its hash; the record is appended all the same", () => {
	let deep: unknown = 1;
	for (let n = 0; n < 5_000; n++) deep = { deep };
	const record: OperationRecord = {
		occurred_at: "2026-01-01T00:00:00.000Z",
		service: "devices",
		operation: "importDevices",
		summary: "",
		actor: { kind: "user", id: "x".repeat(5_000), name: "a\0b" },
		outcome: "succeeded",
		request: { csv: "x".repeat(1_000_000) },
		before: deep,
	};
	const { links, head } = chainOf([record]);
	const [link] = links as [Link];
	expect(link.content.length).toBeLessThan(10_000);
	expect(recordOf(link).request).toMatchObject({ omitted: "too large", sha256: expect.any(String) });
	expect(recordOf(link).before).toEqual({ omitted: "nested too deeply" });
	expect(link.actor_name).toBe("a\ufffdb");
	expect(verify(links, head)).toBeUndefined();
});
