import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { TextRules } from "@netconductor/runtime/config-text";
import type { Database, Orm, Tx } from "@netconductor/runtime/db/database";
import { violatedForeignKey } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import type { Call, Handler } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { eq, type InferSelectModel } from "drizzle-orm";
import type { ContentStore, NewContent } from "../contents/content-store.ts";
import type { PlatformsOf } from "../contents/platform-rules.ts";
import { bigText } from "../search/search-texts.ts";
import { backups, blames, devices, searchTexts } from "../tables.ts";
import { storable } from "../text/lines.ts";
import type { PreparedConfig } from "../text/prepare.ts";
import type { TextPool } from "../text/text-pool.ts";

type RecordBackup = (typeof backupApi)["operations"]["recordBackup"];

interface Needs {
	db: Database;
	outbox: Outbox;
	contents: ContentStore;
	texts: TextPool;
	platformsOf: PlatformsOf;
	hashKey(): Promise<Buffer>;
	clock: Clock;
}

/** Two backups of one device at the same moment, or a clean-up in between, make the second one look again. */
const mostAttempts = 5;

/**
 * Stores what a worker collected, once for each operation. Texts, differences and seals are made before the transaction, from what was the
 * device's newest backup then; when that is no longer so, they are made again.
 * @throws device.empty_config — nothing but white space is never a good backup
 */
export function recordBackup(needs: Needs): Handler<RecordBackup> {
	return async (call) => {
		const given = call.body;
		const known = await findRecorded(needs.db.orm, given.operation_id);
		if (known?.status === "succeeded") return answer(known);

		const bytes = Buffer.from(given.content_base64, "base64");
		const platform = (await needs.platformsOf([given.device_type])).get(given.device_type);
		const rules = {
			volatile: platform?.volatile ?? [],
			secrets: platform?.secrets ?? [],
			secret_blocks: platform?.secret_blocks ?? [],
		};
		const hash_key = await needs.hashKey();
		const prepare = (known_key: string | undefined) =>
			needs.texts.run("prepare", { bytes, rules, hash_key, known_key }, bytes.length, call.signal);
		let prepared = await prepare(await currentKey(needs, given.device_id));
		if (prepared.empty) {
			throw failed("device.empty_config", {
				message: `${given.device_name} answered with an empty configuration (${bytes.length} bytes); it was not stored as a backup. Check on the device that this user may read the configuration.`,
				phase: "command",
				details: { device_id: given.device_id, size_bytes: bytes.length },
			});
		}
		for (let attempt = 1; ; attempt++) {
			const version = await prepareVersion(needs, call, bytes, prepared, rules);
			if (version === undefined) {
				prepared = await prepare(undefined);
				continue;
			}
			try {
				const stored = await needs.db.transaction((tx) => store(needs, tx, call, version));
				if (stored !== undefined) return stored;
			} catch (error) {
				// The content went with the last backup that had it, between our look and our transaction.
				if (violatedForeignKey(error) === undefined || attempt === mostAttempts) throw error;
			}
			if (attempt === mostAttempts) {
				throw failed("service.unavailable", {
					message: `The backup of ${given.device_name} could not be stored because others of the same device were being stored. Try again.`,
				});
			}
		}
	};
}

/** Everything that is stored, made from the device's newest backup as `before` names it. */
interface Version {
	backup_id: string;
	before: { backup_id: string | null; version_id: string | null; backed_up_at: string | null };
	content: { existing: string } | { create: NewContent };
	raw_delta: Buffer | null;
	changed: boolean | null;
	lines_added: number | null;
	lines_removed: number | null;
	/** Set when the text is new for the device. */
	blame: Uint8Array | undefined;
	prepared: PreparedConfig;
	created_at: string;
}

/** Undefined when the text turns out to be new although its forms were left out: another backup of the device came in between. */
async function prepareVersion(
	{ db, contents, texts, clock }: Needs,
	{ body, signal }: Call<RecordBackup>,
	bytes: Buffer,
	prepared: PreparedConfig,
	rules: TextRules,
): Promise<Version | undefined> {
	const failedBefore = await findRecorded(db.orm, body.operation_id);
	const backup_id = failedBefore?.id ?? newId();
	const [device] = await db.orm.select().from(devices).where(eq(devices.device_id, body.device_id));
	const before = {
		backup_id: device?.backup_id ?? null,
		version_id: device?.version_id ?? null,
		backed_up_at: device?.backed_up_at ?? null,
	};
	const created_at = timeOf(body.collected_at, before.backed_up_at, clock.now());

	const existing = await contents.findByKey(prepared.content_key);
	const { forms } = prepared;
	const unchanged = device?.content_hash === prepared.content_hash;
	if (forms === undefined && !unchanged) return undefined;
	let raw_delta: Buffer | null = null;
	if (existing !== undefined) {
		const content = await contents.open(existing);
		if (content !== undefined && content.raw_hash !== prepared.raw_hash) {
			const size = bytes.length + content.raw.size;
			raw_delta = await contents.sealDelta(backup_id, await texts.run("packDelta", { bytes, content }, size, signal));
		}
	}
	let content: Version["content"];
	if (existing !== undefined) content = { existing };
	else if (forms !== undefined) content = { create: await contents.seal(prepared, forms, rules, created_at) };
	else return undefined;

	const shared = { backup_id, before, content, raw_delta, prepared, created_at };
	if (unchanged || forms === undefined) {
		return { ...shared, changed: false, lines_added: 0, lines_removed: 0, blame: undefined };
	}
	const textBefore = device?.content_id
		? (await contents.readMasked([device.content_id])).get(device.content_id)
		: undefined;
	const origin = { backup_id, run_id: body.run_id, since: created_at, started_by: storable(body.started_by) };
	const { added, removed, blame } = await texts.run(
		"nextVersion",
		{
			before: textBefore && {
				text: textBefore,
				blame: await readBlame(db, before.version_id),
				origin: { ...origin, backup_id: before.backup_id ?? backup_id, since: before.backed_up_at ?? created_at },
			},
			text: { packed: forms.masked, size: prepared.masked_size },
			origin,
		},
		prepared.masked_size + (textBefore?.size ?? 0),
		signal,
	);
	const changed = textBefore === undefined ? null : true;
	return { ...shared, changed, lines_added: added, lines_removed: removed, blame };
}

