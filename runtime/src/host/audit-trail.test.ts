import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { type Operation, post } from "@netconductor/contracts/kernel/operation";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createOutbox } from "../bus/outbox.ts";
import { ensureBusTables } from "../bus/tables.ts";
import { createManualClock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { createLog } from "../log.ts";
import { runWithTraceparent } from "../telemetry.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { admin } from "../testing/service.ts";
import { createAuditTrail, ensureAuditTable } from "./audit-trail.ts";

const plant: Operation = post("/garden/trees", {
	summary: "Plant a tree",
	body: z.object({ name: z.string() }),
	permission: "garden:write",
	timeout_ms: 1_000,
});
const log = createLog({ level: "silent" });
const clock = createManualClock();
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const traceOf = (name: string) => `00-${"0".repeat(28)}${name.padStart(4, "a")}-00000000000000b7-00`;

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
	database = await testDatabase("audit_trail");
	db = await database.service("garden");
	await ensureBusTables(db);
	await ensureAuditTable(db);
});
afterAll(() => database.stop());
beforeEach(() => db.query("delete from outbox"));

const trail = () => createAuditTrail({ service: "garden", db, outbox: createOutbox(db), clock, log });
const begin = (name: string, audit = trail()) =>
	audit.begin("plant", plant, { params: {}, query: {}, body: { name } }, { actor: admin });
const intents = async () => (await db.query("select from audit_intents")).length;
const recorded = () =>
	db.query<{ payload: OperationRecord; traceparent: string }>(
		"select payload, traceparent from outbox order by position",
	);
const nameIn = ({ payload }: { payload: OperationRecord }) => (payload.request as { body: { name: string } }).body.name;

test("changes made at the same moment are recorded once each, with their own outcome and trace", async () => {
	const audit = trail();
	await Promise.all(
		numbers(500).map((name) =>
			runWithTraceparent(traceOf(name), async () => {
				const intent = await begin(name, audit);
				await intent.finish(Number(name) % 2 === 0 ? "succeeded" : "failed", { resource_id: name }, `code.${name}`);
			}),
		),
	);
	const records = await recorded();
	expect(records.map(nameIn).sort()).toEqual(numbers(500).sort());
	for (const record of records) {
		const name = nameIn(record);
		expect(record.payload).toMatchObject({
			outcome: Number(name) % 2 === 0 ? "succeeded" : "failed",
			resource_id: name,
			error_code: `code.${name}`,
		});
		// Shared statements must not mix up who caused what.
		expect(record.traceparent.slice(0, 35)).toBe(traceOf(name).slice(0, 35));
		expect(record.payload.trace_id).toBe(traceOf(name).slice(3, 35));
	}
	expect(await intents()).toBe(0);
});

test("nothing may change before its own intent is committed", async () => {
	const audit = trail();
	const blocker = await db.pool.connect();
	await blocker.query("begin; lock table garden.audit_intents in share mode");
	let begun = 0;
	const beginning = numbers(3).map(async (name) => {
		const intent = await begin(name, audit);
		begun++;
		return intent;
	});
	await new Promise((resolve) => setTimeout(resolve, 200));
	expect(begun).toBe(0);
	await blocker.query("rollback");
	blocker.release();
	const begunIntents = await Promise.all(beginning);
	expect(await intents()).toBe(3);
	for (const intent of begunIntents) await intent.finish("succeeded", {});
});

test("where intents cannot be stored, none of those that came together may go on", async () => {
	const audit = trail();
	await db.query("alter table audit_intents rename to elsewhere");
	try {
		for (const outcome of await Promise.allSettled(numbers(5).map((name) => begin(name, audit)))) {
			expect(outcome).toMatchObject({ status: "rejected", reason: { code: "audit.unavailable" } });
		}
	} finally {
		await db.query("alter table elsewhere rename to audit_intents");
	}
});

test("what a process left begun is recorded as unknown, once, also when it ends after all while others look", async () => {
	const [audit, other] = [trail(), trail()];
	const left = await Promise.all(numbers(450).map((name) => begin(name, audit)));
	expect(await other.sweep()).toBe(0);
	await clock.advance(3_600_000);
	await Promise.all([
		other.sweep(),
		audit.sweep(),
		...left.slice(0, 100).map((intent) => intent.finish("succeeded", {})),
	]);
	const records = await recorded();
	expect(records.map(nameIn).sort()).toEqual(numbers(450).sort());
	// Whoever came first recorded it; of what nobody ended, the outcome stays unknown.
	for (const record of records) {
		const possible = Number(nameIn(record)) < 100 ? ["unknown", "succeeded"] : ["unknown"];
		expect(possible).toContain(record.payload.outcome);
	}
	expect(await intents()).toBe(0);
});
