import type { backupApi } from "@netconductor/contracts/backup/api";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { TextRules } from "@netconductor/runtime/config-text";
import type { Database } from "@netconductor/runtime/db/database";
import { violatedForeignKey } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import type { Call, Handler } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { currentTraceparent } from "@netconductor/runtime/telemetry";
import { storable } from "@netconductor/runtime/text/lines";
import type { ContentStore, KnownContent, SealedDelta } from "../contents/content-store.ts";
import type { PlatformsOf } from "../contents/platform-rules.ts";
import type { Origin } from "../text/blame.ts";
import type { PackedRaw } from "../text/prepare.ts";
import type { TextPool } from "../text/text-pool.ts";
import { type Before, createRecordStore, type NewBackup, type RecordStore } from "./record-store.ts";
import { type PoolNeeds, requirePool } from "./require-pool.ts";

type RecordBackup = (typeof backupApi)["operations"]["recordBackup"];

interface Needs extends PoolNeeds {
	db: Database;
	outbox: Outbox;
	contents: ContentStore;
	texts: TextPool;
	platformsOf: PlatformsOf;
	hashKey(): Promise<Buffer>;
	clock: Clock;
}

const noRules: TextRules = { volatile: [], secrets: [], secret_blocks: [] };

/** Two backups of one device at the same moment, or a clean-up in between, make the second one look again. */
const mostAttempts = 5;

/**
 * Stores what a worker collected, once for each operation. Texts, differences and seals are made before the transaction, from what was the
 * device's newest backup then; when that is no longer so, they are made again.
 * @throws device.empty_config — nothing but white space is never a good backup
 * @throws devices.other_pool
 */
export function recordBackup(needs: Needs): Handler<RecordBackup> {
	const store = createRecordStore(needs);
	return async (call) => {
		const { operation_id, device_id, device_name } = call.body;
		await requirePool(needs, [device_id], call.worker_pool);
		for (let attempt = 1; ; attempt++) {
			const before = await store.look({ operation_id, device_id });
			if (before.recorded?.status === "succeeded") return answer(before.recorded);
			const backup = await prepareBackup({ ...needs, store, call, before });
			try {
				if (await store.store(backup)) return answer(backup.row);
			} catch (error) {
				// The content went with the last backup that had it, between our look and our transaction.
				if (violatedForeignKey(error) === undefined || attempt === mostAttempts) throw error;
			}
			if (attempt === mostAttempts) {
				throw failed("service.unavailable", {
					message: `The backup of ${device_name} could not be stored because others of the same device were being stored. Try again.`,
				});
			}
		}
	};
}

function answer({ id, changed, size_bytes }: Pick<NewBackup["row"], "id" | "changed" | "size_bytes">) {
	return { backup_id: id, changed, size_bytes: size_bytes ?? 0 };
}

interface Attempt extends Needs {
	store: RecordStore;
	call: Call<RecordBackup>;
	before: Before;
}

