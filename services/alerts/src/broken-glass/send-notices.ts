import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { startWorkLoop, type WorkLoop } from "@netconductor/runtime/bus/work-loop";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import { type ChatKind, chats } from "@netconductor/runtime/http/chat-messages";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import type { Log } from "@netconductor/runtime/log";
import { eq } from "drizzle-orm";
import { glassNotices } from "../tables.ts";

interface NoticeNeeds {
	db: Database;
	outbound: Outbound;
	clock: Clock;
	log: Log;
	/** Where they are told; undefined: nowhere. */
	chat: { url: string; kind: ChatKind } | undefined;
}

type NoticeRow = typeof glassNotices.$inferSelect;

const rest_ms = 30_000;
const answer_ms = 10_000;
/** Who sends one has it for so long at least; each further wait is twice as long. */
const firstRetry_ms = 15_000;
const longestRetry_ms = 3_600_000;
/** Nobody is helped by hearing of it later. */
const giveUpAfter_ms = 86_400_000;

/**
 * Tells the chat of each broken glass, at least once. What is to be told lies in the table: a crash or a chat that is away delays it. Without a chat
 * the rows are let go.
 */
export function sendNotices(needs: NoticeNeeds): WorkLoop {
	const { db, clock, log } = needs;

	async function step(): Promise<boolean | number> {
		const notice = await claim(needs);
		if (notice === undefined) return timeToNext(needs);
		try {
			await send(needs, notice);
			await db.orm.update(glassNotices).set({ next_try_at: null }).where(eq(glassNotices.id, notice.id));
		} catch (error) {
			if (!isAppError(error)) throw error;
			const over = clock.now().getTime() - Date.parse(notice.at) > giveUpAfter_ms;
			if (over) await db.orm.update(glassNotices).set({ next_try_at: null }).where(eq(glassNotices.id, notice.id));
			const { run_id, by } = notice;
			log.error(
				{ run_id, by, code: error.code, attempts: notice.attempts },
				over ? "nobody could be told that the glass was broken" : "the chat was not told that the glass was broken yet",
			);
		}
		return true;
	}

	return startWorkLoop({
		step,
		rest_ms,
		clock,
		onError: (err, failures) => {
			if (failures > 3) log.error({ err }, "that the glass was broken could not be told; trying again");
		},
	});
}

async function claim({ db, clock }: NoticeNeeds): Promise<NoticeRow | undefined> {
	const now = clock.now();
	const [row] = await db.query<NoticeRow & Record<string, unknown>>(
		`update glass_notices set attempts = attempts + 1,
			next_try_at = $1::timestamptz + least($2, $3 * 2 ^ least(attempts, 20)) * interval '1 millisecond'
		where id = (select id from glass_notices where next_try_at <= $1 order by next_try_at limit 1 for update skip locked)
		returning *`,
		[now.toISOString(), longestRetry_ms, firstRetry_ms],
	);
	return row === undefined ? undefined : { ...row, at: new Date(row.at).toISOString() };
}

async function timeToNext({ db, clock }: NoticeNeeds): Promise<boolean | number> {
	const [row] = await db.query<{ at: string | null }>("select min(next_try_at)::text as at from glass_notices");
	return row?.at == null ? false : Math.max(1, new Date(row.at).getTime() - clock.now().getTime());
}

/** @throws outbound.* — it was not taken */
async function send({ chat, outbound }: NoticeNeeds, notice: NoticeRow): Promise<void> {
	if (chat === undefined) return;
	const { run_id, title, by, reason, passed_over, at } = notice;
	const { url, payload } = chats[chat.kind](chat.url, {
		title: visibleLine(`${by} broke the glass: ${title}`),
		message: visibleText(`${passed_over}.\nReason: ${reason}\nRun: ${run_id}\nAt: ${at}`),
		level: "error",
		run: { id: run_id, title },
	});
	const answer = await outbound.request({
		method: "POST",
		url,
		headers: { "content-type": "application/json" },
		body: JSON.stringify(payload),
		timeout_ms: answer_ms,
	});
	if (answer.status < 200 || answer.status > 299) {
		throw failed("outbound.unexpected_answer", { message: `The chat answered ${answer.status}` });
	}
}
