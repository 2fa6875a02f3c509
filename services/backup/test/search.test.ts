import { afterAll, beforeAll, expect, test } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
const configs: Record<string, string> = {
	"r-1":
		"hostname r-1\ninterface Gi0/1\n description Uplink 100%_x\n ip address 10.0.0.1 255.255.255.0\nsnmp-server community topsecret RO\n",
	"r-2":
		"hostname r-2\ninterface Gi0/1\n description downlink 100 x\n ip address 10.0.0.2 255.255.255.0\nsnmp-server community topsecret RO\n",
	"r-3": "hostname R-3\nbanner Straße ΟΔΟΣ İx\n",
};
beforeAll(async () => {
	host = await startBackupHost({ env: { NETCONDUCTOR_BACKUP_SEARCH_TIMEOUT_MS: "1000" } });
	for (const [name, text] of Object.entries(configs)) await host.record(host.addDevice(name), text);
});
afterAll(() => host?.stop());

type Query = Parameters<BackupHost["client"]["searchConfigs"]>[0]["query"];
async function found(query: Query) {
	const { items } = await host.client.searchConfigs({ query });
	return items.map(({ device_name, hits }) => `${device_name}:${hits.map(({ line }) => line).join(",")}`);
}

test("finds text, with or without regard to case, as it stands: wildcards and patterns mean themselves", async () => {
	expect(await found({ q: "UPLINK" })).toEqual(["r-1:3"]);
	expect(await found({ q: "hostname r", ignore_case: "false" })).toEqual(["r-1:1", "r-2:1"]);
	expect(await found({ q: "100%_x" })).toEqual(["r-1:3"]);
	expect(await found({ q: "%_" })).toEqual(["r-1:3"]);
	expect(await found({ q: "1.2" })).toEqual([]);
	expect(await found({ q: "οδος" })).toEqual(["r-3:2"]);
	expect(await found({ q: "R-1\ninterface" })).toEqual([]);
	expect(await found({ q: "\ud800x" })).toEqual([]);
});

test("finds patterns line by line", async () => {
	expect(await found({ q: "^ ip address 10\\.0\\.0\\.\\d+ ", regex: "true" })).toEqual(["r-1:4", "r-2:4"]);
	expect(await found({ q: "^hostname r-[12]$", regex: "true", ignore_case: "false" })).toEqual(["r-1:1", "r-2:1"]);
	await expect(found({ q: "(unclosed", regex: "true" })).rejects.toMatchObject({ code: "backups.bad_pattern" });
	await expect(found({ q: "(?=look)", regex: "true" })).rejects.toMatchObject({ code: "backups.bad_pattern" });
});

test("a hit tells its section and surroundings", async () => {
	const { items, total, searched } = await host.client.searchConfigs({ query: { q: "address 10.0.0.2", context: 1 } });
	expect([total, searched]).toEqual([1, 3]);
	const [hit] = items[0]?.hits ?? [];
	expect(hit).toMatchObject({ section: "interface Gi0/1", before: [" description downlink 100 x"] });
	expect(hit?.text.slice(hit.start, hit.end)).toBe("address 10.0.0.2");
});

test("nobody finds a secret by guessing it", async () => {
	expect(await found({ q: "topsecret" })).toEqual([]);
	expect(await found({ q: "community topsec.*", regex: "true" })).toEqual([]);
	expect(await found({ q: "community <secret>" })).toEqual(["r-1:5", "r-2:5"]);
});

test("pages by device and keeps the total", async () => {
	const page = (page: number) => host.client.searchConfigs({ query: { q: "hostname", page, page_size: 2 } });
	const names = [await page(1), await page(2), await page(3)].map(({ items, total }) => [
		total,
		items.map((item) => item.device_name),
	]);
	expect(names).toEqual([
		[3, ["r-1", "r-2"]],
		[3, ["r-3"]],
		[3, []],
	]);
});

test("searches as things stood at a date", async () => {
	const device = host.addDevice("r-4");
	await host.record(device, "old-line zz\n", { at: "2025-01-01T00:00:00Z" });
	await host.record(device, "new-line zz\n", { at: "2025-06-01T00:00:00Z" });
	expect(await found({ q: "line zz" })).toEqual(["r-4:1"]);
	expect(await found({ q: "old-line" })).toEqual([]);
	expect(await found({ q: "old-line", at: "2025-03-01T00:00:00Z" })).toEqual(["r-4:1"]);
	expect(await found({ q: "line zz", at: "2024-12-31T00:00:00Z" })).toEqual([]);
	expect(await found({ q: "line zz", device_type: "generic_cli" })).toEqual([]);
});

test("at a date finds what is current still and what is not any more, in every form", async () => {
	const kept = host.addDevice("r-5");
	const changed = host.addDevice("r-6");
	await host.record(kept, "Mark qx7 kept\n", { at: "2025-01-01T00:00:00Z" });
	await host.record(changed, "Mark qx7 before\n", { at: "2025-01-01T00:00:00Z" });
	await host.record(changed, "Mark qx7 after\n", { at: "2025-06-01T00:00:00Z" });
	const at = "2025-03-01T00:00:00Z";
	expect(await found({ q: "mark QX7", at })).toEqual(["r-5:1", "r-6:1"]);
	expect(await found({ q: "qx7 before", at })).toEqual(["r-6:1"]);
	expect(await found({ q: "qx7 after", at })).toEqual([]);
	expect(await found({ q: "Mark qx7", ignore_case: "false", at })).toEqual(["r-5:1", "r-6:1"]);
	expect(await found({ q: "mark qx7", ignore_case: "false", at })).toEqual([]);
	expect(await found({ q: "^Mark .x7 (kept|after)$", regex: "true", at })).toEqual(["r-5:1"]);
	expect(await found({ q: "x7", at })).toEqual(["r-5:1", "r-6:1"]);
	const { searched, total } = await host.client.searchConfigs({ query: { q: "nothing like it", at } });
	expect([searched, total]).toEqual([3, 0]);
});

test("what a search asks the database ends at the time limit as well", async () => {
	await host.db.transaction(async (tx) => {
		await tx.execute("lock table search_texts in access exclusive mode");
		await expect(found({ q: "hostname" })).rejects.toMatchObject({ code: "backups.search_too_broad" });
		const waiting = await tx.execute("select from pg_stat_activity where wait_event_type = 'Lock'");
		expect(waiting.rowCount).toBe(0);
	});
	expect(await found({ q: "hostname r-1" })).toEqual(["r-1:1"]);
});

test("a hostile pattern ends at the time limit, and the service goes on answering meanwhile", async () => {
	const device = host.addDevice("one-line");
	await host.record(device, `banner ${"ab".repeat(5_000_000)}\n`);
	// The end of the text keeps it from being tried on all lines at once, which is quick.
	const q = `${"(a?b?){50}".repeat(18)}[xyz]\\z`;
	const search = found({ q, regex: "true", device_id: device.device_id });
	const refused = expect(search).rejects.toMatchObject({ code: "backups.search_too_broad" });
	let answered = 0;
	for (const until = performance.now() + 500; performance.now() < until; answered++)
		await host.client.listBackups({ query: {} });
	expect(answered).toBeGreaterThan(5);
	await refused;
});
