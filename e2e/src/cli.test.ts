import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cli, cacheHome, createCli } from "./cli.ts";
import { adminPassword, eventually, type Product, startProduct } from "./product.ts";

/** The command line as people and scripts use it, on the real server and simulated devices. */

let product: Product;
let fleet: FleetProcess;
let cli: Cli;
let folder: string;

const program = join(import.meta.dirname, "..", "..", "apps", "cli", "bin", "netconductor.mjs");

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-cli-test-"));
	[product, fleet] = await Promise.all([
		startProduct(),
		startFleetProcess({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } }),
	]);
	cli = createCli(product);
}, 120_000);

afterAll(async () => {
	await Promise.all([product?.dispose(), fleet?.stop()]);
	rmSync(folder, { recursive: true, force: true });
});

/** Runs without a token, with a home of its own, as somebody who signs in. */
function asPerson(home: string, args: string[], { input = "", signal }: { input?: string; signal?: RegExp } = {}) {
	const child = spawn(process.execPath, [program, ...args], {
		stdio: ["pipe", "pipe", "pipe"],
		env: {
			PATH: process.env.PATH,
			HOME: home,
			XDG_CONFIG_HOME: home,
			XDG_CACHE_HOME: cacheHome,
			NETCONDUCTOR_URL: product.url,
		},
	});
	const written = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name].on("data", (piece) => {
			written[name] += piece;
			if (signal?.test(written[name])) child.kill("SIGINT");
		});
	}
	child.stdin.end(input);
	return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
		child.once("close", (code) => resolve({ code, ...written })),
	);
}

describe("signing in", () => {
	test("stores a session that several commands at once may refresh without ending it", async () => {
		const home = join(folder, "ana");
		const signedIn = await asPerson(home, ["login", "--username", "admin", "--password-stdin"], {
			input: `${adminPassword}\n`,
		});
		expect(signedIn).toMatchObject({ code: 0, stdout: expect.stringContaining("as admin") });

		const file = join(home, "netconductor", "session.json");
		const stale = readFileSync(file, "utf8").replace(
			/"expires_at": "[^"]*"/,
			'"expires_at": "2020-01-01T00:00:00.000Z"',
		);
		writeFileSync(file, stale);
		const results = await Promise.all(Array.from({ length: 4 }, () => asPerson(home, ["whoami", "--json"])));
		expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(4).fill({ code: 0, stderr: "" }));

		expect(await asPerson(home, ["logout"])).toMatchObject({ code: 0 });
		expect(await asPerson(home, ["whoami"])).toMatchObject({ code: 3 });
	});

	test("with a one-time password asks for one's own, and goes on only with it", async () => {
		const made = (await cli.json(["users", "add", "eva", "--role", "viewer", "--generate-password"])) as {
			password: string;
		};
		const home = join(folder, "eva");
		const login = ["login", "--username", "eva", "--password-stdin"];
		expect(await asPerson(home, login, { input: `${made.password}\n` })).toMatchObject({
			code: 3,
			stderr: expect.stringContaining("--new-password-stdin"),
		});
		const changed = await asPerson(home, [...login, "--new-password-stdin"], {
			input: `${made.password}\na password of my own\n`,
		});
		expect(changed).toMatchObject({ code: 0 });
		expect(await asPerson(home, ["users", "list"])).toMatchObject({
			code: 3,
			stderr: expect.stringContaining("whoami"),
		});
		expect(await asPerson(home, ["devices", "list"])).toMatchObject({ code: 0 });
	});

	test("with a wrong password ends with 3 and stores nothing", async () => {
		const home = join(folder, "nobody");
		const login = ["login", "--username", "admin", "--password-stdin", "--json"];
		const { code, stdout, stderr } = await asPerson(home, login, { input: "wrong\n" });
		expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
		expect(JSON.parse(stderr)).toMatchObject({ code: "auth.bad_credentials" });
	});
});

