import type { ListSessions, Session } from "@netconductor/contracts/auth/model";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Orm } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { and, count, eq, gt, isNull } from "drizzle-orm";
import type { z } from "zod";
import { sessions, users } from "../tables.ts";

/** What is open to a user at `now` because they signed in, with the session marked that `asking` is signed in by. */
export async function listOpenSessions(
	orm: Orm,
	{ user_id, now, asking }: { user_id: string; now: Date; asking: Actor },
	query: z.output<typeof ListSessions>,
): Promise<Page<Session>> {
	const where = and(
		eq(sessions.user_id, user_id),
		isNull(sessions.ended_at),
		gt(sessions.expires_at, now.toISOString()),
	);
	const window = pageWindow(query, {
		columns: { created_at: sessions.created_at, refreshed_at: sessions.refreshed_at, expires_at: sessions.expires_at },
		id: sessions.id,
		fallback: "-refreshed_at",
	});
	const items = await orm
		.select({
			id: sessions.id,
			user_id: sessions.user_id,
			created_at: sessions.created_at,
			refreshed_at: sessions.refreshed_at,
			expires_at: sessions.expires_at,
			network: sessions.network,
			// A user signs in by one way, which does not change: it is their sessions' as well.
			login_method: users.login_method,
			user_agent: sessions.user_agent,
		})
		.from(sessions)
		.innerJoin(users, eq(users.id, sessions.user_id))
		.where(where)
		.orderBy(...window.order_by)
		.limit(window.limit)
		.offset(window.offset);
	const [total] = await orm.select({ n: count() }).from(sessions).where(where);
	const current = asking.kind === "user" ? asking.session_id : undefined;
	return toPage(
		query,
		items.map((item) => ({ ...item, current: item.id === current })),
		total?.n ?? 0,
	);
}
