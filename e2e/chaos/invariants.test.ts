import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBare } from "@netconductor/lab/sim/bare-client";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addFleet, eventually, type Product, runEnded, startProduct } from "../src/product.ts";
import { type ChangedFleet, inviteApprover, planDeployment, startChangedFleet } from "./changes.ts";
import { type Doors, grantsIn, inviteVisitors, knockAtDoors } from "./doors.ts";
import { createFootprint, findLeftovers } from "./find-leftovers.ts";
import { fleetOptions, hearConfigs } from "./fleet.ts";
import { type Evidence, gatherBus, gatherEvidence } from "./gather-evidence.ts";
import { type Allowance, findViolations } from "./invariants.ts";
import { askPostgres } from "./postgres.ts";

/** A check that cannot fail proves nothing: what a round must never leave is planted here, and must be found. */

let product: Product;
let fleet: FleetProcess;
let run_id: string;
let changed: ChangedFleet;
let doors: Doors;
let configs: Map<string, string>;
let temp_dir: string;

const allowance: Allowance = {
	faulty: new Set(),
	network_cut: false,
	lost_readings: 0,
	processes_killed: false,
	drains: [],
};

beforeAll(async () => {
	temp_dir = mkdtempSync(join(tmpdir(), "netconductor-invariants-"));
	fleet = await startFleetProcess(fleetOptions(6));
	configs = await hearConfigs(fleet.devices);
	await eventually("the fleet is alone", async () => (await fleet.totalStats()).open_connections === 0);
	await fleet.forgetConnections();
	product = await startProduct({
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "100000",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "100000",
		TMPDIR: temp_dir,
	});
	const api = product.as(product.admin_token);
	await addFleet(api, fleet);
	await inviteVisitors(api);
	await inviteApprover(api);
	doors = await knockAtDoors(product, product.data_dir);
	({ run_id } = await api.backup.runAll({ body: {} }));
	await runEnded(api, run_id);
	changed = await startChangedFleet(5, 1);
	await addFleet(api, changed.fleet);
	const deployment = await planDeployment(product, api, changed);
	await deployment.approve();
	await runEnded(api, deployment.run_id);
	await settle();
}, 240_000);
afterAll(async () => {
	await product?.dispose();
	await fleet?.stop();
	await changed?.fleet.stop();
	rmSync(temp_dir, { recursive: true, force: true });
});

const sql = (text: string) => askPostgres(product.data_dir, text);

function settle(): Promise<unknown> {
	return eventually("all events are handled", async () =>
		(await gatherBus(product.data_dir)).every(({ outbox, waiting }) => outbox + waiting === 0),
	);
}

function gather(accepted = [run_id], after = doors): Promise<Evidence> {
	const api = product.as(product.admin_token);
	const { data_dir } = product;
	return gatherEvidence(accepted, { api, data_dir, fleet, configs, changed, doors: { before: doors, after } });
}

async function violated(given: Partial<Allowance> = {}): Promise<string[]> {
	await settle();
	const grants = await grantsIn(product.data_dir);
	const found = findViolations(await gather([run_id], { ...doors, grants }), { ...allowance, ...given });
	return [...new Set(found.map(({ invariant }) => invariant))];
}

test("an undisturbed run violates nothing", async () => {
	expect(findViolations(await gather(), allowance)).toEqual([]);
});

const oneBackup = "(select id from backup.backups order by id limit 1)";
const oneOperation = "(select id from tasks.operations order by id limit 1)";
const results = "each operation has exactly one result";
const once = "every event took effect once";
const pushed = "no configuration is pushed twice";
const wider = "no permission is wider than before";

