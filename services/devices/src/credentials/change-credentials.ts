import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { and, count, eq, isNull, sql } from "drizzle-orm";
import type { DevicesOperation } from "../operation.ts";
import { everybody } from "../scope.ts";
import { holds, refusing } from "../sql.ts";
import { credentials } from "../tables.ts";
import {
	clearDefault,
	credentialColumns,
	credentialInScope,
	findCredential,
	lockCredential,
} from "./credential-store.ts";
import { acceptPrivateKey } from "./private-key.ts";
import { openSecrets, sealSecrets } from "./secrets.ts";

interface Needs {
	db: Database;
	vault: Vault;
	clock: Clock;
}

export function listCredentials({ db }: Pick<Needs, "db">): DevicesOperation<"listCredentials"> {
	return async ({ query, actor }) => {
		const where = and(
			credentialInScope(actor),
			query.own ? undefined : isNull(credentials.device_id),
			query.q ? holds(sql`lower(${credentials.name} || ' ' || ${credentials.username})`, query.q) : undefined,
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				name: sql`lower(${credentials.name})`,
				username: credentials.username,
				created_at: credentials.created_at,
			},
			id: credentials.id,
			fallback: "name",
		});
		const [items, counted] = await Promise.all([
			db.orm
				.select(credentialColumns(actor))
				.from(credentials)
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.select({ total: count() }).from(credentials).where(where),
		]);
		return toPage(query, items, counted[0]?.total ?? 0);
	};
}

export function getCredential({ db }: Pick<Needs, "db">): DevicesOperation<"getCredential"> {
	return ({ params, actor }) => findCredential(db.orm, params.id, actor);
}

export function createCredential({ db, vault, clock }: Needs): DevicesOperation<"createCredential"> {
	return async ({ body, note }) => {
		const { private_key, ...given } = body;
		const id = newId();
		const at = clock.now().toISOString();
		const accepted = private_key === undefined ? undefined : acceptPrivateKey(private_key, body.passphrase);
		const sealed = await sealSecrets(vault, id, { ...given, private_key: accepted });
		const created = await refusing(
			"credentials_name_key",
			() => nameTaken(body.name),
			() =>
				db.transaction(async (tx) => {
					if (body.is_default) await clearDefault(tx);
					const { name, username, is_default } = body;
					await tx
						.insert(credentials)
						.values({ ...sealed, id, name, username, is_default, device_id: null, created_at: at, updated_at: at });
					return findCredential(tx, id, everybody);
				}),
		);
		note({ resource_type: "credential", resource_id: id, resource_name: created.name, after: created });
		return created;
	};
}

export function updateCredential({ db, vault, clock }: Needs): DevicesOperation<"updateCredential"> {
	return async ({ params: { id }, body, note }) => {
		const before = await findCredential(db.orm, id, everybody);
		if (before.device_id !== null && (body.is_default || body.name !== undefined)) {
			throw failed("credentials.own", {
				message:
					"The own login of one device has no name of its own and cannot be the default. Store it as a credential to share it.",
				details: { credential_id: id },
			});
		}
		// The key and its passphrase are checked together, so the half that is not given is taken from what is stored.
		const change = { ...body };
		if (
			body.private_key ||
			(body.passphrase !== undefined && body.private_key === undefined && before.has_private_key)
		) {
			const [row] = await db.orm.select().from(credentials).where(eq(credentials.id, id));
			const stored = row === undefined ? {} : await openSecrets(vault, row);
			const passphrase = body.passphrase === undefined ? stored.passphrase : (body.passphrase ?? undefined);
			const key = body.private_key ?? stored.private_key;
			if (key !== undefined) change.private_key = acceptPrivateKey(key, passphrase);
		}
		const sealed = await sealSecrets(vault, id, change);
		const after = await refusing(
			"credentials_name_key",
			() => nameTaken(body.name ?? before.name),
			() =>
				db.transaction(async (tx) => {
					const row = { ...(await lockCredential(tx, id)), ...sealed };
					if (row.password === null && row.private_key === null) {
						throw failed("credentials.incomplete", {
							message: `${before.name} would be left without password and private key. Give one of them, or delete the credential.`,
							details: { credential_id: id },
						});
					}
					if (body.is_default && !row.is_default) await clearDefault(tx);
					await tx
						.update(credentials)
						.set({
							...sealed,
							...(body.name !== undefined && { name: body.name }),
							...(body.username !== undefined && { username: body.username }),
							...(body.is_default !== undefined && { is_default: body.is_default }),
							updated_at: clock.now().toISOString(),
						})
						.where(eq(credentials.id, id));
					return findCredential(tx, id, everybody);
				}),
		);
		note({ resource_type: "credential", resource_id: id, resource_name: after.name, before, after });
		return after;
	};
}

export function deleteCredential({ db }: Pick<Needs, "db">): DevicesOperation<"deleteCredential"> {
	return async ({ params: { id }, note }) => {
		const before = await db.transaction(async (tx) => {
			await lockCredential(tx, id);
			const credential = await findCredential(tx, id, everybody);
			if (credential.used_by > 0) {
				throw failed("credentials.in_use", {
					message: `${credential.name} is used in ${credential.used_by} ${credential.used_by === 1 ? "place" : "places"} (devices, groups, overrides). Give those another credential first.`,
					details: { credential_id: id, used_by: credential.used_by },
				});
			}
			await tx.delete(credentials).where(eq(credentials.id, id));
			return credential;
		});
		note({ resource_type: "credential", resource_id: id, resource_name: before.name, before });
		return undefined;
	};
}

function nameTaken(name: string): Error {
	return failed("credentials.name_taken", {
		message: `There is a credential named ${name} already (upper and lower case count as the same). Choose another name.`,
		details: { credential_name: name },
		errors: [{ path: "body.name", message: "taken" }],
	});
}
