import type { Backup, Snapshot } from "@netconductor/contracts/backup/model";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import type { SimConnection } from "@netconductor/lab/sim/device";
import type { FleetProcess } from "@netconductor/lab/sim/process";
import type { Clients } from "../src/product.ts";
import { type ChangedDevice, type ChangedFleet, lookAtChanged } from "./changes.ts";
import type { Doors } from "./doors.ts";
import { askPostgres } from "./postgres.ts";

/** A deployment that was accepted. */
export interface DeploymentEvidence {
	run: Run;
	operations: RunOperation[];
	backups: Backup[];
}

/** A backup that was accepted, with everything that is known of it. */
export interface RunEvidence {
	run: Run;
	operations: RunOperation[];
	backups: Backup[];
	snapshot: Snapshot;
}

/** What a round left, as the API, the database and the fleet tell it. */
export interface Evidence {
	/** All backups, also those whose acceptance did not reach the one who asked. */
	runs: RunEvidence[];
	deployments: DeploymentEvidence[];
	/** Devices that deployments go to. */
	changed: ChangedDevice[];
	/** Runs that were accepted and are not there. */
	lost_runs: string[];
	/** By backup: the whole text as it was sent; undefined where it cannot be read. */
	contents: Map<string, string | undefined>;
	/** By device name: what the device answers when it is asked for its configuration. */
	configs: Map<string, string>;
	connections: SimConnection[];
	/** Of the devices that deployments go to. */
	changed_connections: SimConnection[];
	/** Of every service: events not handed on, not handled, put aside. */
	bus: { service: string; outbox: number; waiting: number; dead: number }[];
	/** Entries in the devices' health history. */
	health: { run_id: string; device_id: string; entries: number }[];
	/** The newest good backup as the device's row has it. */
	newest: { device_id: string; backup_id: string | null }[];
	/** More than one row for one operation. */
	doubled_backups: { operation_id: string; rows: number }[];
	audit: {
		intact: boolean;
		reason: string | null;
		/** Records that tell of one call twice. */
		doubled: { operation: string; request_id: string; records: number }[];
		/** Operations of which the audit trail says that their device's login was handed out. */
		revealed: Set<string>;
		/** Runs whose acceptance the audit trail tells, by snapshot. */
		started: Map<string, number>;
		/** Changes that began and of whose end nothing is known yet. */
		open: number;
	};
	/** Before and after; undefined where nobody knocked. */
	doors: { before: Doors; after: Doors } | undefined;
}

interface Sources {
	api: Clients;
	data_dir: string;
	fleet: Pick<FleetProcess, "connections">;
	configs: Map<string, string>;
	changed: ChangedFleet | undefined;
	doors: Evidence["doors"];
}

const pageSize = 500;

/** `accepted`: runs that the server answered 202 to. */
export async function gatherEvidence(accepted: readonly string[], sources: Sources): Promise<Evidence> {
	const { api, data_dir, fleet, changed } = sources;
	// First: reading configurations is audited, too.
	const bus = await gatherBus(data_dir);
	const audit = await gatherAudit(api, data_dir);
	const listed = (await api.tasks.listRuns({ query: { limit: 100 } })).items;
	const runs: RunEvidence[] = [];
	const deployments: DeploymentEvidence[] = [];
	for (const run of listed) {
		const operations = await everyPage((page) =>
			api.tasks.listOperations({ params: { id: run.id }, query: { page, page_size: pageSize } }),
		);
		const backups = await everyPage((page) =>
			api.backup.listBackups({ query: { run_id: run.id, page, page_size: pageSize } }),
		);
		if (run.kind !== "backup") deployments.push({ run, operations, backups });
		else {
			const snapshot = await api.backup.getSnapshot({ params: { id: run.subject?.id ?? "" } });
			runs.push({ run, operations, backups, snapshot });
		}
	}
	return {
		runs,
		deployments,
		changed: changed === undefined ? [] : await lookAtChanged(changed),
		lost_runs: accepted.filter((id) => !listed.some((run) => run.id === id)),
		contents: await gatherContents(api, [...runs, ...deployments]),
		configs: sources.configs,
		connections: await fleet.connections(),
		changed_connections: (await changed?.fleet.connections()) ?? [],
		bus,
		health: await askPostgres(
			data_dir,
			"select run_id, device_id, count(*)::int as entries from devices.health_history where run_id is not null group by run_id, device_id",
		),
		newest: await askPostgres(data_dir, "select device_id, backup_id from backup.devices"),
		doubled_backups: await askPostgres(
			data_dir,
			"select operation_id, count(*)::int as rows from backup.backups group by operation_id having count(*) > 1",
		),
		audit,
		doors: sources.doors,
	};
}