describe("the main job", () => {
	beforeAll(async () => {
		const [first] = fleet.devices;
		await cli.run(
			["credentials", "add", "lab", "--username", "admin", "--password-stdin", "--enable-password-stdin", "--default"],
			`${first?.password}\n${first?.enable_password}\n`,
		);
		const rows = fleet.devices.map(({ name, host, port, platform }) => `${name},${host},${port},${platform},lab`);
		const file = join(folder, "devices.csv");
		writeFileSync(file, `name,host,port,device_type,tags\n${rows.join("\n")}\n`);
		expect(await cli.json(["devices", "import", file])).toMatchObject({ created: 4 });
	});

	test("a bad import names row and column, imports nothing and ends with 1", async () => {
		const { code, stderr } = await cli.run(
			["devices", "import", "-"],
			"name,host,device_type\nok-1,10.0.0.1,cisco_ios\nbad,10.0.0.300,cisco_ios\n",
		);
		expect(code).toBe(1);
		expect(stderr).toMatch(/row 2, host/);
		expect(await cli.run(["devices", "show", "ok-1"])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("ok-1"),
		});
	});

	test("tests, backs up, and shows exactly what changed", async () => {
		expect(await cli.run(["devices", "test", "--tag", "lab"])).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("4 succeeded"),
		});
		expect(await cli.run(["backup", "run", "--all", "--name", "before"])).toMatchObject({ code: 0 });
		expect((await cli.run(["backup", "diff", "ios-1"])).stdout).toContain("one version");

		await fleet.applyLines("ios-1", ["interface Loopback77", "ip address 10.77.0.1 255.255.255.255"]);
		const run = await cli.run(["backup", "run", "ios-1", "eos-1", "ios-2", "eos-2", "--name", "after"]);
		expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("1 changed") });
		expect(run.stderr).toContain("[4/4]");

		const diff = await cli.run(["backup", "diff", "ios-1"]);
		const changed = diff.stdout.split("\n").filter((line) => /^[+-](?![+-])/.test(line));
		expect(changed.filter((line) => line !== "+!")).toEqual([
			"+interface Loopback77",
			"+ ip address 10.77.0.1 255.255.255.255",
		]);
		const [first, later] = (
			(await cli.json(["backup", "list", "--device", "ios-1", "--sort", "created_at"])) as { items: { id: string }[] }
		).items;
		expect((await cli.run(["backup", "diff", later?.id ?? ""])).stdout).toBe(diff.stdout);
		expect(await cli.run(["backup", "diff", first?.id ?? ""])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("first good backup"),
		});
		expect(
			await cli.run(["backup", "diff", "ios-1", "--from", "before", "--to", "after", "--exit-code"]),
		).toMatchObject({ code: 1 });
		expect(
			await cli.run(["backup", "diff", "eos-1", "--from", "before", "--to", "after", "--exit-code"]),
		).toMatchObject({ code: 0 });

		const compared = (await cli.json(["snapshots", "compare"])) as {
			items: { device_name: string; unified: string }[];
		};
		expect(compared.items.map(({ device_name }) => device_name)).toEqual(["ios-1"]);
		expect(compared.items[0]?.unified).toContain("+interface Loopback77");
		expect((await cli.run(["snapshots", "compare", "before", "after", "--stat"])).stdout).toMatch(
			/^ios-1 +changed +\d+ +0$/m,
		);

		expect((await cli.run(["backup", "search", "10.77.0.1", "--list"])).stdout).toBe("ios-1\n");
		expect((await cli.run(["backup", "history", "ios-1"])).stdout.trim().split("\n")).toHaveLength(3);
		const blame = (await cli.json(["backup", "blame", "ios-1"])) as { lines: { text: string; run_id: string }[] };
		const { run_id } = blame.lines.find(({ text }) => text === "interface Loopback77") ?? {};
		expect((await cli.json(["runs", "show", run_id ?? ""])) as object).toMatchObject({ run: { kind: "backup" } });
	});

	test("a run that fails in part ends with 1 and says which device, in which phase, why and what to do", async () => {
		await fleet.setFault("eos-1", { kind: "wrong_password" });
		const { code, stdout } = await cli.run(["backup", "run", "--all"]);
		await fleet.setFault("eos-1", null);
		expect(code).toBe(1);
		expect(stdout).toMatch(/eos-1 \(auth\): /);
		expect(stdout).toContain("netconductor devices edit eos-1 --credential");
		expect(await cli.run(["runs", "list", "--status", "partial", "--json"])).toMatchObject({ code: 0 });
	});

	test("a changed host key is shown with both fingerprints and accepted only as named", async () => {
		const before = ((await cli.json(["devices", "show", "ios-2"])) as { host_key: { fingerprint: string } }).host_key
			.fingerprint;
		const now = await fleet.changeHostKey("ios-2");
		expect(await cli.run(["devices", "test", "ios-2"])).toMatchObject({
			code: 1,
			stdout: expect.stringContaining("netconductor devices trust ios-2"),
		});
		const refused = await cli.run(["devices", "trust", "ios-2"]);
		expect(refused.code).toBe(2);
		expect(refused.stderr).toContain(before);
		expect(refused.stderr).toContain(now);
		expect(await cli.run(["devices", "trust", "ios-2", "--fingerprint", before])).toMatchObject({ code: 1 });
		expect((await cli.run(["devices", "trust", "ios-2", "--reject", "--yes"])).stdout).toContain(before);
		expect(await cli.run(["devices", "test", "ios-2"])).toMatchObject({ code: 1 });
		expect(await cli.run(["devices", "trust", "ios-2", "--fingerprint", now])).toMatchObject({ code: 0 });
		expect(await cli.run(["devices", "test", "ios-2"])).toMatchObject({ code: 0 });
	});

	test("Ctrl-C leaves the run going and says how to come back; a cancelled run ends with 1", async () => {
		const home = join(folder, "interrupting");
		await asPerson(home, ["login", "--username", "admin", "--password-stdin"], { input: `${adminPassword}\n` });
		// Longer than a busy machine takes to cancel it.
		await fleet.setLatency("ios-1", 8_000);
		const watching = asPerson(home, ["backup", "run", "ios-1"], { signal: /never/ });
		const { id } = await eventually("the run is under way", async () => {
			const { items } = (await cli.json(["runs", "list", "--status", "running"])) as { items: { id: string }[] };
			return items[0];
		});
		const interrupted = asPerson(home, ["runs", "watch", id], { signal: /connected|collect|\|/ });
		const { code, stderr } = await interrupted;
		expect(code).toBe(130);
		expect(stderr).toContain(`netconductor runs cancel ${id}`);
		expect(await cli.run(["runs", "cancel", id])).toMatchObject({ code: 0 });
		await fleet.setLatency("ios-1", 0);
		expect(await watching).toMatchObject({ code: 1, stdout: expect.stringContaining("cancelled") });
	});

	test("a run is read in groups and from its end; where nothing is unknown there is nothing to decide", async () => {
		const { run } = (await cli.json(["backup", "run", "ios-1"])) as { run: { id: string; total: number } };
		const { items: groups } = (await cli.json(["runs", "groups", run.id])) as {
			items: { count: number; outcome: string; key: string }[];
		};
		expect(groups).toMatchObject([{ count: run.total, outcome: expect.stringMatching(/^(first|changed|unchanged)$/) }]);
		expect((await cli.run(["runs", "groups", run.id])).stdout).toContain(groups[0]?.key);

		const last = (await cli.json(["runs", "output", run.id, "--tail", "1"])) as { items: { seq: number }[] };
		const { items: all } = (await cli.json(["runs", "output", run.id])) as { items: { seq: number }[] };
		expect(last.items).toHaveLength(1);
		expect(last.items).toEqual(all.slice(-1));
		const { stdout } = await cli.run(["runs", "output", run.id]);
		for (const line of stdout.trimEnd().split("\n")) expect(line).toMatch(/^ios-1 \| /);

		const decide = ["runs", "decide", run.id, "verified", "--reason", "it is there"];
		expect(await cli.run(decide)).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
		expect(await cli.run([...decide, "--yes", "--json"])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("runs.nothing_to_decide"),
		});
		expect(await cli.run([...decide, "--yes", "--device", "ios-1"])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("ios-1"),
		});
		expect(await cli.run(["runs", "decide", run.id, "maybe", "--reason", "x"])).toMatchObject({ code: 2 });
	});

	test("a worker is drained by its id, and another takes its place", async () => {
		const online = async () => {
			const { items } = (await cli.json(["workers", "list"])) as { items: { id: string; status: string }[] };
			return items.filter(({ status }) => status === "online").map(({ id }) => id);
		};
		const [id = ""] = await online();
		expect(await cli.run(["workers", "drain", id])).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });
		await eventually("another worker has come", async () => {
			const ids = await online();
			return ids.length > 0 && !ids.includes(id);
		});
		expect(await cli.json(["workers", "queue"])).toMatchObject({ items: expect.any(Array) });
		expect(await cli.run(["workers", "drain", "nobody", "--json"])).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("workers.not_found"),
		});
	});

	test("the exit code and JSON of every list are for scripts", async () => {
		for (const noun of [
			"devices",
			"credentials",
			"device-types",
			"groups",
			"backup",
			"snapshots",
			"runs",
			"workers",
			"users",
			"service-accounts",
			"roles",
			"tokens",
			"audit",
		]) {
			const { code, stdout, stderr } = await cli.run([noun, "list", "--all", "--json"]);
			expect({ noun, code, stderr }).toEqual({ noun, code: 0, stderr: "" });
			expect(JSON.parse(stdout), noun).toMatchObject({ items: expect.any(Array) });
		}
		const all = (await cli.json(["devices", "list", "--limit", "3"])) as { items: unknown[]; total: number };
		expect({ shown: all.items.length, total: all.total }).toEqual({ shown: 3, total: 4 });
		expect(await cli.json(["status"])).toMatchObject({
			health: { status: "ok" },
			devices: { total: 4 },
			backups: { coverage: { devices: 4 } },
		});
		const { workers } = (await cli.json(["status"])) as { workers: { completed_last_hour: number } };
		expect((await cli.run(["status"])).stdout).toContain(` of ${workers.completed_last_hour} operations failed`);
		expect(await cli.json(["audit", "verify"])).toMatchObject({ intact: true });
		expect(await cli.json(["keys", "rotate"])).toMatchObject({ rotation_id: expect.any(String) });
		// A program for each.
	}, 120_000);

	test("tells what runs there, how well, and gives the trail as a file", async () => {
		expect(await cli.json(["system", "about"])).toMatchObject({ product: "NetConductor", counts: { devices: 4 } });
		const health = await cli.run(["system", "health"]);
		expect(health).toMatchObject({ code: 0, stdout: expect.stringMatching(/^database +ok /m) });
		expect(health.stdout).toContain("In all: ok");
		const exported = await cli.run(["audit", "export", "--operation", "importDevices"]);
		expect(exported.stdout).toMatch(/^position,occurred_at,.*\r\n"\d+",/);
		expect(await cli.run(["audit", "export", "--json"])).toMatchObject({ code: 2 });
	});

	test("starts, changes and removes a simulated network", async () => {
		expect((await cli.run(["system", "simulated-network", "show"])).stdout).toContain("There is none");
		const started = await cli.run(["system", "simulated-network", "start", "--devices", "3"]);
		expect(started.stdout).toContain("Running\n");
		expect(started.stdout).toMatch(/sim-cisco-ios-1 +cisco_ios +127\.0\.0\.1:\d+/);
		expect((await cli.run(["system", "simulated-network", "change"])).stdout).toContain(
			"sim-juniper-junos-1\n  set system ntp",
		);
		expect(await cli.run(["system", "simulated-network", "remove"])).toMatchObject({ code: 2 });
		expect(await cli.json(["system", "simulated-network", "remove", "--yes"])).toEqual({ removed: 3 });
	});

	test("what is planned, missing or only a draft is shown before anything is done", async () => {
		expect(await cli.json(["backup", "coverage", "--status", "good,never", "--all"])).toMatchObject({
			items: expect.arrayContaining([expect.objectContaining({ device_name: "ios-1", status: "good" })]),
		});
		const preview = await cli.run(["backup", "schedule", "preview", "--cron", "0 3 * * *"]);
		expect({ code: preview.code, lines: preview.stdout.trim().split("\n").length }).toEqual({ code: 0, lines: 10 });
		expect(await cli.run(["backup", "schedule", "preview", "--cron", "61 * * * *"])).toMatchObject({ code: 1 });
		const transcript = "r1#show running-config\nhostname r1\nenable secret 5 canary\nend\nr1#";
		const read = await cli.run(["device-types", "try", "cisco_ios", "-"], transcript);
		expect(read.stdout).toContain("hostname r1\nenable secret 5 <secret>\nend\n");
	});

	test("shells are told device names", async () => {
		expect((await cli.run(["__complete", "device", "ios"])).stdout).toBe("ios-1\nios-2\n");
		const elsewhere = createCli({ url: "http://127.0.0.1:1", admin_token: "nc_x" });
		expect(await elsewhere.run(["__complete", "device", "ios"])).toEqual({ code: 0, stdout: "", stderr: "" });
	});
});

