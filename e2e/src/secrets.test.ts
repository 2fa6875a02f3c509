import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { apis } from "@netconductor/contracts/apis";
import { tokensOf } from "@netconductor/contracts/auth/second-factor";
import type { Api, Operation } from "@netconductor/contracts/kernel/operation";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { findEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { deriveKey, loadMasterKeys } from "@netconductor/runtime/master-key";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canaryMark, createCanarySearch, type Finding } from "./canary.ts";
import { type Cli, createCli } from "./cli.ts";
import { watchAddress, watchRun } from "./live-view.ts";
import {
	adminPassword,
	type Clients,
	eventually,
	isDistributed,
	type Product,
	runEnded,
	startProduct,
} from "./product.ts";
import { startTraceReceiver, type TraceReceiver } from "./trace-receiver.ts";

/**
 * Secrets are planted wherever the product takes or meets one, the product is used and abused, and then everything that it wrote, stored,
 * answered or started is searched for them.
 */

const canary = (name: string) => `${canaryMark}-${name}`;
const search = createCanarySearch();
const scratch = mkdtempSync(join(tmpdir(), "netconductor-secrets-"));
/** What the public API and the command line answered, by where. Answers whose very point is a secret are left out. */
const answers: { where: string; text: string }[] = [];
const maySaySo = /\/api\/auth\/(login|refresh|password|tokens|ws-ticket)\b|[?&]reveal=true/;

let receiver: TraceReceiver;
let fleet: FleetProcess;
let product: Product;
let api: Clients;
let cli: Cli;
const ids = new Map<string, string>();
const originalFetch = globalThis.fetch;

beforeAll(async () => {
	globalThis.fetch = async (input, init) => {
		const response = await originalFetch(input, init);
		const url = String(input instanceof Request ? input.url : input);
		if (!maySaySo.test(url)) {
			answers.push({ where: `${init?.method ?? "GET"} ${new URL(url).pathname}`, text: await response.clone().text() });
		}
		return response;
	};
	receiver = await startTraceReceiver();
	fleet = await startFleetProcess({
		devices: [
			{ name: "ios-1", platform: "cisco_ios" },
			{ name: "ios-2", platform: "cisco_ios" },
			{ name: "eos-1", platform: "arista_eos" },
			{ name: "junos-1", platform: "juniper_junos" },
			{ name: "ros-1", platform: "mikrotik_routeros" },
			{ name: "vyos-1", platform: "vyos" },
		],
		password: canary("device-password"),
		enable_password: canary("enable-password"),
		config_bytes: 4_000,
	});
	const temporary = join(scratch, "tmp");
	mkdirSync(temporary);
	product = await startProduct(
		{
			NETCONDUCTOR_LOG_LEVEL: "trace",
			TMPDIR: temporary,
			OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
		},
		undefined,
		{ first_start: true },
	);
	api = product.as(product.admin_token);
	cli = createCli(product);
	search.add(adminPassword);
	search.add(product.admin_token);
	await useIt();
}, 240_000);

afterAll(async () => {
	globalThis.fetch = originalFetch;
	await product?.dispose();
	await fleet?.stop();
	await receiver?.stop();
	rmSync(scratch, { recursive: true, force: true });
});

/** Sends what no client of ours would send. */
async function raw(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
	return fetch(`${product.url}${path}`, {
		...init,
		headers: { authorization: `Bearer ${product.admin_token}`, "content-type": "application/json", ...init.headers },
	});
}

/** Whether it is refused is for other tests to say; here counts what is left behind. */
async function attempt(work: Promise<unknown>): Promise<void> {
	await work.catch(() => {});
}

async function useIt(): Promise<void> {
	await signIn();
	await keepCredentials();
	await keepDevices();
	await backUp();
	await useCommandLine();
	await rotateKeys();
	await readEverything();
}

