import { randomBytes } from "node:crypto";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import { asc } from "drizzle-orm";
import { hashKeys } from "../tables.ts";

/** The key of this installation's text hashes, made at first use. It never changes: hashes are compared over years. */
export function createHashKey({
	db,
	vault,
	clock,
}: {
	db: Database;
	vault: Vault;
	clock: Clock;
}): () => Promise<Buffer> {
	const oldest = () => db.orm.select().from(hashKeys).orderBy(asc(hashKeys.id)).limit(1);

	async function load(): Promise<Buffer> {
		let [row] = await oldest();
		if (row === undefined) {
			const id = newId();
			const sealed = await vault.seal(randomBytes(32), sealedContext("hash_keys", "sealed", id));
			await db.transaction(async (tx) => {
				// Two processes at their first start must agree on one.
				await tx.execute("lock table hash_keys in exclusive mode");
				const [other] = await tx.select().from(hashKeys).limit(1);
				if (other === undefined)
					await tx.insert(hashKeys).values({ id, sealed, created_at: clock.now().toISOString() });
			});
			[row] = await oldest();
		}
		if (row === undefined) throw new TypeError("the hash key was not stored");
		return vault.open(row.sealed, sealedContext("hash_keys", "sealed", row.id));
	}

	let loading: Promise<Buffer> | undefined;
	return () => {
		loading ??= load().catch((error: unknown) => {
			loading = undefined;
			throw error;
		});
		return loading;
	};
}