/** Undefined when the device's newest backup is another one by now. */
async function store({ outbox, contents }: Needs, tx: Tx, { body }: Call<RecordBackup>, version: Version) {
	const { backup_id, before, prepared, created_at, changed, lines_added, lines_removed } = version;
	const device_name = storable(body.device_name);
	const device_type = storable(body.device_type);
	await tx.insert(devices).values({ device_id: body.device_id, device_name, device_type }).onConflictDoNothing();
	const [device] = await tx.select().from(devices).where(eq(devices.device_id, body.device_id)).for("update");
	if (device === undefined || device.backup_id !== before.backup_id) return undefined;
	const recorded = await findRecorded(tx, body.operation_id);
	if (recorded?.status === "succeeded") return answer(recorded);
	if (recorded !== undefined && recorded.id !== backup_id) return undefined;

	// Another device may have brought the same text meanwhile with other raw bytes: those are the content's then, and ours a difference.
	const content_id =
		"existing" in version.content ? version.content.existing : await contents.insert(tx, version.content.create);
	if (content_id === undefined) return undefined;
	const version_id = changed === false && before.version_id !== null ? before.version_id : backup_id;
	const row = {
		device_id: body.device_id,
		device_name,
		device_type,
		snapshot_id: body.snapshot_id,
		run_id: body.run_id,
		status: "succeeded" as const,
		changed,
		lines_added,
		lines_removed,
		size_bytes: prepared.raw_size,
		content_id,
		content_hash: prepared.content_hash,
		version_id,
		raw_delta: version.raw_delta,
		error: null,
		started_by: storable(body.started_by),
		created_at,
	};
	// The run gave the device up before its config arrived after all: what did arrive is kept.
	await tx
		.insert(backups)
		.values({ id: backup_id, operation_id: body.operation_id, ...row })
		.onConflictDoUpdate({ target: backups.operation_id, set: row });
	if (version.blame !== undefined) {
		const origins = Buffer.from(version.blame);
		await tx.insert(blames).values({ version_id, device_id: body.device_id, origins }).onConflictDoNothing();
	}
	if (device.content_id !== content_id && prepared.forms !== undefined) {
		const { folded } = prepared.forms;
		const big = prepared.masked_size > bigText;
		await tx.insert(searchTexts).values({ content_id, folded, big }).onConflictDoNothing();
	}
	await tx
		.update(devices)
		.set({
			device_name,
			device_type,
			backup_id,
			content_id,
			content_hash: prepared.content_hash,
			version_id,
			backed_up_at: created_at,
		})
		.where(eq(devices.device_id, body.device_id));
	await outbox.publish(tx, "backup.completed.v1", {
		backup_id,
		device_id: body.device_id,
		device_name,
		run_id: body.run_id,
		changed,
		lines_added,
		lines_removed,
	});
	return { backup_id, changed, size_bytes: prepared.raw_size };
}

/** When a config was collected; later than the backup before, so that a device's history has one order, and not in the future. */
function timeOf(collected_at: string, before: string | null, now: Date): string {
	const collected = Math.min(Date.parse(collected_at), now.getTime());
	return new Date(Math.max(collected, before === null ? 0 : Date.parse(before) + 1)).toISOString();
}

/** Key of the text that the device had last. */
async function currentKey({ db, contents }: Needs, device_id: string): Promise<string | undefined> {
	const [device] = await db.orm
		.select({ content_id: devices.content_id })
		.from(devices)
		.where(eq(devices.device_id, device_id));
	return device?.content_id ? contents.keyOf(device.content_id) : undefined;
}

type Recorded = Pick<InferSelectModel<typeof backups>, "id" | "status" | "changed" | "size_bytes">;

async function findRecorded(orm: Orm, operation_id: string): Promise<Recorded | undefined> {
	const { id, status, changed, size_bytes } = backups;
	const [row] = await orm
		.select({ id, status, changed, size_bytes })
		.from(backups)
		.where(eq(backups.operation_id, operation_id));
	return row;
}

function answer({ id, changed, size_bytes }: Recorded) {
	return { backup_id: id, changed, size_bytes: size_bytes ?? 0 };
}

async function readBlame(db: Database, version_id: string | null): Promise<Buffer | undefined> {
	if (version_id === null) return undefined;
	const [row] = await db.orm.select({ origins: blames.origins }).from(blames).where(eq(blames.version_id, version_id));
	return row?.origins;
}
