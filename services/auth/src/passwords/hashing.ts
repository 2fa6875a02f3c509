import { availableParallelism } from "node:os";
import { failed } from "@netconductor/runtime/errors";
import { hash, verify } from "@node-rs/argon2";

// OWASP Password Storage Cheat Sheet (2024): Argon2id, 19 MiB, two passes, one lane. Argon2id is the library's default algorithm.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Passwords hashed at a time, and waiting: hashing runs on the few threads that files and names resolution need too. One core stays free of it,
 * so that those who are signed in do not wait for those who sign in.
 */
const limits = { running: availableParallelism() > 2 ? 2 : 1, waiting: 64 };

export interface Passwords {
	/** Argon2id hash in PHC form. */
	hash(password: string): Promise<string>;
	/**
	 * Whether the password fits. Without a hash (no such user) it takes as long and answers false.
	 * @throws auth.throttled — too many sign-ins at the same moment
	 */
	verify(password: string, stored: string | undefined): Promise<boolean>;
}

/** Hashing of passwords: off the event loop, bounded in memory (19 MiB for each one running). */
export async function createPasswords(): Promise<Passwords> {
	const inTurn = createTurns();
	const nobodys = await hash("", cost);
	return {
		hash: (password) => inTurn(() => hash(normalized(password), cost)),
		async verify(password, stored) {
			const fits = await inTurn(() => verify(stored ?? nobodys, normalized(password)));
			return fits && stored !== undefined;
		},
	};
}

/** The same characters typed on another keyboard or system are the same password (NIST SP 800-63B, 3.1.1.2). */
function normalized(password: string): string {
	return password.normalize("NFKC");
}

function createTurns() {
	let running = 0;
	const waiting: (() => void)[] = [];
	return async <T>(work: () => Promise<T>): Promise<T> => {
		if (running >= limits.running) {
			if (waiting.length >= limits.waiting) {
				throw failed("auth.throttled", {
					message: "Too many people are signing in at this moment. Try again in a few seconds.",
				});
			}
			await new Promise<void>((resume) => waiting.push(resume));
		} else {
			running++;
		}
		try {
			return await work();
		} finally {
			// The place goes straight to the next in line, so `running` stays as it is.
			const next = waiting.shift();
			if (next) next();
			else running--;
		}
	};
}
