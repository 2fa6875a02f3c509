import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authApi } from "@netconductor/contracts/auth/api";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import { createPostgresEphemeral } from "@netconductor/runtime/bus/ephemeral";
import { createInProcessCarrier } from "@netconductor/runtime/bus/in-process-carrier";
import { createManualClock, type ManualClock } from "@netconductor/runtime/clock";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { createHealth } from "@netconductor/runtime/health";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { createHost } from "@netconductor/runtime/host/host";
import { createLog } from "@netconductor/runtime/log";
import { createMetrics } from "@netconductor/runtime/metrics";
import { testDatabase } from "@netconductor/runtime/testing/database";
import { peer } from "@netconductor/runtime/testing/service";
import { decodeJwt } from "jose";
import { authService } from "../src/service.ts";

export interface AuthHost {
	api: Client<typeof authApi, CallerContext>;
	db: Database;
	clock: ManualClock;
	data_dir: string;
	/** Everything that was logged so far. */
	logged(): string;
	login(username: string, password: string, ip?: string): Promise<TokenPair>;
	/** As the gateway does it: the token's session becomes the actor of the next call. */
	as(pair: Pick<TokenPair, "access_token">): Promise<CallerContext>;
	asToken(token: string): Promise<CallerContext>;
	/** Payloads of the events of this name that were published. */
	published(name: string): Promise<Record<string, unknown>[]>;
	/** Begins background work, which then goes by the clock. */
	start(): Promise<void>;
	stop(): Promise<void>;
}

/** The groups that devices are in, as the devices service would tell. */
export const deviceGroups = {
	berlin: { id: "01900000-0000-7000-8000-0000000000b1", name: "berlin" },
	munich: { id: "01900000-0000-7000-8000-0000000000a1", name: "munich" },
};

const gateway: CallerContext = {
	actor: { kind: "service", id: "service:gateway", name: "gateway", permissions: ["*"] },
};

export function anonymousFrom(ip?: string): CallerContext {
	const actor: Actor = { kind: "system", id: "anonymous", name: "anonymous", permissions: [] };
	return { actor: ip === undefined ? actor : { ...actor, ip } };
}

/** The service in a real host on real PostgreSQL. Time stands still and background work is not started, so that a test decides when things happen. */
export async function startAuthHost(
	name: string,
	{
		admin_password,
		breached_passwords_path,
		public_url,
	}: { admin_password?: string; breached_passwords_path?: string; public_url?: string } = {},
): Promise<AuthHost> {
	const database = await testDatabase(name);
	const data_dir = await mkdtemp(join(tmpdir(), "netconductor-auth-"));
	const clock = createManualClock();
	const lines: string[] = [];
	const devices = peer(devicesApi, {
		describeGroups: async ({ body }) => ({
			groups: Object.values(deviceGroups).filter(({ id }) => body.group_ids.includes(id)),
		}),
	});
	const log = createLog({ level: "trace", destination: { write: (line) => void lines.push(line) } });
	const host = await createHost({
		services: [authService, devices],
		config: { auth: { admin_password, breached_passwords_path, public_url } },
		// Always the same: roles are the cluster's, and their passwords follow from this key.
		master: { current: { id: "07070707", bytes: Buffer.alloc(32, 7), source: "test" }, previous: undefined },
		database: { admin_url: database.admin_url, pool_size: 10 },
		peers: {},
		internal: { host: "127.0.0.1", port: 0 },
		// Where the tests' identity providers are.
		outbound: { allow: ["127.0.0.1"], deny: [] },
		carrier: createInProcessCarrier(),
		openEphemeral: (opened) => createPostgresEphemeral({ url: opened?.url ?? "", log }),
		process: {
			id: "test",
			version: "0.0.0",
			data_dir,
			stands_on: { database: "external", events: "in this process", live: "PostgreSQL" },
		},
		clock,
		log,
		metrics: createMetrics({ process_metrics: false }),
		health: createHealth(),
	});
	const db = openDatabase({ url: host.databaseUrl("auth") ?? "", schema: "auth", application_name: "test" });
	const api = host.client(authApi);

	return {
		api,
		db,
		clock,
		data_dir,
		logged: () => lines.join(""),
		login: async (username, password, ip) =>
			tokensOf(await api.login({ body: { username, password } }, anonymousFrom(ip))),
		async as({ access_token }) {
			const { sub = "", sid } = decodeJwt<{ sid: string }>(access_token);
			const body = { kind: "session", session_id: sid, user_id: sub } as const;
			return { actor: (await api.resolveActor({ body }, gateway)).actor };
		},
		async asToken(token) {
			return { actor: (await api.resolveActor({ body: { kind: "api_token", token } }, gateway)).actor };
		},
		async published(event) {
			const rows = await db.query<{ payload: Record<string, unknown> }>(
				"select payload from outbox where name = $1 order by position",
				[event],
			);
			return rows.map((row) => row.payload);
		},
		start: () => host.start(),
		async stop() {
			await db.close();
			await host.stop();
			await database.stop();
			await rm(data_dir, { recursive: true, force: true });
		},
	};
}
