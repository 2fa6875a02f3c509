import type { Connection, Endpoint } from "@netconductor/contracts/devices/connection";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { createBatch } from "@netconductor/runtime/batch";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, isAppError } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import { sql } from "drizzle-orm";
import { findShared } from "../credentials/credential-store.ts";
import { openSecrets } from "../credentials/secrets.ts";
import { platformsOf } from "../device-types/platforms.ts";
import { unknownType } from "../devices/device-rules.ts";
import { noDevice } from "../devices/device-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { everybody } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { credentials, hostKeys } from "../tables.ts";
import { type ResolvedConnection, type ResolvedEndpoint, resolveConnection } from "./connection.ts";
import { type LoadedDevice, loadLayers } from "./connection-store.ts";

type Request = Parameters<DevicesOperation<"revealConnection">>[0]["body"]["request"];

interface Asked {
	device_id: string;
	request: Request;
	/** Of the worker that asks. */
	worker_pool: string | undefined;
}

/**
 * Hands a worker of the device's pool what it needs to open a session: settings, secrets, accepted host keys, the platform. Workers ask for many devices at the
 * same moment; those are read together.
 */
export function revealConnection({ db, vault }: { db: Database; vault: Vault }): DevicesOperation<"revealConnection"> {
	const reveal = createBatch<Asked, Connection>({
		perform: (asked) => revealAll(asked, { db, vault }),
		interval_ms: 20,
		concurrency: 2,
	});
	return async ({ params: { id }, body: { request }, worker_pool, note }) => {
		const connection = await reveal({ device_id: id, request, worker_pool });
		note({ resource_type: "device", resource_id: id, resource_name: connection.name });
		return connection;
	};
}

/** The connection of each, or why it has none. */
async function revealAll(
	asked: readonly Asked[],
	{ db, vault }: { db: Database; vault: Vault },
): Promise<(Connection | Error)[]> {
	// One snapshot, so that a device's address is never combined with the login it had before.
	const { resolved, platforms, rows, keys } = await db.orm.transaction(
		async (tx) => {
			const layersOf = await loadLayers(
				tx,
				asked.map(({ device_id }) => device_id),
			);
			const resolved: (Resolved | Error)[] = [];
			for (const one of asked) resolved.push(await resolve(tx, one, layersOf));
			const found = resolved.filter((one): one is Resolved => !(one instanceof Error));
			const endpoints = found.flatMap(({ connection }) => [connection, ...connection.jump_hosts]);
			const credential_ids = unique(endpoints.map(({ credential_id }) => credential_id));
			const device_ids = unique(endpoints.map(({ device_id }) => device_id));
			return {
				resolved,
				platforms: await platformsOf(tx, unique(found.map(({ device_type }) => device_type))),
				rows: await tx
					.select()
					.from(credentials)
					.where(sql`${credentials.id} = ${anyOf(credential_ids, "uuid")}`),
				keys: await tx
					.select()
					.from(hostKeys)
					.where(sql`${hostKeys.device_id} = ${anyOf(device_ids, "uuid")}`),
			};
		},
		{ isolationLevel: "repeatable read", accessMode: "read only" },
	);
	const logins = new Map<string, Login>();
	for (const row of rows) logins.set(row.id, { username: row.username, ...(await openSecrets(vault, row)) });
	const keyOf = new Map(keys.map((key) => [key.device_id, key]));
	const platformOf = new Map(platforms.map((platform) => [platform.id, platform]));
	return resolved.map((one) => {
		if (one instanceof Error) return one;
		const platform = platformOf.get(one.device_type);
		return platform === undefined
			? unknownType(one.device_type)
			: toConnection(one.connection, platform, logins, keyOf);
	});
}

interface Resolved {
	device_type: string;
	connection: ResolvedConnection;
}

async function resolve(
	on: Statements,
	{ device_id, request, worker_pool }: Asked,
	layersOf: (device_id: string) => LoadedDevice | undefined,
): Promise<Resolved | Error> {
	try {
		if (request?.credential_id !== undefined) await findShared(on, request.credential_id, everybody);
		const target = layersOf(device_id);
		if (target === undefined) throw noDevice(device_id);
		if (worker_pool !== undefined && worker_pool !== target.worker_pool.name) throw otherPool(target, worker_pool);
		return { device_type: target.device_type, connection: resolveConnection(target, layersOf, request) };
	} catch (error) {
		// What is wrong with one device is no matter of the others; what is wrong with the database is.
		if (!isAppError(error) || error.code === "service.unavailable") throw error;
		return error;
	}
}

/** It names the right pool: the worker leaves the operation to that one. */
function otherPool({ device, worker_pool: { name, from, group } }: LoadedDevice, asking: string): Error {
	const said =
		from === "device" ? "" : from === "group" ? ` (as its group ${group} says)` : " (as nothing says otherwise)";
	return failed("devices.other_pool", {
		message: `${device.name} is reached by workers of the pool ${name}${said}; a worker of the pool ${asking} asked. Nothing was sent.`,
		details: { device_id: device.id, device_name: device.name, worker_pool: name },
	});
}

type Login = Pick<Endpoint, "username" | "password" | "private_key" | "passphrase"> & { enable_password?: string };
type HostKey = typeof hostKeys.$inferSelect;

function toConnection(
	{ timeouts, jump_hosts, ...target }: ResolvedConnection,
	platform: PlatformDefinition,
	logins: ReadonlyMap<string, Login>,
	keyOf: ReadonlyMap<string, HostKey>,
): Connection {
	const endpoint = ({ credential_id, ...address }: ResolvedEndpoint): Endpoint & { enable_password?: string } => {
		const login = logins.get(credential_id);
		if (login === undefined) throw new TypeError(`credential ${credential_id} was not loaded`);
		return { ...address, ...login, host_key: accepted(keyOf.get(address.device_id)) };
	};
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
}

function accepted(key: HostKey | undefined): Endpoint["host_key"] {
	if (key === undefined) return null;
	const { fingerprint, algorithm, accepted_by, accepted_at } = key;
	return { fingerprint, algorithm, accepted_by, accepted_at };
}

function unique(values: readonly string[]): string[] {
	return [...new Set(values)];
}
