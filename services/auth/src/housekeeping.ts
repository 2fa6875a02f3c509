import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import type { SigningKeys } from "./keys/signing-keys.ts";
import type { ConfirmNeeds } from "./methods/confirm.ts";
import { confirmTokenOwners } from "./methods/confirm-owners.ts";
import { unconfirmed_s } from "./second-factor/manage-factors.ts";
import type { LoginThrottle } from "./throttle/login-throttle.ts";

const every_ms = 60_000;
const batch = 5_000;
/** Ended sessions are kept this long: they tell where a user usually signs in from. */
const sessions_kept_ms = 30 * 86_400_000;

interface TidyingNeeds {
	db: Database;
	keys: SigningKeys;
	throttle: LoginThrottle;
	clock: Clock;
}

type Needs = TidyingNeeds & ConfirmNeeds;

interface Housekeeping {
	start(): void;
	stop(): Promise<void>;
}

/** Deletes what has expired and asks about the owners of API tokens, each minute. Several processes may do it at once. */
export function createHousekeeping(needs: Needs): Housekeeping {
	const { clock, log } = needs;
	const stopping = new AbortController();
	let running: Promise<void> | undefined;

	async function run(): Promise<void> {
		while (!stopping.signal.aborted) {
			try {
				await tidyUp(needs);
			} catch (err) {
				log.warn({ err }, "deleting expired sessions and tokens failed; it is tried again in a minute");
			}
			try {
				await confirmTokenOwners(needs, stopping.signal);
			} catch (err) {
				log.warn({ err }, "asking about the owners of API tokens failed; it is tried again in a minute");
			}
			await clock.sleep(every_ms, stopping.signal).catch(() => {});
		}
	}

	return {
		start() {
			running ??= run();
		},
		async stop() {
			stopping.abort();
			await running;
		},
	};
}

/** One round. */
export async function tidyUp({ db, keys, throttle, clock }: TidyingNeeds): Promise<void> {
	const now = clock.now();
	const long_ago = new Date(now.getTime() - sessions_kept_ms);
	await keys.followRotation();
	await deleteInBatches(db, "ws_tickets", "hash", "expires_at < $1", now);
	await deleteInBatches(db, "oidc_attempts", "hash", "expires_at < $1", now);
	await deleteInBatches(db, "logout_tokens", "hash", "expires_at < $1", now);
	await deleteInBatches(db, "sign_in_challenges", "hash", "expires_at < $1", now);
	await deleteInBatches(db, "passkey_attempts", "hash", "expires_at < $1", now);
	const begun_before = new Date(now.getTime() - unconfirmed_s * 1000);
	await deleteInBatches(db, "second_factors", "id", "confirmed_at is null and created_at < $1", begun_before);
	await deleteInBatches(db, "refresh_tokens", "hash", "expires_at < $1", now);
	await deleteInBatches(db, "service_account_insiders", "ctid", "until < $1", now);
	await deleteInBatches(db, "sessions", "id", "expires_at < $1", long_ago);
	await deleteInBatches(db, "sessions", "id", "ended_at < $1", long_ago);
	await throttle.prune();
	await keys.prune();
}

/** In batches, so that no statement holds many rows for long. */
async function deleteInBatches(db: Database, table: string, id: string, where: string, before: Date): Promise<void> {
	for (;;) {
		const gone = await db.query(
			`delete from ${table} where ${id} in (select ${id} from ${table} where ${where} limit ${batch}) returning 1`,
			[before.toISOString()],
		);
		if (gone.length < batch) return;
	}
}
