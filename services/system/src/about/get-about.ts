import { arch, platform } from "node:os";
import type { authApi } from "@netconductor/contracts/auth/api";
import type { backupApi } from "@netconductor/contracts/backup/api";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Database } from "@netconductor/runtime/db/database";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { ProcessFacts } from "@netconductor/runtime/host/service";
import type { Operation } from "../operation.ts";
import type { Places } from "../places.ts";

interface Needs {
	db: Database;
	clients: {
		auth: Pick<Client<typeof authApi, CallerContext>, "listUsers">;
		devices: Pick<Client<typeof devicesApi, CallerContext>, "listDevices" | "listGroups" | "listCredentials">;
		backup: Pick<Client<typeof backupApi, CallerContext>, "listBackups" | "listSnapshots">;
		tasks: Pick<Client<typeof tasksApi, CallerContext>, "getWorkerStats">;
	};
	places: Places;
	process: ProcessFacts;
	ownAccount(): CallerContext;
}

/** What this installation is. Counts are the service's own to ask: how many there are is no secret from whoever may see the system. */
export function getAbout({ db, clients, places, process: facts, ownAccount }: Needs): Operation<"getAbout"> {
	const { auth, devices, backup, tasks } = clients;
	return async ({ signal }) => {
		const account = { ...ownAccount(), signal };
		const first = { query: { page_size: 1 } };
		const total = (answer: Promise<{ total: number }>) => answer.then(({ total }) => total).catch(() => null);
		const [version, size, ...counted] = await Promise.all([
			readVersion(db),
			readSize(db),
			total(devices.listDevices(first, account)),
			total(devices.listGroups(first, account)),
			total(devices.listCredentials(first, account)),
			total(backup.listBackups(first, account)),
			total(backup.listSnapshots(first, account)),
			total(auth.listUsers(first, account)),
			tasks.getWorkerStats({}, account).then(
				({ workers_online }) => workers_online,
				() => null,
			),
		]);
		const [devicesCount = null, groups = null, credentials = null, backups = null, snapshots = null, users = null] =
			counted;
		const targets = places.here();
		return {
			product: "NetConductor",
			version: facts.version,
			licence: "MIT",
			started_at: new Date(performance.timeOrigin).toISOString(),
			node_version: process.version,
			platform: `${platform()} ${arch()}`,
			database: {
				version,
				embedded: facts.stands_on.database === "embedded",
				size_bytes: size,
			},
			topology: {
				one_process: targets.length === places.all.length,
				targets,
				events: facts.stands_on.events,
				live: facts.stands_on.live,
			},
			counts: {
				devices: devicesCount,
				device_groups: groups,
				credentials,
				backups,
				snapshots,
				users,
				workers_online: counted[6] ?? null,
			},
		};
	};
}

async function readVersion(db: Database): Promise<string> {
	const [row] = await db.query<{ version: string }>("select current_setting('server_version') as version");
	return row?.version ?? "unknown";
}

/** Null where the role may not connect as PostgreSQL counts it. */
async function readSize(db: Database): Promise<number | null> {
	try {
		const [row] = await db.query<{ size: string }>("select pg_database_size(current_database())::text as size");
		return row === undefined ? null : Number(row.size);
	} catch {
		return null;
	}
}
