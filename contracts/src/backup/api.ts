import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, del, get, internal, post, put } from "../kernel/operation.ts";
import { CursorPage, CursorQuery, Page, PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import {
	Backup,
	BackupContent,
	BackupSchedule,
	BackupScheduleInput,
	BackupTask,
	BlameLine,
	CleanupRequest,
	CleanupResult,
	CompareQuery,
	Comparison,
	ContentQuery,
	HistoryEntry,
	ListBackups,
	RunAll,
	RunSelected,
	RunSingle,
	SearchQuery,
	SearchResult,
	Snapshot,
	SnapshotChange,
	SnapshotComparison,
	StartedBackup,
} from "./model.ts";

const byId = z.object({ id: Id });
const byDevice = z.object({ device_id: Id });

export const backupApi = defineApi("backup", {
	listBackups: get("/api/config-backups", {
		summary: "Backups",
		query: ListBackups,
		returns: Page(Backup),
		permission: "backups:read",
	}),
	compareBackups: get("/api/config-backups/compare", {
		summary: "Compare two backups",
		query: CompareQuery,
		returns: Comparison,
		permission: "backups:read",
		errors: ["backups.not_found", "backups.no_content"],
		timeout_ms: 60_000,
	}),
	searchConfigs: get("/api/config-backups/search", {
		summary: "Search all current configurations, or those at a date",
		query: SearchQuery,
		returns: SearchResult,
		permission: "backups:read",
		errors: ["backups.bad_pattern", "backups.search_too_broad"],
	}),
	runSingle: post("/api/config-backups/run-single", {
		summary: "Back up one device",
		body: RunSingle,
		returns: StartedBackup,
		status: 202,
		permission: "backups:run",
		errors: ["devices.not_found", "devices.disabled"],
	}),
	runSelected: post("/api/config-backups/run-selected", {
		summary: "Back up selected devices, as a snapshot",
		body: RunSelected,
		returns: StartedBackup,
		status: 202,
		permission: "backups:run",
		max_body_bytes: 8 * 1024 * 1024,
		errors: ["devices.not_found", "devices.disabled", "devices.nothing_selected"],
	}),
	runAll: post("/api/config-backups/run-all", {
		summary: "Back up every enabled device, as a snapshot",
		body: RunAll,
		returns: StartedBackup,
		status: 202,
		permission: "backups:run",
		errors: ["devices.nothing_selected"],
	}),
	cleanupBackups: post("/api/config-backups/cleanup", {
		summary: "Delete backups beyond the retention; the newest good one of each device always stays",
		body: CleanupRequest,
		returns: CleanupResult,
		permission: "backups:write",
		timeout_ms: 300_000,
	}),
	getBackupTask: get("/api/config-backups/task/:id", {
		summary: "Backups of a run, with its status",
		params: byId,
		query: PageQuery,
		returns: BackupTask,
		permission: "backups:read",
		errors: ["runs.not_found"],
	}),
	getHistory: get("/api/config-backups/history/:device_id", {
		summary: "Versions of a device's configuration, newest first",
		params: byDevice,
		query: CursorQuery,
		returns: CursorPage(HistoryEntry),
		permission: "backups:read",
	}),
	getBlame: get("/api/config-backups/blame/:device_id", {
		summary: "For each line of a device's configuration, the run that showed it first",
		params: byDevice,
		query: z.object({
			at: Timestamp.optional(),
			/** First line and how many, for large configurations. */
			from_line: z.coerce.number().int().min(1).default(1),
			limit: z.coerce.number().int().min(1).max(50_000).default(50_000),
		}),
		returns: z.object({
			device_id: Id,
			device_name: z.string(),
			backup_id: Id,
			lines: z.array(BlameLine),
			total_lines: z.int(),
		}),
		permission: "backups:read",
		errors: ["backups.no_backup_at"],
		timeout_ms: 60_000,
	}),
	getBackup: get("/api/config-backups/:id", {
		summary: "One backup",
		params: byId,
		returns: Backup,
		permission: "backups:read",
		errors: ["backups.not_found"],
	}),
	getBackupContent: get("/api/config-backups/:id/content", {
		summary: "The configuration of a backup; secrets masked unless revealed by someone permitted",
		params: byId,
		query: ContentQuery,
		returns: BackupContent,
		permission: "backups:read",
		errors: ["backups.not_found", "backups.no_content"],
		timeout_ms: 60_000,
	}),
	deleteBackup: del("/api/config-backups/:id", {
		summary: "Delete a backup",
		params: byId,
		permission: "backups:write",
		errors: ["backups.not_found"],
	}),

	listSnapshots: get("/api/snapshots", {
		summary: "Snapshots, newest first",
		query: PageQuery.extend({
			pinned: QueryBoolean.optional(),
			sort: sortBy(["created_at", "name"], "-created_at"),
		}),
		returns: Page(Snapshot),
		permission: "backups:read",
	}),
	getSnapshot: get("/api/snapshots/:id", {
		summary: "One snapshot",
		params: byId,
		returns: Snapshot,
		permission: "backups:read",
		errors: ["snapshots.not_found"],
	}),
	updateSnapshot: put("/api/snapshots/:id", {
		summary: "Rename, describe or pin a snapshot",
		params: byId,
		body: SnapshotChange,
		returns: Snapshot,
		permission: "backups:write",
		errors: ["snapshots.not_found"],
	}),
	deleteSnapshot: del("/api/snapshots/:id", {
		summary: "Delete a snapshot with its backups; `dry_run` only says what would go",
		params: byId,
		query: z.object({ dry_run: QueryBoolean.default(false) }),
		returns: CleanupResult,
		permission: "backups:write",
		errors: ["snapshots.not_found", "snapshots.still_running"],
	}),
	recalculateSnapshot: post("/api/snapshots/:id/recalculate", {
		summary: "Count a snapshot's backups anew",
		params: byId,
		returns: Snapshot,
		permission: "backups:write",
		errors: ["snapshots.not_found"],
	}),
	compareSnapshots: get("/api/snapshots/:id/compare/:id2", {
		summary: "Compare two snapshots device by device",
		params: z.object({ id: Id, id2: Id }),
		query: PageQuery.extend({
			status: QueryList(z.enum(["unchanged", "changed", "only_in_from", "only_in_to"])).optional(),
		}),
		returns: SnapshotComparison,
		permission: "backups:read",
		errors: ["snapshots.not_found"],
		timeout_ms: 60_000,
	}),

	getBackupSchedule: get("/api/backup-schedule", {
		summary: "When backups run by themselves, and what is kept",
		returns: BackupSchedule,
		permission: "backups:read",
	}),
	putBackupSchedule: put("/api/backup-schedule", {
		summary: "Set when backups run by themselves, and what is kept",
		body: BackupScheduleInput,
		returns: BackupSchedule,
		permission: "backups:write",
		errors: ["backup_schedule.bad_cron", "backup_schedule.bad_time_zone"],
	}),

	/** Stores what a worker collected. Idempotent by operation: the same one again answers the same backup. */
	recordBackup: internal("/internal/backup/backups", {
		summary: "Record a collected configuration",
		body: z.object({
			operation_id: Id,
			run_id: Id,
			device_id: Id,
			device_name: z.string(),
			device_type: z.string(),
			snapshot_id: Id.nullable(),
			started_by: z.string(),
			collected_at: Timestamp,
			/** Exactly what the device sent, base64. Full of secrets: no record of the call may hold it. */
			content_base64: Secret(z.string()),
		}),
		returns: z.object({ backup_id: Id, changed: z.boolean().nullable(), size_bytes: z.int() }),
		max_body_bytes: 96 * 1024 * 1024,
		timeout_ms: 120_000,
	}),
});
