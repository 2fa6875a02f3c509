import { createHash } from "node:crypto";
import { auditApi } from "@netconductor/contracts/audit/api";
import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { defineApi, post } from "@netconductor/contracts/kernel/operation";
import { Secret } from "@netconductor/contracts/kernel/secret";
import { systemClock } from "@netconductor/runtime/clock";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { defineService } from "@netconductor/runtime/host/service";
import { actorWith, startTestHost, type TestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { canonicalJson } from "../src/chain/canonical-json.ts";
import { appendRecords } from "../src/chain/chain-store.ts";
import { exportAudit } from "../src/records/export-records.ts";
import { auditService } from "../src/service.ts";

/** A service with something to record. */
const gardenApi = defineApi("garden", {
	plant: post("/api/garden", {
		summary: "Plant a tree",
		body: z.object({ name: z.string(), pin: Secret() }),
		permission: "devices:write",
	}),
});
const gardenService = defineService({
	name: "garden",
	api: gardenApi,
	setup: () => ({
		operations: {
			async plant({ body, note }) {
				note({ resource_type: "tree", resource_id: body.name, resource_name: body.name, after: { name: body.name } });
				if (body.name === "weed") throw failed("request.invalid", { message: "no weeds" });
				return undefined;
			},
		},
	}),
});

let running: TestHost;
let db: Database;
/** The database's administrator, who alone can get around the triggers. */
let superuser: Database;
beforeAll(async () => {
	running = await startTestHost({ services: [auditService, gardenService] });
	db = openDatabase({ url: running.host.databaseUrl("audit") ?? "", schema: "audit", application_name: "test" });
	superuser = openDatabase({ url: running.database.admin_url, schema: "audit", application_name: "test" });
});
afterAll(async () => {
	await Promise.all([db.close(), superuser.close()]);
	await running.stop();
});

const audit = () => running.client(auditApi);
const verify = (expected_head?: string) => audit().verifyAudit({ query: { expected_head } });

function recordAt(minute: number, more: Partial<OperationRecord> = {}): OperationRecord {
	return {
		occurred_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
		service: "devices",
		operation: "updateDevice",
		summary: "Change a device",
		actor: { kind: "user", id: "01900000-0000-7000-8000-00000000000a", name: "ann", ip: "192.0.2.1" },
		outcome: "succeeded",
		...more,
	};
}

const append = (record: OperationRecord) => db.transaction((tx) => appendRecords(tx, [record], systemClock));

test("an empty chain is intact", async () => {
	expect(await verify()).toEqual({ intact: true, records: 0, broken_at: null, reason: null, head: "0".repeat(64) });
});

test("what services do arrives in the chain with actor, request without secrets, resource and outcome", async () => {
	const garden = running.client(gardenApi);
	await garden.plant({ body: { name: "oak\ud800", pin: "canary-secret" } });
	await expect(garden.plant({ body: { name: "weed", pin: "canary-secret" } })).rejects.toThrow();
	const stranger = running.client(gardenApi, actorWith());
	await expect(stranger.plant({ body: { name: "oak", pin: "canary-secret" } })).rejects.toThrow();
	await vi.waitFor(async () => expect((await audit().listAudit({})).items).toHaveLength(3), { timeout: 10_000 });
	const { items } = await audit().listAudit({});
	expect(items.map(({ outcome, error_code }) => [outcome, error_code])).toEqual([
		["denied", "auth.forbidden"],
		["failed", "request.invalid"],
		["succeeded", undefined],
	]);
	expect(items.at(-1)).toMatchObject({
		service: "garden",
		operation: "plant",
		actor: { kind: "user", name: "admin" },
		resource_type: "tree",
		resource_id: "oak\ufffd",
		request: { body: { pin: "[redacted]" } },
	});
	expect(JSON.stringify(items)).not.toContain("canary-secret");
	const [newest] = items;
	expect(await audit().getAuditRecord({ params: { id: newest?.id ?? "" } })).toEqual(newest);
});

test("an outsider can recompute every hash from what the API answers", async () => {
	const { items } = await audit().listAudit({});
	for (const { hash, ...record } of items) {
		expect(createHash("sha256").update(canonicalJson(record)).digest("hex")).toBe(hash);
	}
});

test("records appended at the same moment stand one after another without gaps", async () => {
	await Promise.all(Array.from({ length: 40 }, (_, n) => append(recordAt(n))));
	const rows = await db.query<{ position: string }>("select position from records order by position");
	expect(rows.map(({ position }) => Number(position))).toEqual(Array.from(rows, (_, n) => n + 1));
	expect(await verify()).toMatchObject({ intact: true, records: rows.length });
});

test("records appended together stand in their order, whatever text they hold", async () => {
	const before = (await verify()).records;
	const names = ["\\u0000", "\0", 'quo"te', "back\\slash", "line\nend", "\ud800", "ü", "{}"];
	const together = names.map((name) => recordAt(45, { resource_id: name, request: { name } }));
	await db.transaction((tx) => appendRecords(tx, together, systemClock));
	expect(await verify()).toMatchObject({ intact: true, records: before + names.length });
	const { items } = await audit().listAudit({ query: { limit: names.length, to: recordAt(45).occurred_at } });
	expect(items.map(({ request }) => (request as { name: string }).name)).toEqual(names.toReversed());
});

test("the head of the chain cannot move over a gap, nor behind records that were not appended", async () => {
	const { records } = await verify();
	const forged = db.transaction(async (tx) => {
		await tx.execute(
			`insert into records select ${records + 2}, gen_random_uuid(), occurred_at, actor_id, actor_name, service, operation, outcome, resource_type, resource_id, content, hash, resource_name, summary from records where position = 1`,
		);
		await tx.execute(
			`update chain_head set position = ${records + 2}, hash = (select hash from records where position = 1)`,
		);
	});
	await expect(forged).rejects.toMatchObject({ sqlstate: "23000" });
	expect(await verify()).toMatchObject({ intact: true, records });
});

test("a record whose transaction is rolled back leaves no gap", async () => {
	const before = (await verify()).records;
	const lost = db.transaction(async (tx) => {
		await appendRecords(tx, [recordAt(50)], systemClock);
		throw new Error("rolled back");
	});
	await expect(lost).rejects.toThrow("rolled back");
	await append(recordAt(51));
	expect(await verify()).toMatchObject({ intact: true, records: before + 1 });
});

test("every filter finds its records, in order, page by page, none twice and none left out", async () => {
	const actor = { kind: "token", id: "01900000-0000-7000-8000-00000000000b", name: "ben/ci" };
	for (let n = 0; n < 7; n++) {
		// Two at a time happen in the same moment.
		const about = { resource_type: "role", resource_id: `r-${n % 2}`, outcome: "failed" as const };
		await append(recordAt(100 + Math.floor(n / 2), { actor, service: "auth", operation: "updateRole", ...about }));
	}
	const walk = async (query: object) => {
		const seen: number[] = [];
		let cursor: string | undefined;
		do {
			const page = await audit().listAudit({ query: { ...query, limit: 2, cursor } });
			seen.push(...page.items.map(({ position }) => position));
			cursor = page.next_cursor ?? undefined;
		} while (cursor !== undefined);
		return seen;
	};
	const all = await walk({ actor: actor.id });
	expect(all).toHaveLength(7);
	expect(all).toEqual(all.toSorted((a, b) => b - a));
	expect(await walk({ actor: "ben/ci" })).toEqual(all);
	expect(await walk({ service: "auth" })).toEqual(all);
	expect(await walk({ operation: "updateRole" })).toEqual(all);
	expect(await walk({ resource_type: "role" })).toEqual(all);
	expect(await walk({ outcome: "failed", service: "auth" })).toEqual(all);
	expect(await walk({ resource_id: "r-1" })).toHaveLength(3);
	const [from, to] = [recordAt(101).occurred_at, recordAt(102).occurred_at];
	expect(await walk({ service: "auth", from, to })).toHaveLength(4);
	expect(await walk({ actor: "' or true --" })).toEqual([]);
	await append(recordAt(110, { resource_name: "Core-1 100%_x", summary: "Forget the key of a device" }));
	for (const q of ["core-1", "CORE", "100%_X", "forget the", "key of a"]) {
		expect(await walk({ q, from: recordAt(110).occurred_at, to: recordAt(110).occurred_at }), q).toHaveLength(1);
	}
	expect(await walk({ q: "1%x" })).toEqual([]);
	expect(await walk({ q: "R-1", service: "auth" })).toHaveLength(3);
	await expect(audit().listAudit({ query: { cursor: "not-a-cursor" } })).rejects.toMatchObject({
		code: "request.invalid",
	});
	await expect(audit().listAudit({ query: { actor: "\0" } })).rejects.toMatchObject({ code: "request.invalid" });
});

test("each filter is answered from an index in the order of the list", async () => {
	const ordered = "order by occurred_at desc, position desc limit 50";
	for (const column of ["actor_id", "actor_name", "service", "operation", "outcome", "resource_type", "resource_id"]) {
		const plan = await db.transaction(async (tx) => {
			await tx.execute("set local enable_seqscan = off");
			const { rows } = await tx.execute(`explain select * from records where ${column} = 'x' ${ordered}`);
			return JSON.stringify(rows);
		});
		expect(plan, column).toContain(`records_by_${column}`);
		expect(plan, column).not.toContain("Sort");
	}
});

test("a search by part of a text is answered from an index", async () => {
	const plan = await db.transaction(async (tx) => {
		await tx.execute("set local enable_seqscan = off");
		await tx.execute("set local enable_indexscan = off");
		const { rows } = await tx.execute("explain select * from records where search_text like '%' || 'core' || '%'");
		return JSON.stringify(rows);
	});
	expect(plan).toContain("records_search_trgm");
});

test("an export holds the records of its filter, newest first, and no cell that a spreadsheet would run", async () => {
	const actor = {
		kind: "user",
		id: "01900000-0000-7000-8000-00000000000c",
		name: "=cmd|' /C calc'!A0",
		ip: "192.0.2.9",
	};
	const names = ["-2+3", 'quo"te, comma', "line\r\nend", "+49", "@sum", "plain"];
	for (const [n, resource_name] of names.entries()) await append(recordAt(120 + n, { actor, resource_name }));
	const text = await audit().exportAudit({ query: { actor: actor.id } });
	const [header, ...lines] = text.split(/\r\n(?=position|"\d+"|$)/);
	expect(header).toBe(
		"position,occurred_at,actor_kind,actor,actor_id,ip,service,operation,summary,outcome,error_code,resource_type,resource_id,resource_name,request_id,trace_id,hash",
	);
	expect(lines).toHaveLength(names.length + 1);
	expect(lines.at(-1)).toBe("");
	const cells = (line = "") =>
		[...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|)/g)].map(([, cell = ""]) => cell.replaceAll('""', '"'));
	expect(lines.slice(0, -1).map((line) => cells(line)[13])).toEqual(
		["'-2+3", 'quo"te, comma', "line\r\nend", "'+49", "'@sum", "plain"].toReversed(),
	);
	expect(cells(lines[0])[3]).toBe("'=cmd|' /C calc'!A0");
	expect(cells(lines[0])[1]).toBe(recordAt(125).occurred_at);
	const { items } = await audit().listAudit({ query: { actor: actor.id } });
	expect(lines.slice(0, -1).map((line) => cells(line).at(-1))).toEqual(items.map(({ hash }) => hash));
});

