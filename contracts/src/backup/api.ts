import { z } from "zod";
import { Selection } from "../devices/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, del, get, internal, post, put } from "../kernel/operation.ts";
import { CursorPage, CursorQuery, Page, PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import { RunRef } from "../tasks/model.ts";
import {
	Activity,
	ActivityQuery,
	Backup,
	BackupContent,
	BackupSchedule,
	BackupScheduleInput,
	BackupTask,
	BackupTiming,
	BlameLine,
	CleanupRequest,
	CleanupResult,
	CompareQuery,
	Comparison,
	ContentQuery,
	Coverage,
	CoverageQuery,
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
	SnapshotMatrix,
	SnapshotMatrixQuery,
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
		summary: "Compare two backups, or one with the one before it",
		query: CompareQuery,
		returns: Comparison,
		permission: "backups:read",
		errors: ["backups.not_found", "backups.no_content", "backups.no_earlier"],
		timeout_ms: 60_000,
	}),
	searchConfigs: get("/api/config-backups/search", {
		summary: "Search all current configurations, or those at a date",
		query: SearchQuery,
		returns: SearchResult,
		permission: "backups:read",
		errors: ["backups.bad_pattern", "backups.search_too_broad"],
	}),
	getCoverage: get("/api/config-backups/coverage", {
		summary: "Which enabled devices have a recent good backup, which an old one, which none",
		query: CoverageQuery,
		returns: Coverage,
		permission: "backups:read",
		same_for_all: true,
	}),
	getActivity: get("/api/config-backups/activity", {
		summary: "Backups, failures and changed lines day by day, of all devices or one",
		query: ActivityQuery,
		returns: Activity,
		permission: "backups:read",
		errors: ["backup_schedule.bad_time_zone"],
		same_for_all: true,
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
	getSnapshotMatrix: get("/api/snapshots/matrix", {
		summary: "Devices against snapshots: what changed from one to the next",
		query: SnapshotMatrixQuery,
		returns: SnapshotMatrix,
		permission: "backups:read",
		errors: ["snapshots.not_found"],
		timeout_ms: 60_000,
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
	previewBackupSchedule: post("/api/backup-schedule/preview", {
		summary: "The next ten runs that a schedule would have; nothing is kept",
		body: BackupTiming,
		returns: z.object({ next_runs: z.array(Timestamp) }),
		permission: "backups:read",
		changes: false,
		errors: ["backup_schedule.bad_cron", "backup_schedule.bad_time_zone"],
	}),

	/** Starts a backup as a snapshot, for whom the caller acts. The same id again answers the same run: a repeated request starts nothing twice. */
	startSnapshot: internal("/internal/backup/snapshots", {
		summary: "Start a backup, once",
		body: z.object({
			snapshot_id: Id,
			name: z.string().max(200),
			select: Selection,
			/** Devices that are left out although selected. */
			exclude: Selection.nullable().default(null),
		}),
		returns: RunRef,
		max_body_bytes: 8 * 1024 * 1024,
		errors: ["devices.not_found", "device_groups.not_found", "devices.disabled", "devices.nothing_selected"],
	}),
	/** The newest good backup of each device; devices without one are left out. Secrets are masked. A worker of a site is told of its pool's alone. */
	readCurrent: internal("/internal/backup/current", {
		summary: "Current configurations",
		body: z.object({ device_ids: z.array(Id).max(100) }),
		returns: z.object({
			items: z.array(
				z.object({
					device_id: Id,
					backup_id: Id,
					device_type: z.string(),
					backed_up_at: Timestamp,
					/** Without volatile lines. */
					text: z.string(),
				}),
			),
		}),
		changes: false,
		errors: ["devices.other_pool"],
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
		errors: ["devices.other_pool"],
	}),
});
