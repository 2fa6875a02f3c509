import { backupApi } from "@netconductor/contracts/backup/api";
import { newId } from "@netconductor/runtime/id";
import { actorWith, admin } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
beforeAll(async () => {
	host = await startBackupHost();
});
afterAll(() => host?.stop());

const config = (routes: string, time = "08:00", community = "s3cr3t") =>
	`! Last configuration change at ${time}\r\nhostname core-1\r\n!\r\ninterface Gi0/1\r\n ip address 10.0.0.1 255.255.255.0\r\n!\r\nsnmp-server community ${community} RO\r\n${routes}end\r\n`;

test("an unchanged config costs one row, also when its volatile lines and raw bytes differ, and each backup keeps its own raw bytes", async () => {
	const device = host.addDevice("core-1");
	const first = await host.record(device, config(""));
	const second = await host.record(device, config("", "09:30"));
	expect(first.changed).toBeNull();
	expect(second.changed).toBe(false);
	const [rows] = await host.db.query<{ n: string }>(
		"select count(distinct content_id) as n from backups where device_id = $1",
		[device.device_id],
	);
	expect(rows?.n).toBe("1");
	const read = (id: string) => host.client.getBackupContent({ params: { id }, query: { form: "raw", reveal: "true" } });
	expect((await read(first.backup_id)).content).toBe(config(""));
	expect((await read(second.backup_id)).content).toBe(config("", "09:30"));
	const { content, masked } = await host.client.getBackupContent({ params: { id: second.backup_id }, query: {} });
	expect(masked).toBe(true);
	expect(content).toContain("snmp-server community <secret> RO\n");
	expect(content).not.toContain("Last configuration");
});

test("recording an operation again answers the same backup", async () => {
	const device = host.addDevice("again");
	const operation_id = newId();
	const results = await Promise.all([1, 2, 3].map(() => host.record(device, "hostname a\n", { operation_id })));
	expect(new Set(results.map(({ backup_id }) => backup_id)).size).toBe(1);
	const list = await host.client.listBackups({ query: { device_id: device.device_id } });
	expect(list.total).toBe(1);
});

test("a worker of a site records and reads configurations of its own pool's devices alone", async () => {
	const there = host.addDevice("there", { worker_pool: "dc2" });
	const here = host.addDevice("here");
	const gone = { ...there, device_id: newId() };
	const { recordBackup, readCurrent } = host.host.client(backupApi);
	const worker = { actor: admin, worker_pool: "dc2" };
	await expect(recordBackup(host.collected(there, "hostname there\n"), worker)).resolves.toMatchObject({
		changed: null,
	});
	for (const device of [here, gone]) {
		await expect(recordBackup(host.collected(device, "forged\n"), worker)).rejects.toMatchObject({
			code: "devices.other_pool",
			details: { device_id: device.device_id },
		});
	}
	const read = (...device_ids: string[]) => readCurrent({ body: { device_ids } }, worker);
	expect((await read(there.device_id)).items).toMatchObject([{ device_id: there.device_id }]);
	await expect(read(there.device_id, here.device_id)).rejects.toMatchObject({ code: "devices.other_pool" });
	const { total } = await host.client.listBackups({ query: { device_id: here.device_id } });
	expect(total).toBe(0);
});

test("backups of one device at the same moment are all kept, in one order", async () => {
	const device = host.addDevice("busy");
	const texts = ["one\n", "two\n", "three\n", "one\n"];
	await Promise.all(texts.map((text) => host.record(device, text, { at: "2026-01-01T00:00:00Z" })));
	const { items } = await host.client.listBackups({ query: { device_id: device.device_id, sort: "created_at" } });
	expect(new Set(items.map(({ created_at }) => created_at)).size).toBe(4);
	for (const [n, backup] of items.entries()) {
		const expected = n === 0 ? null : backup.content_hash !== items[n - 1]?.content_hash;
		expect(backup.changed).toBe(expected);
	}
});

test("two devices with the same text share a content, recorded at the same moment with different raw bytes", async () => {
	const devices = Array.from({ length: 6 }, (_, n) => host.addDevice(`twin-${n}`));
	const text = (n: number) => `! Last configuration change ${n}\nhostname twin\nip routing\n`;
	const recorded = await Promise.all(devices.map((device, n) => host.record(device, text(n))));
	for (const [n, { backup_id }] of recorded.entries()) {
		const { content } = await host.client.getBackupContent({
			params: { id: backup_id },
			query: { form: "raw", reveal: "true" },
		});
		expect(content).toBe(text(n));
	}
});