test("an export that does not hold all is refused rather than cut short", async () => {
	const whole = exportAudit({ db, most: 6 });
	const query = { actor: "01900000-0000-7000-8000-00000000000c" };
	const call = { query, signal: new AbortController().signal } as Parameters<typeof whole>[0];
	expect((await whole(call)).trimEnd().split('\r\n"').length).toBeGreaterThan(6);
	await append(recordAt(130, { actor: { kind: "user", id: query.actor, name: "one more" } }));
	await expect(whole(call)).rejects.toMatchObject({ code: "audit.export_too_large" });
});

test("the service's own role can neither change nor delete what was recorded", async () => {
	const { records, head } = await verify();
	for (const statement of [
		"update records set outcome = 'succeeded'",
		"update records set outcome = outcome where false",
		"delete from records where position = 1",
		"truncate records",
		"delete from chain_head",
		"truncate chain_head",
		"insert into chain_head values (2, 0, '')",
		"update chain_head set position = position - 1",
		"update chain_head set hash = repeat('0', 64)",
		"update chain_head set position = position + 1",
	]) {
		await expect(db.query(statement), statement).rejects.toMatchObject({
			sqlstate: expect.stringMatching(/^(42501|23000)$/),
		});
	}
	expect(await verify()).toMatchObject({ intact: true, records, head });
	// Not even the administrator does by mistake.
	await expect(superuser.query("delete from records")).rejects.toMatchObject({ sqlstate: "23000" });
});

