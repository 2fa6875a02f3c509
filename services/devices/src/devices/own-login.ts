import { failed } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import { eq } from "drizzle-orm";
import { type Secrets, sealSecrets } from "../credentials/secrets.ts";
import type { Statements } from "../operation.ts";
import { credentials } from "../tables.ts";

/** Login as it is given with a device. */
interface GivenLogin {
	username?: string | undefined;
	password?: string | undefined;
	enable_password?: string | undefined;
}

/** The same, ready to be written. */
export interface SealedLogin {
	username: string | undefined;
	sealed: Secrets;
}

/**
 * A device's own login, sealed; undefined when none is given. Its credential has the device's id: there is at most one, and what is
 * sealed for it needs no look into the database first. Call it before opening a transaction.
 */
export async function sealOwnLogin(
	vault: Vault,
	device_id: string,
	{ username, password, enable_password }: GivenLogin,
): Promise<SealedLogin | undefined> {
	if (username === undefined && password === undefined && enable_password === undefined) return undefined;
	return { username, sealed: await sealSecrets(vault, device_id, { password, enable_password }) };
}

/**
 * Writes a device's own login: a new one, or over the parts that are given of the one that is there.
 * @throws devices.incomplete_login when there is none yet and user name or password is missing
 */
export async function writeOwnLogin(
	tx: Statements,
	device: { id: string; name: string },
	{ username, sealed }: SealedLogin,
	at: string,
): Promise<void> {
	const changed = await tx
		.update(credentials)
		.set({ ...sealed, ...(username !== undefined && { username }), updated_at: at })
		.where(eq(credentials.id, device.id))
		.returning({ id: credentials.id });
	if (changed.length > 0) return;
	if (username === undefined || !sealed.password) {
		throw failed("devices.incomplete_login", {
			message: `${device.name} has no login of its own yet: give both username and password.`,
			details: { device_id: device.id, device_name: device.name },
			errors: [{ path: username === undefined ? "body.username" : "body.password", message: "missing" }],
		});
	}
	await tx.insert(credentials).values(ownCredentialRow(device, { username, sealed }, at));
}

export function ownCredentialRow(
	device: { id: string; name: string },
	{ username, sealed }: SealedLogin,
	at: string,
): typeof credentials.$inferInsert {
	return {
		...sealed,
		id: device.id,
		device_id: device.id,
		name: device.name,
		username: username ?? "",
		is_default: false,
		created_at: at,
		updated_at: at,
	};
}

export async function deleteOwnLogin(tx: Statements, device_id: string): Promise<void> {
	await tx.delete(credentials).where(eq(credentials.id, device_id));
}
