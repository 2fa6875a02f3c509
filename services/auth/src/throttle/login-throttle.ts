import { createHmac } from "node:crypto";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { eq, inArray, lt, sql } from "drizzle-orm";
import { loginAttempts } from "../tables.ts";

/** Attempts that cost nothing, after which each waits twice as long as the one before, up to a minute. */
const rules = {
	/** All attempts on one account from where its owner never signed in. */
	account: { free: 10, longest_ms: 60_000 },
	/** Attempts on one account from a network where its owner signed in before: no stranger can use these up. */
	familiar: { free: 10, longest_ms: 60_000 },
	/** Attempts of somebody who is signed in to show that it is they: of the session that a thief has, not of the owner's other ones. */
	session: { free: 10, longest_ms: 60_000 },
	/** Attempts from one network, on whatever account. Many people may share it. */
	network: { free: 30, longest_ms: 60_000 },
};
type Kind = keyof typeof rules;

/** After this long without an attempt all is forgotten. */
const forgotten_after_ms = 15 * 60_000;
/** Rows that stay when it is tidied up, whatever is tried: those with the most attempts, which are the ones that slow somebody down. */
const most_rows = 1 << 18;

/** Where an attempt comes from and what it is on. */
type Attempt = { network: string } & (
	| {
			username: string;
			/** The account's owner signed in from this network before. */
			familiar: boolean;
	  }
	| { session_id: string }
);

export interface LoginThrottle {
	/**
	 * Counts an attempt before it is made, so that many at the same moment cannot slip past together.
	 * @throws auth.throttled with `retry_after_seconds`, without having counted
	 */
	begin(attempt: Attempt): Promise<void>;
	/** The attempt was half a success, and a code is needed as well: the network gets it back, the account nothing. */
	recognised(attempt: Attempt): Promise<void>;
	/** The attempt was a success: the account starts afresh, the network gets this one back. */
	succeeded(attempt: Attempt): Promise<void>;
	/** Deletes what is forgotten anyway, and what few attempts were made on where the table has grown too large. */
	prune(): Promise<void>;
}

/**
 * Slows guessing down without ever locking an account: an attacker costs its owner at most a minute, and nothing where they signed in before.
 * @param key this installation's own: nobody can work out which name or network shares a count with another
 */
export function createLoginThrottle({
	db,
	clock,
	key: hmac_key,
	rows = most_rows,
}: {
	db: Database;
	clock: Clock;
	key: Buffer;
	rows?: number;
}): LoginThrottle {
	/** Whole 128 bits: no two names or networks share a count. */
	const hashed = (kind: Kind, value: string) =>
		`${kind}:${createHmac("sha256", hmac_key).update(`${kind}\0${value}`).digest().subarray(0, 16).toString("base64url")}`;

	function keysOf(attempt: Attempt): [Kind, string][] {
		const kept = (kind: Kind, value: string): [Kind, string] => [kind, hashed(kind, value)];
		return [kept("network", attempt.network), kept(...subjectOf(attempt))];
	}

	/**
	 * Counts one more unless blocked; answers until when it is blocked if it was. One statement, so atomic. Longer than the longest is only a
	 * block from before the clock was set back: it counts no more.
	 */
	async function count(kind: Kind, key: string): Promise<Date | undefined> {
		const now = clock.now();
		const { free, longest_ms } = rules[kind];
		const stale = new Date(now.getTime() - forgotten_after_ms).toISOString();
		const [counted] = await db.query<{ attempts: number }>(
			`insert into login_attempts as known (key, attempts, last_at, blocked_until) values ($1, 1, $2, $2)
			 on conflict (key) do update set
				attempts = case when known.last_at < $3 then 1 else known.attempts + 1 end,
				last_at = $2,
				blocked_until = $2::timestamptz + case
					when known.last_at < $3 or known.attempts + 1 < $4 then interval '0'
					else least(1000 * power(2, least(known.attempts + 1 - $4, 20)), $5) * interval '1 millisecond' end
			 where known.blocked_until <= $2 or known.blocked_until > $2::timestamptz + $5 * interval '1 millisecond'
			 returning attempts`,
			[key, now.toISOString(), stale, free, longest_ms],
		);
		if (counted !== undefined) return undefined;
		const [blocked] = await db.orm
			.select({ until: loginAttempts.blocked_until })
			.from(loginAttempts)
			.where(eq(loginAttempts.key, key));
		return blocked === undefined ? undefined : new Date(blocked.until);
	}

	/** Not forgotten altogether: whoever owns one account could go on guessing at others' for ever. */
	async function giveBack(attempt: Attempt): Promise<void> {
		const network = keysOf(attempt).filter(([kind]) => kind === "network");
		const keys = network.map(([, key]) => key);
		await db.orm
			.update(loginAttempts)
			.set({ attempts: sql`greatest(0, ${loginAttempts.attempts} - 1)` })
			.where(inArray(loginAttempts.key, keys));
	}

	return {
		async begin(attempt) {
			for (const [kind, key] of keysOf(attempt)) {
				const until = await count(kind, key);
				if (until === undefined) continue;
				const seconds = Math.max(1, Math.ceil((until.getTime() - clock.now().getTime()) / 1000));
				throw failed("auth.throttled", {
					message: `Too many attempts to sign in. Try again in ${seconds} s.`,
					details: { retry_after_seconds: seconds },
				});
			}
		},
		recognised: giveBack,
		async succeeded(attempt) {
			const account = keysOf(attempt).filter(([kind]) => kind !== "network");
			const keys = account.map(([, key]) => key);
			await db.orm.delete(loginAttempts).where(inArray(loginAttempts.key, keys));
			await giveBack(attempt);
		},
		async prune() {
			const stale = new Date(clock.now().getTime() - forgotten_after_ms).toISOString();
			await db.orm.delete(loginAttempts).where(lt(loginAttempts.last_at, stale));
			await db.query(
				`delete from login_attempts where key in (
					select key from login_attempts order by attempts desc, last_at desc offset $1)`,
				[rows],
			);
		},
	};
}

/** What the attempt is on, beside the network that it comes from. */
function subjectOf(attempt: Attempt): [Kind, string] {
	if ("session_id" in attempt) return ["session", attempt.session_id];
	const { username, network, familiar } = attempt;
	return familiar ? ["familiar", `${username}\0${network}`] : ["account", username];
}