async function signIn(): Promise<void> {
	const anonymous = product.as(undefined);
	await attempt(anonymous.auth.login({ body: { username: "admin", password: canary("wrong-login") } }));
	await attempt(anonymous.auth.login({ body: { username: "nobody", password: canary("wrong-login") } }));
	const user = await api.auth.createUser({
		body: { username: "kim", role: "operator", password: canary("user-password"), must_change_password: false },
	});
	const first = tokensOf(await anonymous.auth.login({ body: { username: "kim", password: canary("user-password") } }));
	const second = await anonymous.auth.refresh({ body: { refresh_token: first.refresh_token } });
	for (const { access_token, refresh_token } of [first, second]) {
		search.add(access_token);
		search.add(refresh_token);
	}
	await attempt(
		product.as(second.access_token).auth.changePassword({
			body: { current_password: canary("wrong-current"), new_password: canary("new-password") },
		}),
	);
	await attempt(anonymous.auth.refresh({ body: { refresh_token: first.refresh_token } }));
	await api.auth.setUserPassword({ params: { id: user.id }, body: { password: canary("set-password") } });
	const { token } = await api.auth.createToken({ body: { name: "script", permissions: ["devices:read"] } });
	search.add(token);
	await product.as(token).devices.listDevices({});
	for (const authorization of [`Bearer ${canary("bearer")}`, `Basic ${btoa(`admin:${canary("basic")}`)}`]) {
		expect((await raw("/api/devices", { headers: { authorization } })).status).toBe(401);
	}
	for (const [path, body] of [
		["/api/auth/login", `{"username":"admin","password":"${canary("broken-json")}"`],
		["/api/auth/login", `{"username":"admin","password":["${canary("list")}"]}`],
		["/api/auth/login", `"${canary("text")}"`],
		["/api/auth/refresh", `{"refresh_token":{"value":"${canary("object")}"}}`],
		["/api/users", `{"username":"x y","password":"${canary("short")}","${canary("key")}":1}`],
		["/api/users", `{"username":"lee","role":"nobody","password":"${canary("no-such-role")}"}`],
		["/api/credentials", `{"name":7,"password":"${canary("wrong-type")}","unknown":"${canary("unknown-field")}"}`],
	] as const) {
		expect((await raw(path, { method: "POST", body })).ok).toBe(false);
	}
	await raw(`/api/devices?password=${canary("in-query")}`);
	await raw(`/api/nothing?token=${canary("in-query")}`);
	await raw("/api/devices", { headers: { cookie: `session=${canary("cookie")}`, "x-api-key": canary("header") } });
}

async function keepCredentials(): Promise<void> {
	const key = join(scratch, "key");
	execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", canary("passphrase"), "-f", key]);
	const private_key = readFileSync(key, "utf8");
	for (const line of private_key.split("\n").slice(2, -3)) search.add(line);
	const { id } = await api.devices.createCredential({
		body: {
			name: "with a key",
			username: "backup",
			password: canary("credential-password"),
			private_key,
			passphrase: canary("passphrase"),
			enable_password: canary("credential-enable"),
		},
	});
	const body = { name: "wrong", username: "backup" };
	await attempt(api.devices.createCredential({ body: { ...body, private_key: canary("not-a-key") } }));
	await attempt(
		api.devices.createCredential({ body: { ...body, private_key, passphrase: canary("wrong-passphrase") } }),
	);
	await api.devices.updateCredential({ params: { id }, body: { password: canary("changed-password") } });
	await attempt(api.devices.updateCredential({ params: { id }, body: { passphrase: canary("wrong-passphrase") } }));
	const doomed = await api.devices.createCredential({
		body: { name: "doomed", username: "x", password: canary("deleted-password") },
	});
	await api.devices.deleteCredential({ params: { id: doomed.id } });
	ids.set("credential", id);
}

