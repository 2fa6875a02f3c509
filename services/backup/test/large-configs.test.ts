import { afterAll, beforeAll, expect, test } from "vitest";
import { type BackupHost, startBackupHost } from "./backup-host.ts";

let host: BackupHost;
beforeAll(async () => {
	host = await startBackupHost();
});
afterAll(() => host?.stop());

const config = (bytes: number, time = 0) => {
	const lines = [`! Last configuration change at ${time}`];
	for (let n = 0, length = 0; length < bytes; n++) {
		const line = `interface GigabitEthernet${n >> 8}/${n % 256}\r\n description ${(n * 2_654_435_761) % 4_294_967_296}`;
		length += line.length + 2;
		lines.push(line);
	}
	return `${lines.join("\r\n")}\r\n`;
};

async function storedBytes(): Promise<number> {
	const [row] = await host.db.query<{ n: string }>(
		"select sum(pg_total_relation_size(c.oid)) as n from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'backup' and relkind = 'r' and relname in ('backups', 'contents', 'blames', 'search_texts', 'devices')",
	);
	return Number(row?.n);
}

test("a year of daily backups of an unchanged megabyte takes less than 2 MB, although its volatile line changes daily", async () => {
	const device = host.addDevice("year");
	const before = await storedBytes();
	const record = async (from: number, to: number) => {
		for (let day = from; day < to; day++) {
			await host.record(device, config(1_000_000, day), { at: new Date(Date.UTC(2025, 0, day + 1)).toISOString() });
		}
		return (await storedBytes()) - before;
	};
	const first = await record(0, 5);
	// Table pages come in steps; forty days more are enough of them to see what a day costs.
	const later = await record(5, 45);
	expect(first + ((later - first) / 40) * 360).toBeLessThan(2_000_000);
}, 60_000);

test("50 MB are recorded, read and compared, also all in one line", async () => {
	const device = host.addDevice("huge");
	const text = config(50_000_000);
	const first = await host.record(device, text);
	const second = await host.record(device, text.replace("description 0\r", "description changed\r"));
	expect(second.changed).toBe(true);
	const compared = await host.client.compareBackups({ query: { from: first.backup_id, to: second.backup_id } });
	expect(compared).toMatchObject({ added: 1, removed: 1, truncated: false });
	const raw = await host.client.getBackupContent({
		params: { id: first.backup_id },
		query: { form: "raw", reveal: "true" },
	});
	expect(raw.content === text).toBe(true);
	const blame = await host.client.getBlame({
		params: { device_id: device.device_id },
		query: { from_line: 1_000_000, limit: 5 },
	});
	expect(blame.lines).toHaveLength(5);

	const line = host.addDevice("one-line");
	const one = await host.record(line, "x".repeat(50_000_000));
	const two = await host.record(line, `${"x".repeat(49_999_999)}y`);
	const lines = await host.client.compareBackups({ query: { from: one.backup_id, to: two.backup_id } });
	expect(lines).toMatchObject({ added: 1, removed: 1 });
	expect(JSON.stringify(lines).length).toBeLessThan(1_000_000);
}, 180_000);