test("raw bytes come back exactly, whether few of them differ from the text or most lines do", async () => {
	const lines = Array.from({ length: 2_000 }, (_, n) => `interface Vlan${n}`);
	const shapes = [
		(line: string) => `${line}\n`,
		(line: string) => `${line}\r\n`,
		(line: string) => `${line}${" ".repeat(line.length % 7)}\r\n`,
	];
	for (const [shape, lineOf] of shapes.entries()) {
		const device = host.addDevice(`shape-${shape}`);
		const texts = [1, 2, 3].map((n) =>
			[`! Last configuration change ${n}`, `hostname ${shape}`, ...lines].map(lineOf).join(""),
		);
		const recorded = [];
		for (const text of texts) recorded.push(await host.record(device, text));
		for (const [n, { backup_id }] of recorded.entries()) {
			const query = { form: "raw", reveal: "true" } as const;
			expect((await host.client.getBackupContent({ params: { id: backup_id }, query })).content).toBe(texts[n]);
		}
		const [kept] = await host.db.query<{ bytes: number }>(
			"select max(length(raw_delta)) as bytes from backups where device_id = $1",
			[device.device_id],
		);
		expect(kept?.bytes).toBeLessThan(600);
	}
});

test("of many backups at the same moment each is stored, or refused, as if it had been alone", async () => {
	const devices = Array.from({ length: 40 }, (_, n) => host.addDevice(`crowd-${n}`));
	const record = (text: (n: number) => string) =>
		Promise.allSettled(devices.map((device, n) => host.record(device, n === 7 ? " \n" : text(n))));
	// Some have the same text, and what comes twice for one device is no reason to lose another's.
	const first = await record((n) => `hostname crowd-${n % 10}\nvlan 1\n`);
	const [again] = await Promise.all([
		host.record(devices[0] as (typeof devices)[0], "hostname crowd-0\nvlan 2\n"),
		host.record(devices[0] as (typeof devices)[0], "hostname crowd-0\nvlan 3\n"),
	]);
	const second = await record((n) => `hostname crowd-${n % 10}\nvlan ${n < 20 ? 1 : 2}\n`);
	expect(again?.changed).toBe(true);
	for (const [round, results] of [first, second].entries()) {
		for (const [n, result] of results.entries()) {
			if (n === 7) expect(result).toMatchObject({ reason: { code: "device.empty_config" } });
			else expect(result).toMatchObject({ value: { changed: round === 0 ? null : n === 0 || n >= 20 } });
		}
	}
	for (const [n, device] of devices.entries()) {
		const { items } = await host.client.listBackups({ query: { device_id: device.device_id, sort: "created_at" } });
		expect(items.length).toBe(n === 7 ? 0 : n === 0 ? 4 : 2);
		expect(items[0]?.changed ?? null).toBeNull();
	}
	const found = await host.client.searchConfigs({ query: { q: "hostname crowd-3" } });
	expect(found.items.map(({ device_name }) => device_name)).toEqual(["crowd-13", "crowd-23", "crowd-3", "crowd-33"]);
	expect((await host.client.searchConfigs({ query: { q: "vlan 2" } })).total).toBe(20);
});

test("one changed route shows as exactly that", async () => {
	const device = host.addDevice("route");
	const from = await host.record(device, config("ip route 10.9.0.0 255.255.0.0 10.0.0.2\r\n"));
	const to = await host.record(device, config("ip route 10.9.0.0 255.255.0.0 10.0.0.3\r\n", "10:00"));
	expect(to.changed).toBe(true);
	const result = await host.client.compareBackups({ query: { from: from.backup_id, to: to.backup_id, context: 0 } });
	expect(result).toMatchObject({ identical: false, added: 1, removed: 1, secrets_differ: false, masked: true });
	expect(result.unified.split("\n").slice(2)).toEqual([
		"@@ -7 +7 @@",
		"-ip route 10.9.0.0 255.255.0.0 10.0.0.2",
		"+ip route 10.9.0.0 255.255.0.0 10.0.0.3",
		"",
	]);
	expect(await host.client.compareBackups({ query: { to: to.backup_id, context: 0 } })).toEqual(result);
	await expect(host.client.compareBackups({ query: { to: from.backup_id } })).rejects.toMatchObject({
		code: "backups.no_earlier",
	});
	expect(await host.client.getBackup({ params: { id: to.backup_id } })).toMatchObject({
		lines_added: 1,
		lines_removed: 1,
		changed: true,
	});
});