async function keepDevices(): Promise<void> {
	for (const { name, host, port, platform, username, password, enable_password } of fleet.devices) {
		const device = await api.devices.createDevice({
			body: { name, host, port, device_type: platform, username, password, enable_password },
		});
		ids.set(name, device.id);
		await api.devices.putOverride({
			params: { id: device.id },
			body: { timeouts: { connect_ms: 3_000, auth_ms: 3_000, prompt_ms: 3_000, command_ms: 3_000 } },
		});
	}
	const column = "name,host,device_type,port,username,password,enable_password";
	const row = (cells: string) => `${column}\n${cells}\n`;
	for (const content of [
		row(`bad name!,192.0.2.1,cisco_ios,22,admin,${canary("csv-password")},${canary("csv-enable")}`),
		row(`shifted,${canary("csv host")},${canary("csv-type")},${canary("csv-port")},admin,,`),
		row(`open,192.0.2.1,cisco_ios,22,admin,"${canary("csv-open-quote")}`),
		row(`many,192.0.2.1,cisco_ios,22,admin,x,y,${canary("csv-one-too-many")}`),
		row(`half,192.0.2.1,cisco_ios,22,,${canary("csv-without-user")},`),
	]) {
		await raw("/api/devices/import", { method: "POST", body: JSON.stringify({ format: "csv", content }) });
		await raw("/api/devices/import", {
			method: "POST",
			body: JSON.stringify({ format: "csv", content, dry_run: true }),
		});
	}
	// A file without a header: its first row is taken for one, and whoever sent it is told which names are unknown, they alone.
	await originalFetch(`${product.url}/api/devices/import`, {
		method: "POST",
		headers: { authorization: `Bearer ${product.admin_token}`, "content-type": "application/json" },
		body: JSON.stringify({ format: "csv", content: `a,192.0.2.1,cisco_ios,22,admin,${canary("csv-header")}\n` }),
	});
	for (const content of [
		`[{"name":"a","password":"${canary("json-open")}"`,
		`[{"name":"a","host":"192.0.2.1","device_type":"cisco_ios","username":"x","password":{"a":"${canary("json-object")}"}}]`,
	]) {
		await raw("/api/devices/import", { method: "POST", body: JSON.stringify({ format: "json", content }) });
	}
	await api.devices.importDevices({
		body: {
			format: "csv",
			content: row(`imported,192.0.2.1,cisco_ios,22,admin,${canary("csv-good")},${canary("csv-good-enable")}`),
		},
	});
	const imported = (await api.devices.listDevices({ query: { q: "imported" } })).items[0];
	await api.devices.updateDevice({ params: { id: imported?.id ?? "" }, body: { password: canary("device-update") } });
	await api.devices.deleteDevice({ params: { id: imported?.id ?? "" } });
}

