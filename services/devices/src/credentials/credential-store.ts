import type { Credential } from "@netconductor/contracts/devices/model";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Statements } from "../operation.ts";
import { groupInScope, inScope, type Scoped } from "../scope.ts";
import { credentials } from "../tables.ts";

// Written out: inside a subquery drizzle would name the outer column without its table.
function usersOf(actor: Scoped) {
	const covered = (id: SQL) => inScope(actor, id) ?? sql`true`;
	const known = groupInScope(actor, sql`device_groups.id`) ?? sql`true`;
	return {
		devices: sql`from devices where devices.credential_id = credentials.id and ${covered(sql`devices.id`)}`,
		groups: sql`from device_groups where device_groups.credential_id = credentials.id and ${known}`,
		overrides: sql`from device_overrides where device_overrides.credential_id = credentials.id and ${covered(sql`device_overrides.device_id`)}`,
	};
}

/**
 * Condition on a credential: something that exists for this actor is reached with it already. Whoever could name any other would have it sent to
 * a host of their own.
 */
export function credentialInScope(actor: Scoped): SQL | undefined {
	if (actor.device_groups === undefined) return undefined;
	const { devices, groups, overrides } = usersOf(actor);
	return sql`(exists (select ${devices}) or exists (select ${groups}) or exists (select ${overrides}))`;
}

/** What a credential is read as: everything but its secrets, with the uses of it that exist for whoever reads. */
export function credentialColumns(actor: Scoped) {
	const { devices, groups, overrides } = usersOf(actor);
	const counted = (users: SQL) => sql<number>`(select count(*) ${users})::int`;
	return {
		id: credentials.id,
		name: credentials.name,
		username: credentials.username,
		has_password: sql<boolean>`${credentials.password} is not null`,
		has_private_key: sql<boolean>`${credentials.private_key} is not null`,
		has_passphrase: sql<boolean>`${credentials.passphrase} is not null`,
		has_enable_password: sql<boolean>`${credentials.enable_password} is not null`,
		is_default: credentials.is_default,
		device_id: credentials.device_id,
		used_by: sql<number>`(${counted(devices)} + ${counted(groups)} + ${counted(overrides)})`,
		devices: counted(devices),
		groups: counted(groups),
		overrides: counted(overrides),
		created_at: credentials.created_at,
		updated_at: credentials.updated_at,
	};
}

/** @throws credentials.not_found */
export async function findCredential(on: Statements, id: string, actor: Scoped): Promise<Credential> {
	const [credential] = await on
		.select(credentialColumns(actor))
		.from(credentials)
		.where(and(eq(credentials.id, id), credentialInScope(actor)));
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
export async function requireShared(tx: Statements, id: string, actor: Scoped): Promise<void> {
	await tx.select({ id: credentials.id }).from(credentials).where(eq(credentials.id, id)).for("key share");
	await findShared(tx, id, actor);
}

/** @throws credentials.not_found, credentials.own — it exists, and belongs to one device alone */
export async function findShared(on: Statements, id: string, actor: Scoped): Promise<void> {
	const [found] = await on
		.select({ name: credentials.name, device_id: credentials.device_id })
		.from(credentials)
		.where(and(eq(credentials.id, id), credentialInScope(actor)));
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

/** Ids of shared credentials by the names as they are asked; those that do not exist for the actor are left out. */
export async function sharedByName(
	on: Statements,
	names: readonly string[],
	actor: Scoped,
): Promise<Map<string, string>> {
	const { rows } = await on.execute<{ asked: string; id: string }>(
		sql`select distinct asked, id from unnest(${sql.param(names)}::text[]) as asked
			join credentials on lower(name) = lower(asked) where credentials.device_id is null and ${credentialInScope(actor) ?? sql`true`}`,
	);
	return new Map(rows.map(({ asked, id }) => [asked, id]));
}

function noCredential(id: string): Error {
	return failed("credentials.not_found", {
		message: `There is no credential with the id ${id}.`,
		details: { credential_id: id },
	});
}