/** Runs statements as an administrator who switched the triggers off, verifies, and puts everything back. */
async function tamper(statements: string[], expected_head?: string) {
	const tables = ["records", "chain_head"] as const;
	// All but the column that the database fills itself.
	const given = {
		records: `position, id, occurred_at, actor_id, actor_name, service, operation, outcome, resource_type, resource_id,
			content, hash, resource_name, summary`,
		chain_head: "id, position, hash",
	};
	const triggers = (word: string) =>
		tables.map((table) => superuser.query(`alter table ${table} ${word} trigger user`));
	for (const table of tables) await superuser.query(`create table ${table}_saved as table ${table}`);
	await Promise.all(triggers("disable"));
	try {
		for (const statement of statements) await superuser.query(statement);
		return await verify(expected_head);
	} finally {
		for (const table of tables) {
			await superuser.query(`delete from ${table}`);
			await superuser.query(`insert into ${table} (${given[table]}) select ${given[table]} from ${table}_saved`);
			await superuser.query(`drop table ${table}_saved`);
		}
		await superuser.query("alter table records enable always trigger records_append_only");
		await superuser.query("alter table chain_head enable always trigger chain_head_stays");
		await superuser.query("alter table chain_head enable always trigger chain_head_follows");
	}
}

test("changed, deleted, moved, inserted and cut-off rows are found with their place", async () => {
	const { records, head } = await verify();
	const last = records;
	const cases: [string, string[], number, RegExp][] = [
		["a column", ["update records set actor_name = 'eve' where position = 5"], 5, /column actor_name/],
		["content", ["update records set content = replace(content, 'ann', 'eve') where position = 6"], 6, /content/],
		[
			"content with its hash",
			[
				"update records set content = replace(content, 'ann', 'eve'), actor_name = 'eve' where position = 6",
				"update records set hash = encode(sha256(convert_to(content, 'UTF8')), 'hex') where position = 6",
			],
			7,
			/does not follow/,
		],
		[
			"garbage",
			["update records set content = '[]', hash = encode(sha256('[]'), 'hex') where position = 2"],
			2,
			/no audit record/,
		],
		["what is searched", ["update records set summary = 'nothing' where position = 5"], 5, /column summary/],
		["one row", ["delete from records where position = 9"], 9, /Record 9 is missing/],
		["many rows", ["delete from records where position between 3 and 8"], 3, /Records 3 to 8 are missing/],
		["the first row", ["delete from records where position = 1"], 1, /Record 1 is missing/],
		[
			"two rows",
			[
				"update records set position = -1 where position = 4",
				"update records set position = 4 where position = 5",
				"update records set position = 5 where position = -1",
			],
			4,
			/./,
		],
		["the end", [`delete from records where position > ${last - 3}`], last - 2, /cut off/],
		[
			"a row behind the end",
			[
				`insert into records select ${last + 1}, gen_random_uuid(), occurred_at, actor_id, actor_name, service, operation, outcome, resource_type, resource_id, content, hash, resource_name, summary from records where position = 1`,
			],
			last + 1,
			/behind the end/,
		],
	];
	for (const [what, statements, broken_at, reason] of cases) {
		const found = await tamper(statements);
		expect(found, what).toMatchObject({ intact: false, broken_at, reason: expect.stringMatching(reason) });
	}
	expect(await verify()).toMatchObject({ intact: true, head });
});