async function everyPage<T>(read: (page: number) => Promise<{ items: T[]; total: number }>): Promise<T[]> {
	const items: T[] = [];
	for (let page = 1; ; page++) {
		const found = await read(page);
		items.push(...found.items);
		if (found.items.length === 0 || items.length >= found.total) return items;
	}
}

async function gatherContents(api: Clients, runs: readonly DeploymentEvidence[]): Promise<Evidence["contents"]> {
	const contents: Evidence["contents"] = new Map();
	const waiting = runs.flatMap(({ backups }) => backups).filter(({ status }) => status === "succeeded");
	async function read(): Promise<void> {
		for (let backup = waiting.pop(); backup !== undefined; backup = waiting.pop()) {
			const { content } = await api.backup
				.getBackupContent({ params: { id: backup.id }, query: { form: "raw", reveal: "true" } })
				.catch(() => ({ content: undefined }));
			contents.set(backup.id, content);
		}
	}
	await Promise.all(Array.from({ length: 8 }, read));
	return contents;
}

/** Of every schema that has an outbox and an inbox. */
export async function gatherBus(data_dir: string): Promise<Evidence["bus"]> {
	const schemas = await askPostgres<{ service: string }>(
		data_dir,
		"select schemaname as service from pg_tables where tablename = 'outbox' order by 1",
	);
	const counts = schemas.map(
		({ service }) => `select '${service}' as service, (select count(*)::int from ${service}.outbox) as outbox,
			(select count(*)::int from ${service}.inbox where handled_at is null and dead_at is null) as waiting,
			(select count(*)::int from ${service}.inbox where dead_at is not null) as dead`,
	);
	return askPostgres(data_dir, counts.join(" union all "));
}

async function gatherAudit(api: Clients, data_dir: string): Promise<Evidence["audit"]> {
	const { intact, reason } = await api.audit.verifyAudit({ query: {} });
	const doubled = await askPostgres<{ operation: string; request_id: string; records: number }>(
		data_dir,
		`select operation, content::jsonb ->> 'request_id' as request_id, count(*)::int as records from audit.records
		where content::jsonb ? 'request_id' group by service, 1, 2, content::jsonb ->> 'occurred_at' having count(*) > 1`,
	);
	const revealed = await askPostgres<{ operation_id: string }>(
		data_dir,
		`select distinct content::jsonb #>> '{request,body,operation_id}' as operation_id from audit.records
		where operation = 'revealConnection' and outcome = 'succeeded'`,
	);
	const started = await askPostgres<{ snapshot_id: string; records: number }>(
		data_dir,
		"select resource_id as snapshot_id, count(*)::int as records from audit.records where service = 'backup' and operation = 'runAll' and outcome = 'succeeded' group by 1",
	);
	const intents = await askPostgres<{ service: string }>(
		data_dir,
		"select schemaname as service from pg_tables where tablename = 'audit_intents'",
	);
	const open = await askPostgres<{ open: number }>(
		data_dir,
		intents.map(({ service }) => `select count(*)::int as open from ${service}.audit_intents`).join(" union all "),
	);
	return {
		intact,
		reason,
		doubled,
		revealed: new Set(revealed.map(({ operation_id }) => operation_id)),
		started: new Map(started.map(({ snapshot_id, records }) => [snapshot_id, records])),
		open: open.reduce((sum, row) => sum + row.open, 0),
	};
}