async function backUp(): Promise<void> {
	const ios = ids.get("ios-1") ?? "";
	const one = async (name: string) => {
		const { run_id } = await api.backup.runSingle({ body: { device_id: ids.get(name) ?? "" } });
		return runEnded(api, run_id);
	};
	await fleet.applyLines("ios-1", [
		`snmp-server community ${canary("community")} RO`,
		`snmp-server host 192.0.2.40 version 2c ${canary("trap-community")}`,
		`snmp-server user mon NOC v3 auth sha ${canary("snmp-auth")} priv aes 128 ${canary("snmp-priv")}`,
		`username lee privilege 1 password 0 ${canary("config-user")}`,
		`tacacs-server key ${canary("tacacs-key")}`,
		"router bgp 65001",
		`neighbor 192.0.2.7 password ${canary("bgp-password")}`,
	]);
	const tested = await api.devices.testDevices({ body: { select: { all: true } } });
	await watchRun(product.url, api, tested.run_id).then(({ messages }) =>
		answers.push({ where: "live view of a test", text: JSON.stringify(messages) }),
	);
	const before = await api.backup.runAll({ body: { name: "before" } });
	const { ticket } = await api.auth.createWsTicket({});
	search.add(ticket);
	const address = product.url.replace("http", "ws");
	const seen = await watchAddress(`${address}/ws/tasks/${before.run_id}?ticket=${ticket}`);
	await watchAddress(`${address}/ws/tasks/${before.run_id}?ticket=${canary("ticket")}`);
	answers.push({ where: "live view of a backup", text: JSON.stringify(seen.messages) });
	expect((await runEnded(api, before.run_id)).status).toBe("succeeded");

	await fleet.applyLines("ios-1", [
		`no snmp-server community ${canary("community")} RO`,
		`snmp-server community ${canary("other-community")} RO`,
		"ntp server 192.0.2.99",
	]);
	const after = await api.backup.runAll({ body: { name: "after" } });
	await runEnded(api, after.run_id);
	for (const { snapshot_id } of [before, after]) {
		await eventually("the snapshot is counted", async () => {
			const { status } = await api.backup.getSnapshot({ params: { id: snapshot_id ?? "" } });
			return status !== "running";
		});
	}
	ids.set("snapshot", before.snapshot_id ?? "");
	ids.set("later snapshot", after.snapshot_id ?? "");
	ids.set("run", before.run_id);

	for (const fault of [
		{ kind: "error_answer", text: `% Invalid input detected: snmp-server community ${canary("echoed-community")} RO` },
		{ kind: "error_answer", text: `% Authorization failed for username lee password 0 ${canary("echoed-password")}` },
		{ kind: "error_answer", text: `% Bad secrets: ${canary("device-password")} ${canary("enable-password")}` },
		{ kind: "garbage", bytes: 512 },
		{ kind: "drop", at: "output" },
		{ kind: "truncated_config" },
		{ kind: "hang", at: "output" },
		{ kind: "wrong_password" },
	] as const) {
		await fleet.setFault("ios-1", fault);
		await one("ios-1");
	}
	await fleet.setFault("ios-1", null);
	await api.devices.updateDevice({
		params: { id: ids.get("ios-2") ?? "" },
		body: { password: canary("wrong-for-device") },
	});
	expect((await one("ios-2")).status).toBe("failed");
	await api.devices.updateDevice({
		params: { id: ids.get("ios-2") ?? "" },
		body: { password: canary("device-password"), enable_password: canary("wrong-enable") },
	});
	expect((await one("ios-2")).status).toBe("failed");

	const [newer, older] = (await api.backup.listBackups({ query: { device_id: ios, status: "succeeded" } })).items;
	for (const form of ["raw", "normalised"] as const) {
		for (const mode of ["text", "section"] as const) {
			await api.backup.compareBackups({ query: { from: older?.id ?? "", to: newer?.id ?? "", form, mode } });
		}
		await api.backup.getBackupContent({ params: { id: newer?.id ?? "" }, query: { form } });
	}
	await api.backup.compareSnapshots({
		params: { id: ids.get("snapshot") ?? "", id2: ids.get("later snapshot") ?? "" },
	});
	await api.backup.getBlame({ params: { device_id: ios }, query: {} });
	await api.backup.getHistory({ params: { device_id: ios } });
	for (const query of [
		{ q: canary("community") },
		{ q: `${canaryMark}.*`, regex: "true" as const },
		{ q: "snmp-server community", context: 10 },
		{ q: ".*password.*", regex: "true" as const },
	]) {
		const found = await api.backup.searchConfigs({ query });
		if (query.q.startsWith(canaryMark)) expect(found.items).toEqual([]);
	}
	ids.set("backup", newer?.id ?? "");
	ids.set("older backup", older?.id ?? "");
}

async function useCommandLine(): Promise<void> {
	const commands: [string[], string?][] = [
		[["devices", "show", "ios-1"]],
		[["devices", "export"]],
		[["credentials", "add", "typed", "--username", "x", "--password-stdin"], `${canary("typed-password")}\n`],
		[["credentials"]],
		[["backup", "run", "ios-1"]],
		[["backup", "show", "ios-1"]],
		[["backup", "diff", "ios-1"]],
		[["runs", "show", ids.get("run") ?? ""]],
		[["backup", "search", "password"]],
		[["audit"]],
	];
	for (const [args, input] of commands) {
		const both = await Promise.all([cli.run(args, input), cli.run([...args, "--json"], input)]);
		for (const { stdout, stderr } of both)
			answers.push({ where: `netconductor ${args.join(" ")}`, text: stdout + stderr });
	}
	// Both ask the same of a name that can be taken once.
	expect(answers.filter(({ where }) => where.startsWith("netconductor backup show")).map(({ text }) => text)).toEqual([
		expect.stringContaining("<secret>"),
		expect.stringContaining("<secret>"),
	]);
}

async function rotateKeys(): Promise<void> {
	const { rotation_id } = await api.auth.rotateKeys({});
	await eventually("every service has rotated its key", async () => {
		const keys = await api.auth.listKeys({});
		return keys.length >= 3 && keys.every((key) => key.rotation_id === rotation_id);
	});
}