test("who cuts off the end and rewrites the head is caught by a head noted elsewhere", async () => {
	const { head, records } = await verify();
	const statements = [
		`delete from records where position > ${records - 2}`,
		`update chain_head set position = ${records - 2}, hash = (select hash from records where position = ${records - 2})`,
	];
	expect(await tamper(statements)).toMatchObject({ intact: true });
	expect(await tamper(statements, head)).toMatchObject({
		intact: false,
		broken_at: records - 1,
		reason: expect.stringMatching(/expected head/),
	});
	// A head noted before more was appended still stands.
	await append(recordAt(200));
	expect(await verify(head)).toMatchObject({ intact: true, records: records + 1 });
});

test("verification goes on while records are appended", async () => {
	const appending = (async () => {
		for (let n = 0; n < 60; n++) await append(recordAt(300 + n));
	})();
	for (let n = 0; n < 10; n++) expect(await verify()).toMatchObject({ intact: true });
	await appending;
});

test("verifying a long chain takes little memory and leaves the event loop free", async () => {
	await db.transaction(async (tx) => {
		const request = { text: "x".repeat(2_000) };
		const long = Array.from({ length: 3_000 }, () => recordAt(400, { request }));
		await appendRecords(tx, long, systemClock);
	});
	let longest = 0;
	let last = performance.now();
	const timer = setInterval(() => {
		longest = Math.max(longest, performance.now() - last);
		last = performance.now();
	}, 1);
	const verified = await verify();
	clearInterval(timer);
	expect(verified.intact).toBe(true);
	expect(longest).toBeLessThan(250);
});