describe("what is planted is found:", () => {
	test.each([
		[
			"a doubled backup",
			`alter table backup.backups drop constraint if exists backups_operation_id_unique, drop constraint if exists backups_operation_id_key;
			insert into backup.backups select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'created_at', b.created_at - interval '1 s'))).*
				from backup.backups b where id = ${oneBackup}`,
			"delete from backup.backups b using tasks.operations o where o.id = b.operation_id and b.id <> (o.result ->> 'backup_id')::uuid",
			["no backup is double", results, once],
		],
		[
			"a backup that holds another device's configuration",
			`create table public.saved as select id, content_id from backup.backups where id = ${oneBackup};
			update backup.backups set content_id = (select content_id from backup.backups order by id desc limit 1) where id = ${oneBackup}`,
			"update backup.backups b set content_id = s.content_id from public.saved s where b.id = s.id; drop table public.saved",
			["no backup is empty or cut"],
		],
		[
			"an operation that never ended",
			// Nobody's: what is a living worker's without its knowing is taken up again.
			`update tasks.operations set status = 'running', worker_id = null, finished_at = null where id = ${oneOperation}`,
			"update tasks.operations set status = 'succeeded', finished_at = now() where status = 'running'",
			[results, "no reading of a healthy device failed", once],
		],
		[
			"a run that never ended",
			"update tasks.runs set status = 'waiting'",
			"update tasks.runs set status = 'succeeded'",
			["every accepted run ended or waits for a person"],
		],
		[
			"a reading that was made again without need",
			`update tasks.operations set attempts = 2 where id = ${oneOperation}`,
			"update tasks.operations set attempts = 1",
			["nothing was done twice to a device beyond what a lost reading permits"],
		],
		[
			"a write that failed and stands on its device",
			"update tasks.operations set status = 'failed' where id = (select id from tasks.operations where step_id = 'apply' limit 1)",
			"update tasks.operations set status = 'succeeded' where step_id = 'apply'",
			[pushed, results, once],
		],
		[
			"a role that may do more than before",
			"update auth.roles set permissions = permissions || '{audit:read}' where name = 'viewer'",
			"update auth.roles set permissions = array_remove(permissions, 'audit:read') where name = 'viewer'",
			[wider],
		],
		[
			"an event that was applied twice",
			`insert into devices.health_history select (jsonb_populate_record(h, jsonb_build_object('id', '00000000-0000-7000-8000-000000000001'::uuid))).*
				from devices.health_history h where run_id is not null order by id desc limit 1`,
			"delete from devices.health_history where id = '00000000-0000-7000-8000-000000000001'",
			[once],
		],
		[
			"an event that was never applied",
			`create table public.saved as select * from devices.health_history order by id limit 1;
			delete from devices.health_history where id = (select id from public.saved)`,
			"insert into devices.health_history select * from public.saved; drop table public.saved",
			[once],
		],
		[
			"a snapshot that was counted wrongly",
			"update backup.snapshots set succeeded = succeeded - 1",
			"update backup.snapshots set succeeded = succeeded + 1",
			[once],
		],
		[
			"an event that was put aside",
			"insert into audit.inbox (id, name, payload, occurred_at, dead_at) values ('00000000-0000-7000-8000-000000000002', 'x', '{}', now(), now())",
			"delete from audit.inbox where id = '00000000-0000-7000-8000-000000000002'",
			["every event was delivered"],
		],
		[
			"a device whose newest backup is not the one its row names",
			`create table public.saved as select * from backup.devices limit 1;
			update backup.devices set backup_id = null where device_id = (select device_id from public.saved)`,
			"update backup.devices d set backup_id = s.backup_id from public.saved s where d.device_id = s.device_id; drop table public.saved",
			["the newest backup of each device is the one that its row names"],
		],
		[
			"a login that was handed out unrecorded",
			`alter table audit.records disable trigger all;
			create table public.saved as select * from audit.records where operation = 'revealConnection' order by position limit 1;
			delete from audit.records where position = (select position from public.saved)`,
			// What PostgreSQL works out itself cannot be put back.
			`do $$ declare columns text; begin
				select string_agg(quote_ident(column_name), ', ') into columns from information_schema.columns
					where table_schema = 'audit' and table_name = 'records' and is_generated = 'NEVER';
				execute format('insert into audit.records (%1$s) select %1$s from public.saved', columns);
			end $$;
			drop table public.saved; alter table audit.records enable trigger all`,
			["the audit chain is whole", "the audit trail tells everything once"],
		],
	])("%s", async (_, plant, undo, expected) => {
		await sql(plant);
		try {
			expect((await violated()).toSorted()).toEqual(expected.toSorted());
		} finally {
			await sql(undo);
		}
		expect(await violated()).toEqual([]);
	});

	test("an accepted run that is gone", async () => {
		await settle();
		const found = findViolations(await gather([run_id, "00000000-0000-7000-8000-000000000003"]), allowance);
		expect(found.map(({ invariant }) => invariant)).toEqual(["every accepted run is there"]);
	});

	test("a session with a device that no attempt explains, cut off after a signal that cuts nothing off", async () => {
		const [device] = fleet.devices;
		if (device === undefined) throw new Error("no device");
		const asked_at = Date.now();
		const client = await connectBare(device);
		client.close();
		await client.ended;
		await eventually("it is closed", async () => (await fleet.totalStats()).open_connections === 0);
		const drains = [{ asked_at: asked_at + 1, ended_at: Date.now() + 10_000, code: 0 }];
		expect((await violated({ drains })).toSorted()).toEqual([
			"SIGTERM cuts nothing off",
			"nothing was done twice to a device beyond what a lost reading permits",
		]);
	});

	test("an operation begun after the signal", async () => {
		const drains = [{ asked_at: Date.now() - 3_600_000, ended_at: Date.now(), code: 0 }];
		expect(await violated({ drains })).toContain("nothing is begun after SIGTERM");
	});
});

