import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { migrate } from "@netconductor/runtime/db/migrate";
import { newId } from "@netconductor/runtime/id";
import { type TestDatabase, testDatabase } from "@netconductor/runtime/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChainHead, genesisHash, type Link, linkAfter } from "../src/chain/chain.ts";
import { verifyAudit } from "../src/chain/verify-chain.ts";

const migrations = new URL("../migrations/", import.meta.url);
let database: TestDatabase;
let dir: string;
beforeAll(async () => {
	database = await testDatabase("audit_migrations");
	dir = await mkdtemp(join(tmpdir(), "netconductor-audit-"));
});
afterAll(async () => {
	await database.stop();
	await rm(dir, { recursive: true, force: true });
});

/** The migrations up to and with this one, as an earlier release had them. */
async function upTo(last: number): Promise<URL> {
	await cp(migrations, dir, { recursive: true });
	const journal = join(dir, "meta/_journal.json");
	const { entries, ...rest } = JSON.parse(await readFile(journal, "utf8")) as { entries: unknown[] };
	await writeFile(journal, JSON.stringify({ ...rest, entries: entries.slice(0, last + 1) }));
	return pathToFileURL(`${dir}/`);
}

test("records from before the search are found by it, verify as before, and stay protected", async () => {
	const db = await database.service("audit");
	await migrate(db, await upTo(1));
	let head: ChainHead = { position: 0, hash: genesisHash };
	for (const resource_name of ["core-1", undefined, "oak\ud800", "nul\0", "back\\slash", "ü\"'"]) {
		const link: Link = linkAfter(
			head,
			{
				occurred_at: "2026-01-01T00:00:00.000Z",
				service: "devices",
				operation: "deleteDevice",
				summary: "Delete a device",
				actor: { kind: "user", id: "1", name: "Ann" },
				outcome: "succeeded",
				resource_name,
				request: { params: { id: "\0\ud800\\" } },
			},
			{ id: newId(), recorded_at: "2026-01-01T00:00:00.000Z" },
		);
		await db.query(
			`insert into records (position, id, occurred_at, actor_id, actor_name, service, operation, outcome, resource_type, resource_id, content, hash)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			[
				link.position,
				link.id,
				link.occurred_at,
				link.actor_id,
				link.actor_name,
				link.service,
				link.operation,
				link.outcome,
				link.resource_type,
				link.resource_id,
				link.content,
				link.hash,
			],
		);
		await db.query("update chain_head set position = $1, hash = $2", [link.position, link.hash]);
		head = link;
	}

	await migrate(db, migrations);

	const call = { query: {}, signal: new AbortController().signal } as Parameters<ReturnType<typeof verifyAudit>>[0];
	expect(await verifyAudit({ db })(call)).toMatchObject({ intact: true, records: 6 });
	expect(await db.query("select search_text from records where position = 1")).toEqual([
		{ search_text: "delete a device ann core-1 " },
	]);
	await expect(db.query("update records set summary = ''")).rejects.toMatchObject({ sqlstate: "42501" });
});