describe("watching a run over a bad connection", () => {
	/** A wire to the server on which WebSockets break: at once, or each after so many bytes from the server. */
	async function badWire(webSocketBytes: number) {
		let webSockets = 0;
		/** Bytes from the server on the WebSocket that had the most. */
		let most = 0;
		const wire = createServer((client) => {
			const server = connect(Number(new URL(product.url).port), "127.0.0.1");
			let isWebSocket = false;
			let sent = 0;
			client.on("data", (piece: Buffer) => {
				if (piece.toString("latin1").startsWith("GET /ws/")) {
					isWebSocket = true;
					webSockets += 1;
				}
				server.write(piece);
			});
			server.on("data", (piece: Buffer) => {
				sent += piece.length;
				client.write(piece);
				if (isWebSocket) most = Math.max(most, sent);
				if (isWebSocket && sent > webSocketBytes) client.destroy();
			});
			for (const [from, to] of [
				[client, server],
				[server, client],
			] as const) {
				from.on("close", () => to.destroy());
				from.on("error", () => to.destroy());
			}
		});
		await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
		const { port } = wire.address() as { port: number };
		return {
			cli: createCli({ url: `http://127.0.0.1:${port}`, admin_token: product.admin_token }),
			webSockets: () => webSockets,
			most: () => most,
			close: () => wire.close(),
		};
	}

	interface Message {
		type: string;
		chunk?: { seq: number };
		run?: { status: string };
	}

	async function watchOver(bytes: number): Promise<{ messages: Message[]; webSockets: number; most: number }> {
		const { items } = (await cli.json(["runs", "list", "--kind", "backup", "--status", "succeeded"])) as {
			items: { id: string; total: number }[];
		};
		const { id } = items.find(({ total }) => total === 4) ?? { id: "" };
		const wire = await badWire(bytes);
		const { code, stdout } = await wire.cli.run(["runs", "watch", id, "--json"]);
		wire.close();
		expect(code).toBe(0);
		return {
			messages: stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line) as Message),
			webSockets: wire.webSockets(),
			most: wire.most(),
		};
	}

	test("every piece of output is seen once, whether it comes live, in parts, or by asking", async () => {
		const whole = await watchOver(Number.POSITIVE_INFINITY);
		const seqs = ({ messages }: typeof whole) =>
			messages.flatMap(({ chunk }) => (chunk === undefined ? [] : [chunk.seq]));
		expect(whole.webSockets).toBe(1);
		expect(seqs(whole).length).toBeGreaterThan(4);
		for (const bytes of [0, 500, Math.round(whole.most * 0.6)]) {
			const broken = await watchOver(bytes);
			expect(broken.webSockets, `${bytes} bytes`).toBeGreaterThan(1);
			expect(seqs(broken), `${bytes} bytes`).toEqual(seqs(whole));
			expect(broken.messages.findLast(({ type }) => type === "run")?.run?.status).toBe("succeeded");
		}
	});
});