test("a door that opens to somebody it was shut for is found", async () => {
	await sql("update auth.users set role = 'operator' where username = 'chaos-viewer'");
	const after = await knockAtDoors(product, product.data_dir);
	await sql("update auth.users set role = 'viewer' where username = 'chaos-viewer'");
	const found = findViolations(await gather([run_id], after), allowance).filter(({ invariant }) => invariant === wider);
	expect(found.map(({ evidence }) => evidence)).toEqual(
		expect.arrayContaining([
			expect.stringMatching(/^viewer: .* answers .*, before 403 auth\.forbidden$/),
			"there is now user chaos-viewer: operator",
		]),
	);
});

test("a device that is pushed to once more than it was written to is found", async () => {
	const device = changed.fleet.devices.find(({ platform }) => platform === "cisco_ios");
	if (device === undefined) throw new Error("no device");
	const client = await connectBare(device);
	await client.until(">", 20_000);
	client.send("enable\n");
	await client.until("Password: ", 20_000);
	client.send(`${device.enable_password}\n`);
	await client.until("#", 20_000);
	for (const line of ["configure terminal", "interface Loopback77", "description written twice", "end"]) {
		await client.ask(line, "#");
	}
	client.close();
	await client.ended;
	expect(await violated()).toContain(pushed);
});

test("a process, a port, files and a socket that a stopped product leaves are found", async () => {
	const { data_dir } = product;
	const footprint = createFootprint(data_dir);
	footprint.look();
	const running = findLeftovers(data_dir, temp_dir, footprint).join("\n");
	for (const held of ["process", "listening port", "socket", "file postgres/cluster/postmaster.pid", "shared memory"]) {
		expect(running).toContain(held);
	}
	await product.stop();
	expect(findLeftovers(data_dir, temp_dir, footprint)).toEqual([]);

	const stray = spawn("sleep", ["60"], { env: { NETCONDUCTOR_DATA_DIR: data_dir }, stdio: "ignore" });
	writeFileSync(join(data_dir, "stray"), "");
	writeFileSync(join(temp_dir, "stray"), "");
	await eventually("it runs", async () => stray.pid !== undefined);
	const left = findLeftovers(data_dir, temp_dir, footprint);
	stray.kill("SIGKILL");
	expect(left).toEqual([
		expect.stringMatching(/^process \d+: sleep/),
		"file in the data directory: stray",
		"temporary file stray",
	]);
	await product.restart();
});