/** Every public answer there is to read, as the administrator. */
async function readEverything(): Promise<void> {
	const argumentOf = (operation: Operation, parameter: string): string => {
		const { path } = operation;
		if (parameter === "device_id") return ids.get("ios-1") ?? "";
		if (parameter === "id2") return ids.get("later snapshot") ?? "";
		if (path.startsWith("/api/snapshots")) return ids.get("snapshot") ?? "";
		if (path.startsWith("/api/credentials")) return ids.get("credential") ?? "";
		if (path.startsWith("/api/device-types")) return "cisco_ios";
		if (path.startsWith("/api/devices")) return ids.get("ios-1") ?? "";
		if (path.startsWith("/api/config-backups/task") || /^\/api\/(tasks|runs)/.test(path)) return ids.get("run") ?? "";
		return ids.get("backup") ?? "";
	};
	for (const contract of Object.values<Api>(apis)) {
		for (const operation of Object.values(contract.operations)) {
			if (operation.method !== "GET" || operation.internal) continue;
			const path = operation.path.replace(/:(\w+)/g, (_, parameter: string) => argumentOf(operation, parameter));
			for (const query of ["", "?page_size=500", "?limit=500"]) await raw(`${path}${query}`);
		}
	}
	for await (const run of allRuns()) {
		await raw(`/api/runs/${run}/operations?page_size=500`);
		await raw(`/api/runs/${run}/output?limit=5000`);
		await raw(`/api/tasks/${run}/result`);
	}
	let cursor: string | null = null;
	do {
		const page: { next_cursor: string | null } = await api.audit.listAudit({
			query: { limit: 100, ...(cursor !== null && { cursor }) },
		});
		cursor = page.next_cursor;
	} while (cursor !== null);
	for (const path of ["/metrics", "/health/ready", "/health/live", "/api/openapi.json", "/"]) await raw(path);
}

async function* allRuns(): AsyncGenerator<string> {
	for (const { id } of (await api.tasks.listRuns({ query: { limit: 100 } })).items) yield id;
}

/** The processes that the product consists of: they all know its data folder. */
/**
 * An environment without what a service in a process of its own is told by it, as in a container: where its database and broker are, and auth with what
 * password the first administrator signs in.
 */
function withoutMeant({ environment, command }: { environment: Buffer; command: Buffer }): string {
	if (!isDistributed()) return environment.toString();
	const isAuth = command.includes("--targets=auth\0");
	const meant = ["DATABASE_URL", "RABBITMQ_URL", "REDIS_URL", ...(isAuth ? ["NETCONDUCTOR_ADMIN_PASSWORD"] : [])];
	const variables = environment.toString().split("\0");
	return variables.filter((variable) => !meant.includes(variable.split("=", 1)[0] ?? "")).join("\0");
}

function processes(): { pid: number; environment: Buffer; command: Buffer }[] {
	return readdirSync("/proc").flatMap((name) => {
		if (!/^\d+$/.test(name)) return [];
		try {
			const environment = readFileSync(`/proc/${name}/environ`);
			const command = readFileSync(`/proc/${name}/cmdline`);
			const ours =
				environment.includes(product.data_dir) || readlinkSync(`/proc/${name}/cwd`).startsWith(product.data_dir);
			return ours ? [{ pid: Number(name), environment, command }] : [];
		} catch {
			// Ended meanwhile, or a thread of the kernel.
			return [];
		}
	});
}

function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name));
}

const superuserFile = join("postgres", "superuser-password");
const superuserPassword = () => readFileSync(join(product.data_dir, superuserFile), "utf8").trim();

/** Secrets that the product made for itself: they may be in their own files and nowhere else. */
async function addOwnSecrets(): Promise<void> {
	const { current } = await loadMasterKeys({ data_dir: product.data_dir });
	search.add(current.bytes.toString("base64"));
	search.add(current.bytes.toString("hex"));
	search.add(superuserPassword());
	for (const schema of Object.keys(apis)) {
		search.add(deriveKey(current, `database role ${schema}`).toString("base64url"));
	}
}

