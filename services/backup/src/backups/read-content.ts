import type { backupApi } from "@netconductor/contracts/backup/api";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { eitherMasks, type TextRules } from "@netconductor/runtime/config-text";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallContext, Handler } from "@netconductor/runtime/host/service";
import { currentTraceId } from "@netconductor/runtime/telemetry";
import { inArray, type SQL } from "drizzle-orm";
import type { ContentStore, StoredContent } from "../contents/content-store.ts";
import type { PlatformsOf } from "../contents/platform-rules.ts";
import { type ScopeNeeds, scopeOf } from "../scope.ts";
import { backups, devices } from "../tables.ts";
import type { TextPool } from "../text/text-pool.ts";
import { type BackupRow, toBackup } from "./backup.ts";
import { findBackup, findBackupBefore } from "./read-backups.ts";
import { type PoolNeeds, requirePool } from "./require-pool.ts";

type Operations = (typeof backupApi)["operations"];

export interface ReadNeeds extends ScopeNeeds {
	db: Database;
	outbox: Outbox;
	contents: ContentStore;
	texts: TextPool;
	platformsOf: PlatformsOf;
	clock: Clock;
}

/** Characters of a comparison that are shown; beyond, the answer says that it is cut. */
const mostShown = 8 * 1024 * 1024;

export function getBackupContent(needs: ReadNeeds): Handler<Operations["getBackupContent"]> {
	return async (call) => {
		const { form, reveal } = call.query;
		const scope = await scopeOf(needs, call, backups.device_id);
		const { row, content } = await openBackup(needs, call.params.id, form, scope);
		if (reveal) await recordReveal(needs, call, "getBackupContent", [row]);
		const rules = reveal ? null : await maskingOf(needs, row, content);
		const text = await needs.texts.run("readText", { content, form, rules }, sizeOf(content), call.signal);
		return {
			backup_id: row.id,
			device_id: row.device_id,
			device_name: row.device_name,
			form,
			masked: !reveal,
			created_at: row.created_at,
			content: text,
		};
	};
}

export function compareBackups(needs: ReadNeeds): Handler<Operations["compareBackups"]> {
	return async (call) => {
		const { form, mode, context, reveal } = call.query;
		const scope = await scopeOf(needs, call, backups.device_id);
		const to = await openBackup(needs, call.query.to, form, scope);
		const from_id = call.query.from ?? (await findBackupBefore(needs.db.orm, to.row));
		const from = await openBackup(needs, from_id, form, scope);
		if (reveal) await recordReveal(needs, call, "compareBackups", [from.row, to.row]);
		const platform = (await needs.platformsOf([to.row.device_type])).get(to.row.device_type);
		const size = sizeOf(from.content) + sizeOf(to.content);
		const read = (content: StoredContent) =>
			needs.texts.run("readText", { content, form, rules: null }, sizeOf(content), call.signal);
		const [from_text, to_text] = await Promise.all([read(from.content), read(to.content)]);
		const compared = await needs.texts.run(
			"compare",
			{
				from: from_text,
				to: to_text,
				names: { from: nameOf(from.row), to: nameOf(to.row) },
				masking: reveal
					? null
					: {
							from: await maskingOf(needs, from.row, from.content),
							to: await maskingOf(needs, to.row, to.content),
						},
				mode,
				structure: platform?.config.structure ?? "flat",
				context,
				most_characters: mostShown,
			},
			size,
			call.signal,
		);
		return { from: toBackup(from.row), to: toBackup(to.row), form, mode, masked: !reveal, ...compared };
	};
}

export function readCurrent(needs: ReadNeeds & PoolNeeds): Handler<Operations["readCurrent"]> {
	return async ({ body, signal, worker_pool }) => {
		await requirePool(needs, body.device_ids, worker_pool);
		const rows = await needs.db.orm
			.select({ id: devices.backup_id, backed_up_at: devices.backed_up_at })
			.from(devices)
			.where(inArray(devices.device_id, body.device_ids));
		const items = [];
		for (const { id, backed_up_at } of rows) {
			if (id === null || backed_up_at === null) continue;
			const { row, content } = await openBackup(needs, id, "normalised", undefined);
			const rules = await maskingOf(needs, row, content);
			const text = await needs.texts.run("readText", { content, form: "normalised", rules }, sizeOf(content), signal);
			items.push({ device_id: row.device_id, backup_id: id, device_type: row.device_type, backed_up_at, text });
		}
		return { items };
	};
}

/** @throws backups.not_found, backups.no_content */
async function openBackup({ db, contents }: ReadNeeds, id: string, form: "raw" | "normalised", scope: SQL | undefined) {
	const row = await findBackup(db.orm, id, scope);
	const content = row.content_id === null ? undefined : await contents.open(row.content_id);
	if (content === undefined) {
		const why = row.error === null ? "" : `: ${row.error.message}`;
		throw failed("backups.no_content", {
			message: `The backup of ${row.device_name} at ${row.created_at} failed and has no content${why}`,
		});
	}
	if (form === "raw") content.raw_delta = await contents.openDelta(id);
	return { row, content };
}

/** Today's rules for secrets and those of the day it was stored: nobody reveals an old secret by changing a device type. */
async function maskingOf({ platformsOf }: ReadNeeds, row: BackupRow, content: StoredContent): Promise<TextRules> {
	const platform = (await platformsOf([row.device_type])).get(row.device_type);
	return eitherMasks(content.masking, platform ?? { secrets: [], secret_blocks: [] });
}

/**
 * Reading is not recorded by itself, revealing secrets is: before anything is shown.
 * @throws auth.forbidden; audit.unavailable when it cannot be recorded
 */
async function recordReveal(
	{ db, outbox, clock }: ReadNeeds,
	{ actor, request_id }: CallContext,
	operation: "getBackupContent" | "compareBackups",
	rows: readonly BackupRow[],
): Promise<void> {
	const permitted = isPermitted(actor, "backups:reveal");
	const trace_id = currentTraceId();
	try {
		await db.transaction(async (tx) => {
			for (const row of rows) {
				await outbox.publish(tx, "audit.operation_recorded.v1", {
					occurred_at: clock.now().toISOString(),
					service: "backup",
					operation,
					summary: "Reveal the secrets of a backed up configuration",
					actor: { kind: actor.kind, id: actor.id, name: actor.name, ...(actor.ip !== undefined && { ip: actor.ip }) },
					outcome: permitted ? "succeeded" : "denied",
					...(!permitted && { error_code: "auth.forbidden" }),
					resource_type: "backup",
					resource_id: row.id,
					resource_name: row.device_name,
					request_id,
					...(trace_id !== undefined && { trace_id }),
				});
			}
		});
	} catch (cause) {
		throw failed("audit.unavailable", {
			message: "The audit trail cannot be written, so nothing was revealed. Try again when the database is back.",
			cause,
		});
	}
	if (!permitted) {
		throw failed("auth.forbidden", {
			message: `${actor.name} does not hold the permission backups:reveal, which showing secrets needs`,
			details: { permission: "backups:reveal" },
		});
	}
}

function sizeOf({ normalised, raw }: StoredContent): number {
	return Math.max(normalised.size, raw.size);
}

function nameOf(row: BackupRow): string {
	return `${row.device_name}\t${row.created_at}`;
}