test("a changed secret is a change although the masked texts look alike", async () => {
	const device = host.addDevice("secret");
	const from = await host.record(device, config("", "08:00", "alpha"));
	const to = await host.record(device, config("", "08:00", "beta"));
	expect(to.changed).toBe(true);
	const result = await host.client.compareBackups({ query: { from: from.backup_id, to: to.backup_id } });
	expect(result).toMatchObject({ identical: false, added: 0, removed: 0, secrets_differ: true });
	expect(JSON.stringify(result)).not.toMatch(/alpha|beta/);
	const sections = await host.client.compareBackups({
		query: { from: from.backup_id, to: to.backup_id, mode: "section" },
	});
	expect(sections).toMatchObject({ identical: false, secrets_differ: true });
});

test("revealing needs its permission, and is recorded before anything is shown, also when denied", async () => {
	const device = host.addDevice("reveal");
	const { backup_id } = await host.record(device, config(""));
	const reader = host.clientOf(backupApi, actorWith("backups:read"));
	const query = { reveal: "true" } as const;
	await expect(reader.getBackupContent({ params: { id: backup_id }, query })).rejects.toMatchObject({
		code: "auth.forbidden",
	});
	const { content, masked } = await host.client.getBackupContent({ params: { id: backup_id }, query });
	expect(masked).toBe(false);
	expect(content).toContain("s3cr3t");
	const own = () => host.audited.filter(({ resource_id }) => resource_id === backup_id);
	await vi.waitFor(() => expect(own()).toHaveLength(2), 5_000);
	const records = own().map(({ outcome, actor, resource_id }) => ({ outcome, actor: actor.name, resource_id }));
	expect(records).toEqual([
		{ outcome: "denied", actor: "tester", resource_id: backup_id },
		{ outcome: "succeeded", actor: "admin", resource_id: backup_id },
	]);
});

test("an empty config is refused and stores nothing", async () => {
	const device = host.addDevice("empty");
	for (const bytes of ["", " \r\n\t\r\n", "! Last configuration change at 08:00\r\n"]) {
		await expect(host.record(device, bytes)).rejects.toMatchObject({ code: "device.empty_config" });
	}
	expect((await host.client.listBackups({ query: { device_id: device.device_id } })).total).toBe(0);
});

test("bytes that are not text are kept as they are and shown as U+FFFD", async () => {
	const device = host.addDevice("bytes");
	const bytes = Buffer.concat([
		Buffer.from("hostname \0x"),
		Buffer.from([0xff, 0xed, 0xa0, 0x80]),
		Buffer.from("\r\nend\n"),
	]);
	const { backup_id } = await host.record(device, bytes);
	const { content } = await host.client.getBackupContent({ params: { id: backup_id }, query: {} });
	expect(content).toMatch(/^hostname \uFFFDx\uFFFD+\nend\n$/);
	const found = await host.client.searchConfigs({ query: { q: "hostname \uFFFDx" } });
	expect(found.items.map(({ device_name }) => device_name)).toEqual(["bytes"]);
});

test("history joins consecutive equal texts to versions and pages through them", async () => {
	const device = host.addDevice("history");
	const texts = ["a\n", "a\n", "b\n", "b\n", "b\n", "a\n"];
	const ids: string[] = [];
	for (const [n, text] of texts.entries()) {
		const at = new Date(Date.UTC(2026, 0, n + 1)).toISOString();
		ids.push((await host.record(device, text, { at, started_by: `run ${n}` })).backup_id);
	}
	const all = await host.client.getHistory({ params: { device_id: device.device_id }, query: {} });
	expect(all.items.map(({ backup_id, seen }) => [ids.indexOf(backup_id), seen])).toEqual([
		[5, 1],
		[2, 3],
		[0, 2],
	]);
	expect(all.items[1]).toMatchObject({
		first_seen_at: "2026-01-03T00:00:00.000Z",
		last_seen_at: "2026-01-05T00:00:00.000Z",
		lines_added: 1,
		started_by: "run 2",
	});
	const paged: string[] = [];
	let cursor: string | undefined;
	do {
		const page = await host.client.getHistory({ params: { device_id: device.device_id }, query: { limit: 1, cursor } });
		paged.push(...page.items.map(({ backup_id }) => backup_id));
		cursor = page.next_cursor ?? undefined;
	} while (cursor !== undefined);
	expect(paged).toEqual(all.items.map(({ backup_id }) => backup_id));
	// What a clean-up takes out of the middle leaves no seam.
	for (const id of ids.slice(2, 5)) await host.client.deleteBackup({ params: { id } });
	const joined = await host.client.getHistory({ params: { device_id: device.device_id }, query: {} });
	expect(joined.items.map(({ seen }) => seen)).toEqual([3]);
});

