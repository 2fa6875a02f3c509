import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadServices, parseTargets, targetNames } from "@netconductor/server/services";
import { loadSettings } from "@netconductor/server/settings";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = join(import.meta.dirname, "systemd");
const units = readdirSync(folder).filter((name) => /\.(service|target)$/.test(name));
const services = units.filter((name) => name.endsWith(".service"));
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

let dir: string;
beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "netconductor-units-"));
	for (const name of units)
		writeFileSync(join(dir, name), unit(name).replaceAll("/opt/netconductor", resolve(folder, "../..")));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const unit = (name: string) => readFileSync(join(folder, name), "utf8");

/** The values of one directive, in order. */
const values = (name: string, directive: string) =>
	[...unit(name).matchAll(new RegExp(`^${directive}=(.*)$`, "gm"))].map(([, value = ""]) => value);

const assignments = (text: string): Record<string, string> =>
	Object.fromEntries(text.split("\n").flatMap((line) => (/^[A-Z]/.test(line) ? [line.split(/=(.*)/s, 2)] : [])));

/** An instance where a unit is a template. */
const instance = (name: string) => name.replace("netconductor@.", "netconductor@devices.").replace("@.", "@1.");

test.skipIf(!hasSystemd)("systemd understands every unit without a warning", () => {
	const { status, stdout, stderr } = spawnSync(
		"systemd-analyze",
		["verify", ...units.map((name) => `./${instance(name)}`)],
		{
			cwd: dir,
			encoding: "utf8",
		},
	);
	// Of others' units on the machine it complains, too.
	const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("netconductor"));
	expect({ status, ours }).toEqual({ status: 0, ours: [] });
});

test.skipIf(!hasSystemd)("systemd rates the exposure of every service at 2.0 of 10 or less", () => {
	for (const name of services) {
		const args = ["security", "--offline=true", "--threshold=20", "--no-pager", `./${instance(name)}`];
		const { status, stdout } = spawnSync("systemd-analyze", args, { cwd: dir, encoding: "utf8" });
		expect(status, stdout.split("\n").slice(-3).join("\n")).toBe(0);
	}
});

test("no service runs as root, may gain rights or write anywhere but in its own folder", () => {
	for (const name of services) {
		for (const [directive, value] of [
			["User", "netconductor"],
			["NoNewPrivileges", "yes"],
			["CapabilityBoundingSet", ""],
			["ProtectSystem", "strict"],
			["ProtectHome", "yes"],
			["PrivateTmp", "yes"],
			["RestrictSUIDSGID", "yes"],
			["StateDirectoryMode", "0700"],
		] as const) {
			expect(values(name, directive), `${name}: ${directive}`).toEqual([value]);
		}
		const [state = ""] = values(name, "StateDirectory");
		expect(values(name, "Environment"), name).toContain(`NETCONDUCTOR_DATA_DIR=%S/${state}`);
	}
});

test("secrets come as credentials: none stands in a unit or in the environment", () => {
	for (const name of services) {
		for (const assignment of values(name, "Environment"))
			expect(assignment).not.toMatch(/(KEY|PASSWORD|DATABASE_URL)=/);
		const loaded = values(name, "LoadCredential").map((value) => value.split(":")[0]);
		const used = values(name, "Environment").flatMap((value) => /=%d\/(.+)$/.exec(value)?.[1] ?? []);
		expect(used, name).toEqual(loaded);
	}
	for (const name of readdirSync(join(folder, "settings"))) {
		expect(readFileSync(join(folder, "settings", name), "utf8"), name).not.toMatch(
			/:\/\/[^/\s@]+:[^@\s]+@|(PASSWORD|KEY)=/,
		);
	}
});

test("with the settings that come along every service and worker has what it needs to start", async () => {
	const secret = (name: string) => join(dir, name);
	writeFileSync(secret("master-key"), `${"5a".repeat(32)}\n`);
	writeFileSync(secret("database-url"), "postgres://netconductor:secret@127.0.0.1:5432/netconductor\n");
	writeFileSync(secret("rabbitmq-url"), "amqp://netconductor:secret@127.0.0.1:5672\n");
	writeFileSync(secret("redis-url"), "redis://default:secret@127.0.0.1:6379\n");
	const settings = (name: string) => assignments(readFileSync(join(folder, "settings", `${name}.env`), "utf8"));
	const ports = new Set<number>();
	for (const target of targetNames) {
		const name = target === "worker" ? "netconductor-worker@.service" : "netconductor@.service";
		const env = {
			...assignments(values(name, "Environment").join("\n").replaceAll("%d", dir).replaceAll("%S", dir)),
			...settings("distributed"),
			...(target !== "worker" && settings(target)),
		};
		const { internal, database, database_urls } = loadSettings(await loadServices([target]), env, undefined);
		if (target === "worker")
			expect({ database, own: database_urls.tasks }).toMatchObject({
				database: { pool_size: 10 },
				own: expect.stringContaining("nc_tasks@"),
			});
		else expect(env[`NETCONDUCTOR_${target.toUpperCase()}_URL`]).toBe(`http://127.0.0.1:${internal.port}`);
		expect(ports.has(internal.port), target).toBe(false);
		ports.add(internal.port);
	}
});

test("a worker of another site starts with the keys of its pool and where the product answers, and with no master key", async () => {
	const name = "netconductor-site@.service";
	expect(unit(name)).not.toMatch(/MASTER_KEY|master-key/);
	expect(values(name, "ExecStart")).toEqual([expect.stringMatching(/ serve --targets=worker --worker-pool=%i$/)]);
	const site = assignments(readFileSync(join(folder, "settings", "site.env"), "utf8"));
	const own = assignments(values(name, "Environment").join("\n").replaceAll("%d", dir).replaceAll("%S", dir));
	const settings = loadSettings(await loadServices(["worker"]), { ...own, ...site }, undefined);
	expect(settings.workers.keys_file).toBe(join(dir, "worker-keys"));
	expect(settings.peers.devices).toEqual([site.NETCONDUCTOR_DEVICES_URL]);
	expect(settings.database_urls.tasks).toBe(site.NETCONDUCTOR_TASKS_DATABASE_URL);
});

test("what is started exists and knows the targets", () => {
	for (const name of services) {
		const [start = ""] = values(name, "ExecStart");
		const [, program = "", target] =
			/(\/opt\/netconductor\/apps\S+) serve(?: --targets=(\S+))?(?: --worker-pool=%i)?$/.exec(start) ?? [];
		const path = program.replace("/opt/netconductor", resolve(folder, "../.."));
		expect(() => execFileSync(process.execPath, [path, "--help"]), name).not.toThrow();
		if (target !== undefined && target !== "%i") expect(parseTargets(target)).toEqual([target]);
	}
	expect(readFileSync(join(folder, "netconductor.sysusers"), "utf8")).toMatch(/^u netconductor /m);
});
