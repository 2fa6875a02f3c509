import type { Credential } from "@netconductor/contracts/devices/model";
import { failed } from "@netconductor/runtime/errors";
import { eq, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { credentials } from "../tables.ts";

// Written out: inside a subquery drizzle would name the outer column without its table.
const usesIn = {
	devices: sql`(select count(*) from devices where devices.credential_id = credentials.id)`,
	groups: sql`(select count(*) from device_groups where device_groups.credential_id = credentials.id)`,
	overrides: sql`(select count(*) from device_overrides where device_overrides.credential_id = credentials.id)`,
};

/** What a credential is read as: everything but its secrets. */
export const credentialColumns = {
	id: credentials.id,
	name: credentials.name,
	username: credentials.username,
	has_password: sql<boolean>`${credentials.password} is not null`,
	has_private_key: sql<boolean>`${credentials.private_key} is not null`,
	has_passphrase: sql<boolean>`${credentials.passphrase} is not null`,
	has_enable_password: sql<boolean>`${credentials.enable_password} is not null`,
	is_default: credentials.is_default,
	device_id: credentials.device_id,
	used_by: sql<number>`(${usesIn.devices} + ${usesIn.groups} + ${usesIn.overrides})::int`,
	devices: sql<number>`${usesIn.devices}::int`,
	groups: sql<number>`${usesIn.groups}::int`,
	overrides: sql<number>`${usesIn.overrides}::int`,
	created_at: credentials.created_at,
	updated_at: credentials.updated_at,
};

/** @throws credentials.not_found */
export async function findCredential(on: Statements, id: string): Promise<Credential> {
	const [credential] = await on.select(credentialColumns).from(credentials).where(eq(credentials.id, id));
	if (credential === undefined) throw noCredential(id);
	return credential;
}

/**
 * Keeps a credential as it is until the transaction ends, and answers its row, secrets sealed.
 * @throws credentials.not_found
 */
export async function lockCredential(tx: Statements, id: string): Promise<typeof credentials.$inferSelect> {
	const [row] = await tx.select().from(credentials).where(eq(credentials.id, id)).for("update");
	if (row === undefined) throw noCredential(id);
	return row;
}

/**
 * Makes sure that a credential exists and is not one device's own, and that it stays until the transaction ends.
 * @throws credentials.not_found, credentials.own
 */
export async function requireShared(tx: Statements, id: string): Promise<void> {
	await tx.select({ id: credentials.id }).from(credentials).where(eq(credentials.id, id)).for("key share");
	await findShared(tx, id);
}

/** @throws credentials.not_found, credentials.own — it exists, and belongs to one device alone */
export async function findShared(on: Statements, id: string): Promise<void> {
	const [found] = await on
		.select({ name: credentials.name, device_id: credentials.device_id })
		.from(credentials)
		.where(eq(credentials.id, id));
	if (found === undefined) throw noCredential(id);
	if (found.device_id !== null) {
		throw failed("credentials.own", {
			message: `The credential ${found.name} is the own login of one device and cannot be used elsewhere. Store it as a credential to share it.`,
			details: { credential_id: id },
			errors: [{ path: "body.credential_id", message: "belongs to one device" }],
		});
	}
}

/** Makes room for a new default credential: one at a time, so that two requests cannot both become it. */
export async function clearDefault(tx: Statements): Promise<void> {
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('devices.default_credential', 0))`);
	await tx.update(credentials).set({ is_default: false }).where(eq(credentials.is_default, true));
}

/** Ids of shared credentials by the names as they are asked; those that do not exist are left out. */
export async function sharedByName(on: Statements, names: readonly string[]): Promise<Map<string, string>> {
	const { rows } = await on.execute<{ asked: string; id: string }>(
		sql`select distinct asked, id from unnest(${sql.param(names)}::text[]) as asked
			join credentials on lower(name) = lower(asked) where device_id is null`,
	);
	return new Map(rows.map(({ asked, id }) => [asked, id]));
}

function noCredential(id: string): Error {
	return failed("credentials.not_found", {
		message: `There is no credential with the id ${id}.`,
		details: { credential_id: id },
	});
}
