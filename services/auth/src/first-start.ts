import { randomInt } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@netconductor/runtime/clock";
import { configInvalid } from "@netconductor/runtime/config";
import type { Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import { sql } from "drizzle-orm";
import type { Passwords } from "./passwords/hashing.ts";
import type { PasswordRules } from "./passwords/password-rules.ts";
import { readSettings } from "./settings/settings-store.ts";
import { users } from "./tables.ts";
import { adminRole, localOnly } from "./users/user.ts";
import { insertUser } from "./users/user-store.ts";

const firstUser = "admin";

/** Where the generated password of the first user lies (mode 0600) until it is changed, for the terminal of whoever started the server. Never in a log. */
export function initialPasswordPath(data_dir: string): string {
	return join(data_dir, "initial-admin-password");
}

export interface InitialPasswordFile {
	write(password: string): Promise<void>;
	/** Deletes the file when it was this user's password that changed. */
	forget(username: string): Promise<void>;
}

export function createInitialPasswordFile(data_dir: string): InitialPasswordFile {
	const path = initialPasswordPath(data_dir);
	return {
		async write(password) {
			await mkdir(data_dir, { recursive: true, mode: 0o700 });
			// A mode is only given to a new file.
			await rm(path, { force: true });
			await writeFile(path, `${password}\n`, { mode: 0o600, flag: "wx" });
		},
		async forget(username) {
			if (username === firstUser) await rm(path, { force: true });
		},
	};
}

interface Needs {
	db: Database;
	passwords: Passwords;
	rules: PasswordRules;
	clock: Clock;
	initialPassword: InitialPasswordFile;
	/** Given by the operator; it need not be changed. */
	admin_password: string | undefined;
}

/**
 * Makes the user `admin` where there is no user at all. There is no default password.
 * @throws startup.config_invalid where the one that the operator gave is weak
 */
export async function ensureFirstUser(needs: Needs): Promise<void> {
	const { db, passwords, rules, clock, initialPassword, admin_password } = needs;
	const [any] = await db.orm.select({ id: users.id }).from(users).limit(1);
	if (any !== undefined) return;
	if (admin_password !== undefined) {
		const { password_min_length: min_length } = await readSettings(db.orm);
		await rules.check(admin_password, { username: firstUser, min_length }).catch((error: Error) => {
			throw configInvalid([{ path: "NETCONDUCTOR_ADMIN_PASSWORD", message: `cannot be used: ${error.message}` }]);
		});
	}
	const password = admin_password ?? generatePassword();
	const password_hash = await passwords.hash(password);
	const now = clock.now().toISOString();
	await db.transaction(async (tx) => {
		await tx.execute(sql`select pg_advisory_xact_lock(hashtext('auth.first_user'))`);
		const [made] = await tx.select({ id: users.id }).from(users).limit(1);
		if (made !== undefined) return;
		// Written before the commit, against the habit of no I/O inside: a crash in between must not leave a user whose password nobody knows.
		if (admin_password === undefined) await initialPassword.write(password);
		await insertUser(tx, {
			id: newId(),
			username: firstUser,
			display_name: "Administrator",
			email: null,
			role: adminRole,
			...localOnly,
			disabled: false,
			must_change_password: admin_password === undefined,
			password_hash,
			last_login_at: null,
			created_at: now,
			updated_at: now,
		});
	});
}

// Without letters and digits that look alike: it will be typed from a screen.
const letters = "abcdefghjkmnpqrstuvwxyz23456789";

/** 99 random bits in groups of five. */
function generatePassword(): string {
	const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
	return [group(), group(), group(), group()].join("-");
}
