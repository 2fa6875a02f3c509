import type { Connection, Endpoint } from "@netconductor/contracts/devices/connection";
import type { Database } from "@netconductor/runtime/db/database";
import type { Vault } from "@netconductor/runtime/vault";
import { sql } from "drizzle-orm";
import { findShared } from "../credentials/credential-store.ts";
import { openSecrets } from "../credentials/secrets.ts";
import { platformsOf } from "../device-types/platforms.ts";
import { unknownType } from "../devices/device-rules.ts";
import type { DevicesOperation } from "../operation.ts";
import { anyOf } from "../sql.ts";
import { credentials, hostKeys } from "../tables.ts";
import { type ResolvedEndpoint, resolveConnection } from "./connection.ts";
import { loadLayers } from "./connection-store.ts";

/** Hands a worker what it needs to open a session: settings, secrets, accepted host keys, the platform. */
export function revealConnection({ db, vault }: { db: Database; vault: Vault }): DevicesOperation<"revealConnection"> {
	return async ({ params: { id }, body: { request }, note }): Promise<Connection> => {
		// One snapshot, so that a device's address is never combined with the login it had before.
		const { resolved, platform, rows, keys } = await db.transaction(async (tx) => {
			await tx.execute(sql`set transaction isolation level repeatable read read only`);
			if (request?.credential_id !== undefined) await findShared(tx, request.credential_id);
			const { target, layersOf } = await loadLayers(tx, id);
			const resolved = resolveConnection(target, layersOf, request);
			const [platform] = await platformsOf(tx, [target.device_type]);
			if (platform === undefined) throw unknownType(target.device_type);
			const endpoints = [resolved, ...resolved.jump_hosts];
			const credential_ids = endpoints.map(({ credential_id }) => credential_id);
			const device_ids = endpoints.map(({ device_id }) => device_id);
			return {
				resolved,
				platform,
				rows: await tx
					.select()
					.from(credentials)
					.where(sql`${credentials.id} = ${anyOf(credential_ids, "uuid")}`),
				keys: await tx
					.select()
					.from(hostKeys)
					.where(sql`${hostKeys.device_id} = ${anyOf(device_ids, "uuid")}`),
			};
		});
		const opened = new Map(
			await Promise.all(
				rows.map(async (row) => [row.id, { username: row.username, ...(await openSecrets(vault, row)) }] as const),
			),
		);
		const endpoint = ({ credential_id, ...address }: ResolvedEndpoint): Endpoint & { enable_password?: string } => {
			const login = opened.get(credential_id);
			if (login === undefined) throw new TypeError(`credential ${credential_id} was not loaded`);
			const key = keys.find(({ device_id }) => device_id === address.device_id);
			return {
				...address,
				...login,
				host_key:
					key === undefined
						? null
						: {
								fingerprint: key.fingerprint,
								algorithm: key.algorithm,
								accepted_by: key.accepted_by,
								accepted_at: key.accepted_at,
							},
			};
		};
		const { timeouts, jump_hosts, ...target } = resolved;
		note({ resource_type: "device", resource_id: id, resource_name: target.name });
		return {
			...endpoint(target),
			platform,
			timeouts,
			keepalive_ms: 10_000,
			max_output_bytes: 64 * 1024 * 1024,
			jump_hosts: jump_hosts.map((jump) => {
				const { enable_password: _, ...login } = endpoint(jump);
				return login;
			}),
		};
	};
}
