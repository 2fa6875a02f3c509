import { LdapConfig, type LoginMethod, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import type { Orm } from "@netconductor/runtime/db/database";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import { loginMethods } from "../tables.ts";

type StoredMethod = typeof loginMethods.$inferSelect;

/** The column that key rotation seals anew. */
export const sealedMethodSecrets: SealedColumn = { table: "login_methods", column: "secret" };

/** A method as it is stored, its configuration with today's defaults. The secret stays sealed. */
export type MethodRow = Omit<StoredMethod, "kind" | "config"> &
	({ kind: "ldap"; config: LdapConfig } | { kind: "oidc"; config: OidcConfig });
export type MethodOf<K extends MethodRow["kind"]> = Extract<MethodRow, { kind: K }>;

function toRow(stored: StoredMethod): MethodRow {
	return stored.kind === "ldap"
		? { ...stored, kind: "ldap", config: LdapConfig.parse(stored.config) }
		: { ...stored, kind: "oidc", config: OidcConfig.parse(stored.config) };
}

/** In the order in which they are asked. */
export async function readMethods(orm: Orm, where?: SQL): Promise<MethodRow[]> {
	const rows = await orm
		.select()
		.from(loginMethods)
		.where(where)
		.orderBy(asc(loginMethods.position), asc(loginMethods.id));
	return rows.map(toRow);
}

/** Those that ask for a password and are enabled, in the order in which they are asked. */
export async function readDirectories(orm: Orm): Promise<MethodOf<"ldap">[]> {
	const rows = await readMethods(orm, and(eq(loginMethods.kind, "ldap"), eq(loginMethods.enabled, true)));
	return rows.filter((row) => row.kind === "ldap");
}

/** Identity providers that people may sign in at, in order. */
export async function readProviders(orm: Orm): Promise<MethodOf<"oidc">[]> {
	const rows = await readMethods(orm, and(eq(loginMethods.kind, "oidc"), eq(loginMethods.enabled, true)));
	return rows.filter((row) => row.kind === "oidc");
}

export async function readMethodByName(orm: Orm, name: string): Promise<MethodRow | undefined> {
	const [row] = await readMethods(orm, eq(loginMethods.name, name));
	return row;
}

/** @throws login_methods.not_found */
export async function readMethod(orm: Orm, id: string): Promise<MethodRow> {
	const [row] = await readMethods(orm, eq(loginMethods.id, id));
	return row ?? missing(id);
}

/** The method, locked until the transaction ends. @throws login_methods.not_found */
export async function lockMethod(orm: Orm, id: string): Promise<MethodRow> {
	const [row] = await orm.select().from(loginMethods).where(eq(loginMethods.id, id)).for("update");
	return row === undefined ? missing(id) : toRow(row);
}

/** The method, which cannot change nor go until the transaction ends. */
export async function lockMethodForUse(orm: Orm, id: string): Promise<MethodRow | undefined> {
	const [row] = await orm.select().from(loginMethods).where(eq(loginMethods.id, id)).for("share");
	return row === undefined ? undefined : toRow(row);
}

function missing(id: string): never {
	throw failed("login_methods.not_found", {
		message: `There is no way to sign in with the id ${id}.`,
		details: { id },
	});
}

/** @throws login_methods.name_taken */
export async function writeMethod(orm: Orm, row: MethodRow): Promise<void> {
	try {
		await orm.insert(loginMethods).values(row).onConflictDoUpdate({ target: loginMethods.id, set: row });
	} catch (error) {
		if (violatedUnique(error) !== "login_methods_name_key") throw error;
		throw failed("login_methods.name_taken", {
			message: `There is a way to sign in named ${row.name} already.`,
			details: { name: row.name },
		});
	}
}

/** Methods as the API shows them: without their secrets, with how many users they have. */
export async function describeMethods(orm: Orm, rows: readonly MethodRow[]): Promise<LoginMethod[]> {
	const { rows: counted } = await orm.execute<{ name: string; users: number }>(
		sql`select login_method as name, count(*)::int as users from users where login_method is not null group by 1`,
	);
	const users = new Map(counted.map((row) => [row.name, row.users]));
	return rows.map(({ secret, ...row }) => ({
		...row,
		has_secret: secret !== null,
		users: users.get(row.name) ?? 0,
	}));
}

const context = (id: string) => sealedContext("login_methods", "secret", id);

export function sealMethodSecret(vault: Vault, id: string, secret: string): Promise<string> {
	return vault.seal(secret, context(id));
}

/** The bind password or client secret; undefined when none is stored. */
export async function openMethodSecret(
	vault: Vault,
	row: Pick<MethodRow, "id" | "secret">,
): Promise<string | undefined> {
	return row.secret === null ? undefined : vault.openText(row.secret, context(row.id));
}
