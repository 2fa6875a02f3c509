import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseExpired, type KeptBackup } from "./retention.ts";

const now = new Date("2026-06-01T00:00:00Z");
const histories = fc
	.array(
		fc.record({
			hash: fc.constantFrom("a", "b", "c", null),
			age: fc.integer({ min: 0, max: 400 }),
			pinned: fc.boolean(),
		}),
		{ maxLength: 40 },
	)
	.map((list) =>
		list
			.toSorted((a, b) => a.age - b.age)
			.map(
				({ hash, age, pinned }, index): KeptBackup => ({
					id: String(index),
					content_hash: hash,
					created_at: new Date(now.getTime() - age * 86_400_000).toISOString(),
					pinned,
				}),
			),
	);
const limit = fc.option(fc.integer({ min: 1, max: 300 }), { nil: null });
const few = fc.option(fc.integer({ min: 1, max: 4 }), { nil: null });

test("the newest good backup and pinned ones always stay, and what is within both limits too", () => {
	fc.assert(
		fc.property(histories, limit, few, fc.boolean(), (backups, keep_days, keep_versions, device_deleted) => {
			const expired = new Set(chooseExpired(backups, { keep_days, keep_versions, now, device_deleted }));
			const newest = backups.find(({ content_hash }) => content_hash !== null);
			if (newest !== undefined && !device_deleted) expect(expired.has(newest)).toBe(false);
			for (const backup of expired) expect(backup.pinned).toBe(false);
			if (keep_days === null && keep_versions === null) expect(expired.size).toBe(0);
			if (keep_versions === null && keep_days !== null) {
				for (const backup of backups) {
					const young = now.getTime() - Date.parse(backup.created_at) <= keep_days * 86_400_000;
					if (young) expect(expired.has(backup)).toBe(false);
				}
			}
		}),
	);
});

test("applying the limits again takes nothing more where only age counts, nor ever the newest version", () => {
	fc.assert(
		fc.property(histories, limit, (backups, keep_days) => {
			const retention = { keep_days, keep_versions: null, now, device_deleted: false };
			const expired = new Set(chooseExpired(backups, retention));
			expect(
				chooseExpired(
					backups.filter((backup) => !expired.has(backup)),
					retention,
				),
			).toEqual([]);
		}),
	);
});

test("keeping two versions keeps every backup of both, and drops the rest", () => {
	const backups = ["c", null, "c", "b", "a", null, "a"].map((content_hash, index) => ({
		id: String(index),
		content_hash,
		created_at: new Date(now.getTime() - index * 86_400_000).toISOString(),
		pinned: false,
	}));
	const expired = chooseExpired(backups, { keep_days: null, keep_versions: 2, now, device_deleted: false });
	expect(expired.map(({ id }) => id)).toEqual(["4", "5", "6"]);
});