async function everyRow(visit: (where: string, text: string) => void): Promise<number> {
	const postgres = findEmbeddedPostgres(product.data_dir);
	if (postgres.state !== "running") throw new Error("PostgreSQL does not run");
	const client = new pg.Client(postgres.url);
	await client.connect();
	let rows = 0;
	try {
		const tables = await client.query<{ name: string }>(
			`select format('%I.%I', table_schema, table_name) as name from information_schema.tables
			where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
		);
		for (const { name } of tables.rows) {
			const found = await client.query<{ text: string }>(`select t::text as text from ${name} t`);
			rows += found.rows.length;
			for (const { text } of found.rows) visit(name, text);
		}
		const statements = await client.query<{ query: string }>("select query from pg_stat_activity");
		for (const { query } of statements.rows) visit("pg_stat_activity", query ?? "");
	} finally {
		await client.end();
	}
	return rows;
}

/** Bytes, as PostgreSQL writes them, that begin as zstd does (RFC 8878). */
const zstdFrame = /\\x(28b52ffd[0-9a-f]+)/g;

describe("no secret is found", () => {
	beforeAll(addOwnSecrets);

	test("by a search that finds it in every form when it is there", () => {
		const planted = canary("self-test");
		for (const form of [
			planted,
			`{"a":"${planted}"}`,
			Buffer.from(planted).toString("hex"),
			...["", "x", "xy"].map((before) => Buffer.from(`${before}${planted} after`).toString("base64")),
			encodeURIComponent(planted),
		]) {
			expect(search.find("", form), form).not.toEqual([]);
		}
	});

	test("while the secrets really are there: one who may reveals them", async () => {
		const { content } = await api.backup.getBackupContent({
			params: { id: ids.get("older backup") ?? "" },
			query: { form: "raw", reveal: "true" },
		});
		for (const name of ["community", "trap-community", "snmp-auth", "snmp-priv", "tacacs-key", "bgp-password"]) {
			expect(content).toContain(canary(name));
		}
	});

	test("in what the processes wrote", () => {
		expect(product.output()).toContain("encryption key rotated");
		expect(search.find("output", product.output())).toEqual([]);
	});

	test("in any answer of the API, live view or command line", () => {
		expect(answers.length).toBeGreaterThan(150);
		expect(answers.flatMap(({ where, text }) => search.find(where, text))).toEqual([]);
	});

	test("in any span of a trace, of the main process or of a worker", async () => {
		await eventually(
			"both have reported",
			async () => new Set(receiver.spans.map(({ sent_by }) => sent_by)).size === 2,
		);
		expect(receiver.spans.length).toBeGreaterThan(500);
		expect(search.find("traces", receiver.text())).toEqual([]);
	});

	test("in any table of any schema", async () => {
		const findings: Finding[] = [];
		let unpacked = 0;
		const rows = await everyRow((where, text) => {
			findings.push(...search.find(where, text));
			for (const [, hex = ""] of text.matchAll(zstdFrame)) {
				unpacked++;
				findings.push(...search.find(`${where}, unpacked`, zstdDecompressSync(Buffer.from(hex, "hex"))));
			}
		});
		expect(rows).toBeGreaterThan(500);
		// The masked texts of configurations.
		expect(unpacked).toBeGreaterThan(5);
		expect(findings).toEqual([]);
	});

	test("in any file but those made to hold one, which nobody else may read", () => {
		const own = new Set(["master.key", "initial-admin-password", superuserFile]);
		const findings = [...filesBelow(product.data_dir), ...filesBelow(join(scratch, "tmp"))].flatMap((path) => {
			const name = relative(product.data_dir, path);
			if (own.has(name)) {
				expect(statSync(path).mode & 0o077, name).toBe(0);
				return [];
			}
			return search.find(name, readFileSync(path));
		});
		expect(findings).toEqual([]);
		expect(statSync(product.data_dir).mode & 0o077).toBe(0);
	});

	test("on the command line or in the environment of a process that the server started", () => {
		const found = processes();
		expect(found.length).toBeGreaterThan(5);
		const started = found.filter(({ pid }) => pid !== product.server.pid());
		expect(started.length).toBe(found.length - 1);
		expect(found.flatMap(({ pid, command }) => search.find(`command line of ${pid}`, command))).toEqual([]);
		const environments = started.map((process) => ({ pid: process.pid, told: withoutMeant(process) }));
		expect(environments.flatMap(({ pid, told }) => search.find(`environment of ${pid}`, told))).toEqual([]);
	});
});
