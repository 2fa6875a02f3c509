import { Id } from "@netconductor/contracts/kernel/ids";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { and, eq, gt, sql } from "drizzle-orm";
import type { Operation } from "../operation.ts";
import { serviceAccountInsiders as insiders, serviceAccounts } from "../tables.ts";

/** What was begun with a secret may still be waiting for an approval so long after the secret has ended. */
const remembered_ms = 30 * 86_400_000;

/** Remembers that a user saw a secret which works until `expires_at`. That it is revoked before makes nobody forget what they did with it. */
export async function rememberInsider(
	tx: Tx,
	{ service_account_id, user_id, expires_at }: { service_account_id: string; user_id: string; expires_at: string },
): Promise<void> {
	const until = new Date(new Date(expires_at).getTime() + remembered_ms).toISOString();
	await tx
		.insert(insiders)
		.values({ service_account_id, user_id, until })
		.onConflictDoUpdate({
			target: [insiders.service_account_id, insiders.user_id],
			set: { until: sql`greatest(${insiders.until}, excluded.until)` },
		});
}

/** Ids that are none are nobody's, and do not fail. */
export function describeServiceAccount({
	db,
	clock,
}: {
	db: Database;
	clock: Clock;
}): Operation<"describeServiceAccount"> {
	return async ({ body }) => {
		const id = body.service_account_id;
		if (!Id.safeParse(id).success) return { user_ids: [] };
		const [account] = await db.orm
			.select({ owner_id: serviceAccounts.owner_id })
			.from(serviceAccounts)
			.where(eq(serviceAccounts.id, id));
		const saw = await db.orm
			.select({ user_id: insiders.user_id })
			.from(insiders)
			.where(and(eq(insiders.service_account_id, id), gt(insiders.until, clock.now().toISOString())));
		const owners = account?.owner_id ? [account.owner_id] : [];
		return { user_ids: [...new Set([...owners, ...saw.map(({ user_id }) => user_id)])] };
	};
}