test("a backup whose predecessor was deleted tells its changes since the one that is before it now", async () => {
	const device = host.addDevice("gap");
	const texts = ["a\n", "a\nb\n", "a\nb\n", "a\nb\nc\nd\n", "a\nb\n", "a\n"];
	const ids: string[] = [];
	for (const text of texts) ids.push((await host.record(device, text)).backup_id);
	const changes = async () => {
		const { items } = await host.client.listBackups({ query: { device_id: device.device_id, sort: "created_at" } });
		return items.map(({ id, changed, lines_added, lines_removed }) => [
			ids.indexOf(id),
			changed,
			lines_added,
			lines_removed,
		]);
	};
	const remove = (n: number) => host.client.deleteBackup({ params: { id: ids[n] ?? "" } });
	await remove(1);
	expect((await changes()).slice(0, 2)).toEqual([
		[0, null, null, null],
		[2, true, 1, 0],
	]);
	await remove(3);
	expect(await changes()).toEqual([
		[0, null, null, null],
		[2, true, 1, 0],
		[4, false, 0, 0],
		[5, true, 0, 1],
	]);
	const { items } = await host.client.getHistory({ params: { device_id: device.device_id }, query: {} });
	expect(
		items.map(({ backup_id, lines_added, lines_removed }) => [ids.indexOf(backup_id), lines_added, lines_removed]),
	).toEqual([
		[5, 0, 1],
		[2, 1, 0],
		[0, null, null],
	]);
	// With nothing left before it, it keeps what it said.
	await remove(0);
	expect((await changes())[0]).toEqual([2, true, 1, 0]);
});

test("backups of a device are found by the name it had then and by the one it has now", async () => {
	const device = host.addDevice("name-before");
	const { backup_id } = await host.record(device, "hostname x\n");
	await host.publish("device.updated.v1", { device_id: device.device_id, name: "name-after", by: "alice" });
	const found = async (q: string) => (await host.client.listBackups({ query: { q } })).items.map(({ id }) => id);
	await vi.waitFor(async () => expect(await found("me-AFTER")).toEqual([backup_id]));
	expect(await found("name-before")).toEqual([backup_id]);
});

test("blame names the run whose backup showed a line first, also as of an earlier time", async () => {
	const device = host.addDevice("blame");
	const runs = [newId(), newId(), newId()];
	const texts = ["a\nb\nc\n", "a\nx\nc\n", "new\na\nx\nc\nb\n"];
	for (const [n, text] of texts.entries()) {
		await host.record(device, text, { run_id: runs[n], at: new Date(Date.UTC(2026, 0, n + 1)).toISOString() });
	}
	const blame = async (query: { at?: string; from_line?: number; limit?: number }) => {
		const { lines } = await host.client.getBlame({ params: { device_id: device.device_id }, query });
		return lines.map(({ text, run_id }) => `${text}${runs.indexOf(run_id)}`);
	};
	expect(await blame({})).toEqual(["new2", "a0", "x1", "c0", "b2"]);
	expect(await blame({ at: "2026-01-02T12:00:00Z" })).toEqual(["a0", "x1", "c0"]);
	expect(await blame({ from_line: 2, limit: 2 })).toEqual(["a0", "x1"]);
	await expect(blame({ at: "2020-01-01T00:00:00Z" })).rejects.toMatchObject({ code: "backups.no_backup_at" });
});

test("deleting the newest backup makes the one before current again, for search and for the next comparison", async () => {
	const device = host.addDevice("delete");
	await host.record(device, "hostname delete\nkept-line-qq\n");
	const newest = await host.record(device, "hostname delete\ngone-line-qq\n");
	await host.client.deleteBackup({ params: { id: newest.backup_id } });
	expect((await host.client.searchConfigs({ query: { q: "kept-line-qq" } })).total).toBe(1);
	expect((await host.client.searchConfigs({ query: { q: "gone-line-qq" } })).total).toBe(0);
	expect((await host.record(device, "hostname delete\nkept-line-qq\n")).changed).toBe(false);
	const [orphans] = await host.db.query<{ n: string }>(
		"select count(*) as n from contents c where not exists (select from backups b where b.content_id = c.id)",
	);
	expect(orphans?.n).toBe("0");
});
