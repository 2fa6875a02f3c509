import { createHash } from "node:crypto";
import type { AuditRecord } from "@netconductor/contracts/audit/api";
import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { canonicalJson } from "./canonical-json.ts";

/** What the first record names as the hash before it. */
export const genesisHash = "0".repeat(64);

/** The end of a chain. */
export interface ChainHead {
	position: number;
	hash: string;
}

/** A record as it is stored. */
export interface Link {
	position: number;
	id: string;
	occurred_at: string;
	actor_id: string;
	actor_name: string;
	service: string;
	operation: string;
	outcome: string;
	resource_type: string | null;
	resource_id: string | null;
	resource_name: string | null;
	summary: string;
	/** Canonical JSON of the whole audit record but its hash. */
	content: string;
	hash: string;
}

const limits = { part_bytes: 65_536, depth: 64 };

/** The record that follows `head`. Its hash covers everything in it, its position and the hash before it included. */
export function linkAfter(
	head: ChainHead,
	record: OperationRecord,
	{ id, recorded_at }: { id: string; recorded_at: string },
): Link {
	const whole: Omit<AuditRecord, "hash"> = {
		...record,
		...fitting(record),
		id,
		position: head.position + 1,
		recorded_at,
		previous_hash: head.hash,
	};
	const content = canonicalJson(whole);
	return { ...columnsOf(JSON.parse(content)), content, hash: hashOf(content) };
}

function hashOf(content: string): string {
	return createHash("sha256").update(content).digest("hex");
}

/** The audit record that a stored one stands for. */
export function recordOf({ content, hash }: Pick<Link, "content" | "hash">): AuditRecord {
	return { ...(JSON.parse(content) as Omit<AuditRecord, "hash">), hash };
}

/** The columns for filters, as they must be for this content. */
function columnsOf(record: Omit<AuditRecord, "hash">): Omit<Link, "content" | "hash"> {
	return {
		position: record.position,
		id: record.id,
		occurred_at: new Date(record.occurred_at).toISOString(),
		actor_id: indexable(record.actor.id),
		actor_name: indexable(record.actor.name),
		service: indexable(record.service),
		operation: indexable(record.operation),
		outcome: record.outcome,
		resource_type: record.resource_type === undefined ? null : indexable(record.resource_type),
		resource_id: record.resource_id === undefined ? null : indexable(record.resource_id),
		resource_name: record.resource_name === undefined ? null : indexable(record.resource_name),
		summary: indexable(record.summary),
	};
}

/** A text column has no NUL and an index no long values; the content keeps the whole. */
function indexable(text: string): string {
	return text.replaceAll("\0", "\ufffd").toWellFormed().slice(0, 200).toWellFormed();
}

/** Parts that come from outside, kept to a size that a person would read; what is left out is named by its hash. */
function fitting(record: OperationRecord): Partial<OperationRecord> {
	const kept: Partial<OperationRecord> = {};
	for (const part of ["request", "before", "after"] as const) {
		if (record[part] === undefined) continue;
		const text = canonicalOrNothing(record[part]);
		if (text === undefined) kept[part] = { omitted: "nested too deeply" };
		else if (text.length > limits.part_bytes)
			kept[part] = { omitted: "too large", characters: text.length, sha256: hashOf(text) };
		else kept[part] = record[part];
	}
	return kept;
}

function canonicalOrNothing(value: unknown): string | undefined {
	try {
		return canonicalJson(value, limits.depth);
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** Where a chain does not fit and why. */
export interface Fault {
	position: number;
	reason: string;
}

/** Goes over a chain record by record and remembers only where it is. */
interface ChainWalk {
	/** Checks that `link` follows. */
	step(link: Link): Fault | undefined;
	/** Checks that the chain ends here: nothing cut off, nothing put behind. */
	finish(head: ChainHead): Fault | undefined;
	readonly records: number;
	/** Hash of the newest record seen. */
	readonly head: string;
}

/**
 * @param expected_head hash noted earlier: it must be that of some record, for else what it stood for is gone
 */
export function walkChain(expected_head?: string): ChainWalk {
	let at: ChainHead = { position: 0, hash: genesisHash };
	let met = expected_head === undefined || expected_head === genesisHash;

	return {
		step(link) {
			const expected = at.position + 1;
			if (link.position !== expected) {
				const gap =
					link.position - 1 > expected
						? `Records ${expected} to ${link.position - 1} are missing`
						: `Record ${expected} is missing`;
				return { position: expected, reason: link.position > expected ? gap : `Record ${link.position} comes twice` };
			}
			if (hashOf(link.content) !== link.hash) {
				return { position: expected, reason: `Record ${expected} was changed: its content does not have its hash` };
			}
			const fault = contentFault(link, at);
			if (fault !== undefined) return { position: expected, reason: fault };
			at = { position: link.position, hash: link.hash };
			met ||= link.hash === expected_head;
			return undefined;
		},
		finish(head) {
			if (head.position > at.position) {
				const first = at.position + 1;
				return { position: first, reason: `The chain was cut off: records ${first} to ${head.position} are missing` };
			}
			if (head.hash !== at.hash || head.position < at.position) {
				return {
					position: at.position,
					reason: `The chain does not end where records were last appended (${head.position})`,
				};
			}
			if (!met) {
				return {
					position: at.position + 1,
					reason: "No record has the expected head: records were cut off at the end, or all were rewritten",
				};
			}
			return undefined;
		},
		get records() {
			return at.position;
		},
		get head() {
			return at.hash;
		},
	};
}

/** What is wrong with a record whose hash fits its content. */
function contentFault(link: Link, before: ChainHead): string | undefined {
	let record: Omit<AuditRecord, "hash">;
	let expected: Omit<Link, "content" | "hash">;
	try {
		record = JSON.parse(link.content);
		expected = columnsOf(record);
	} catch {
		return `Record ${link.position} was replaced: its content is no audit record`;
	}
	if (record.previous_hash !== before.hash) {
		return `Record ${link.position} does not follow record ${before.position}: one was inserted, replaced or moved`;
	}
	const differs = Object.entries(expected).find(([name, value]) => link[name as keyof Link] !== value);
	if (differs === undefined) return undefined;
	return `Record ${link.position} was changed: its column ${differs[0]} differs from its content`;
}