/** Everything that is stored, made from the device's newest backup as `before` names it. */
async function prepareBackup(attempt: Attempt): Promise<NewBackup> {
	const { store, contents, before } = attempt;
	const { body, signal } = attempt.call;
	const bytes = Buffer.from(body.content_base64, "base64");
	// The definition itself and no copy: rules that are the same object are compiled once.
	const rules: TextRules = (await attempt.platformsOf([body.device_type])).get(body.device_type) ?? noRules;
	const hash_key = await attempt.hashKey();
	const prepared = await attempt.texts.run(
		"prepare",
		{ bytes, rules, hash_key, current: before.content },
		bytes.length,
		signal,
	);
	if (prepared.empty) throw emptyConfig(body, bytes.length);

	const id = before.recorded?.id ?? newId();
	const created_at = timeOf(body.collected_at, before.backed_up_at, attempt.clock.now());
	const started_by = storable(body.started_by);
	const { forms, raw, content_hash } = prepared;
	const existing = forms === undefined ? before.content : await store.findContent(prepared.content_key);
	let content: NewBackup["content"];
	let delta: SealedDelta = { raw_delta: null, raw_delta_against: null };
	if (existing !== undefined) {
		content = { existing: existing.id };
		if (raw !== undefined && existing.raw_hash !== prepared.raw_hash) {
			delta = await differenceTo(attempt, existing, id, bytes, raw);
		}
	} else if (forms !== undefined && raw !== undefined) {
		content = { create: await contents.seal({ ...prepared, forms, raw }, rules, created_at) };
	} else throw new TypeError("a text that is new has no forms");

	const origin = { backup_id: id, run_id: body.run_id, since: created_at, started_by };
	const version =
		forms === undefined || before.content?.content_hash === content_hash
			? { id: before.version_id ?? id, changed: false, added: 0, removed: 0, blame: undefined }
			: { id, ...(await nextVersion(attempt, { packed: forms.masked, size: prepared.masked_size }, origin)) };
	return {
		before,
		row: {
			id,
			operation_id: body.operation_id,
			device_id: body.device_id,
			device_name: storable(body.device_name),
			device_type: storable(body.device_type),
			snapshot_id: body.snapshot_id,
			run_id: body.run_id,
			changed: version.changed,
			lines_added: version.added,
			lines_removed: version.removed,
			size_bytes: prepared.raw_size,
			content_hash,
			version_id: version.id,
			...delta,
			started_by,
			created_at,
		},
		content,
		blame: version.blame,
		search_text: forms && { folded: forms.folded, size: prepared.masked_size },
		traceparent: currentTraceparent(),
	};
}

function emptyConfig({ device_id, device_name }: Call<RecordBackup>["body"], size_bytes: number): Error {
	return failed("device.empty_config", {
		message: `${device_name} answered with an empty configuration (${size_bytes} bytes); it was not stored as a backup. Check on the device that this user may read the configuration.`,
		phase: "command",
		details: { device_id, size_bytes },
	});
}

/** What a backup keeps of raw bytes that are not its content's, with a time stamp or a counter in them, say. */
async function differenceTo(
	{ contents, texts, call }: Attempt,
	existing: KnownContent,
	backup_id: string,
	bytes: Buffer,
	raw: PackedRaw,
): Promise<SealedDelta> {
	// A few lines that were left out of the text cost little. Blanks at each line's end, say, cost much and are in the content's raw bytes, too.
	if (raw.packed.length > 512 + bytes.length / 2_048) {
		const content = await contents.open(existing.id);
		if (content !== undefined) {
			const size = bytes.length + content.raw.size;
			const packed = await texts.run("packDelta", { bytes, content }, size, call.signal);
			if (packed.length < raw.packed.length) {
				return { raw_delta: await contents.sealDelta(backup_id, packed), raw_delta_against: null };
			}
		}
	}
	const raw_delta_against = raw.crlf ? "normalised_crlf" : "normalised_lf";
	return { raw_delta: await contents.sealDelta(backup_id, raw.packed), raw_delta_against };
}

/** What a text that is new for the device changes, and who brought its lines. */
async function nextVersion(
	{ store, texts, call, before }: Attempt,
	text: { packed: Uint8Array; size: number },
	origin: Origin,
) {
	const previous = before.content && (await store.readPrevious(before.content, before.version_id));
	const { added, removed, blame } = await texts.run(
		"nextVersion",
		{
			before: previous?.text && {
				text: previous.text,
				blame: previous.blame,
				origin: {
					...origin,
					backup_id: before.backup_id ?? origin.backup_id,
					since: before.backed_up_at ?? origin.since,
				},
			},
			text,
			origin,
		},
		text.size + (previous?.text?.size ?? 0),
		call.signal,
	);
	return { changed: previous?.text === undefined ? null : true, added, removed, blame };
}

/** When a config was collected; later than the backup before, so that a device's history has one order, and not in the future. */
function timeOf(collected_at: string, before: string | null, now: Date): string {
	const collected = Math.min(Date.parse(collected_at), now.getTime());
	return new Date(Math.max(collected, before === null ? 0 : Date.parse(before) + 1)).toISOString();
}
