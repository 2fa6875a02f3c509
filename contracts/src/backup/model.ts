import { z } from "zod";
import { Selection } from "../devices/model.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";
import { OperationError, RunStatus } from "../tasks/model.ts";

/** One backup of one device. A failed attempt is kept too, without content. */
export const Backup = z
	.object({
		id: Id,
		device_id: Id,
		device_name: z.string(),
		device_type: z.string(),
		snapshot_id: Id.nullable(),
		run_id: Id,
		status: z.enum(["succeeded", "failed"]),
		/** Whether the normalised text differs from the device's backup before; null for the first and for failed ones. */
		changed: z.boolean().nullable(),
		lines_added: z.int().nullable(),
		lines_removed: z.int().nullable(),
		size_bytes: z.int().nullable(),
		/** Keyed SHA-256 (HMAC, with a key of this installation) of the normalised text, hex: equal for equal texts. A plain hash would let a reader of the masked text find short secrets by trying. */
		content_hash: z.string().nullable(),
		error: OperationError.nullable(),
		started_by: z.string(),
		created_at: Timestamp,
	})
	.meta({ id: "Backup" });
export type Backup = z.infer<typeof Backup>;

export const ListBackups = PageQuery.extend({
	device_id: Id.optional(),
	snapshot_id: Id.optional(),
	run_id: Id.optional(),
	status: QueryList(z.enum(["succeeded", "failed"])).optional(),
	changed: QueryBoolean.optional(),
	from: Timestamp.optional(),
	to: Timestamp.optional(),
	sort: sortBy(["created_at", "device_name", "size_bytes"], "-created_at"),
});

/** `raw` is what the device sent, `normalised` without volatile lines. Secrets are masked unless `reveal` and permitted. */
export const ContentQuery = z.object({
	form: z.enum(["raw", "normalised"]).default("normalised"),
	reveal: QueryBoolean.default(false),
});
export const BackupContent = z
	.object({
		backup_id: Id,
		device_id: Id,
		device_name: z.string(),
		form: z.enum(["raw", "normalised"]),
		masked: z.boolean(),
		created_at: Timestamp,
		/** Text; bytes that are not UTF-8 show as U+FFFD. The raw bytes are kept. */
		content: z.string(),
	})
	.meta({ id: "BackupContent" });

/** A run of lines of a diff. Line numbers are from 1, null where the line is not in that version. */
export const DiffLine = z.object({
	kind: z.enum(["context", "added", "removed"]),
	from_line: z.int().nullable(),
	to_line: z.int().nullable(),
	text: z.string(),
});
export const DiffHunk = z.object({
	from_start: z.int(),
	from_lines: z.int(),
	to_start: z.int(),
	to_lines: z.int(),
	/** Heading of the section around the hunk: the nearest line above with less indentation ("interface Gi0/1"). */
	section: z.string().nullable(),
	lines: z.array(DiffLine),
});

export const CompareQuery = z.object({
	/** Without it the device's good backup before `to`. */
	from: Id.optional(),
	to: Id,
	form: z.enum(["raw", "normalised"]).default("normalised"),
	/** `section` compares section by section and ignores their order. */
	mode: z.enum(["text", "section"]).default("text"),
	/** Unchanged lines around a change. */
	context: z.coerce.number().int().min(0).max(100).default(3),
	reveal: QueryBoolean.default(false),
});
export const Comparison = z
	.object({
		from: Backup,
		to: Backup,
		form: z.enum(["raw", "normalised"]),
		mode: z.enum(["text", "section"]),
		identical: z.boolean(),
		added: z.int(),
		removed: z.int(),
		hunks: z.array(DiffHunk),
		/** The same as unified diff text. */
		unified: z.string(),
		/** Not all changes are shown, because there are too many; the counts are complete. */
		truncated: z.boolean(),
		masked: z.boolean(),
		/** A secret differs although the masked texts may look alike. */
		secrets_differ: z.boolean(),
	})
	.meta({ id: "Comparison" });
export type Comparison = z.infer<typeof Comparison>;

/** `good`: a good backup not older than asked; `stale`: an older one; `never`: none. */
export const CoverageStatus = z.enum(["good", "stale", "never"]);

export const CoverageQuery = PageQuery.extend({
	/** Age at which a good backup counts as stale. */
	stale_after_hours: z.coerce.number().int().min(1).max(87_600).default(48),
	status: QueryList(CoverageStatus).optional(),
	/** `status`: those without any backup first, then the oldest. */
	sort: sortBy(["status", "device_name", "last_good_at"], "status"),
});
/** Of the devices that exist and are enabled now. */
export const Coverage = z
	.object({
		counts: z.object({ devices: z.int(), good: z.int(), stale: z.int(), never: z.int() }),
		items: z.array(
			z.object({
				device_id: Id,
				device_name: z.string(),
				device_type: z.string(),
				status: CoverageStatus,
				/** When the newest good backup was made, changed or not. */
				last_good_at: Timestamp.nullable(),
				last_good_backup_id: Id.nullable(),
				last_failed_at: Timestamp.nullable(),
				/** Of the newest failed backup, also where a good one came after it. */
				last_error: OperationError.nullable(),
			}),
		),
		page: z.int(),
		page_size: z.int(),
		total: z.int(),
	})
	.meta({ id: "BackupCoverage" });
export type Coverage = z.infer<typeof Coverage>;

export const ActivityQuery = z.object({
	device_id: Id.optional(),
	/** How many days, today included. */
	days: z.coerce.number().int().min(1).max(366).default(90),
	/** IANA name: where a day begins and ends. */
	time_zone: z.string().max(64).default("UTC"),
});
/** Every day is there, oldest first, also those without a backup. What retention has deleted is not counted. */
export const Activity = z
	.object({
		time_zone: z.string(),
		days: z.array(
			z.object({
				day: z.iso.date(),
				/** Good and failed ones. */
				backups: z.int(),
				failed: z.int(),
				/** Good ones that differ from the one before. */
				changed: z.int(),
				lines_added: z.int(),
				lines_removed: z.int(),
			}),
		),
	})
	.meta({ id: "BackupActivity" });
export type Activity = z.infer<typeof Activity>;

export const RunSingle = z.object({ device_id: Id });
export const RunSelected = z.object({ select: Selection, name: z.string().max(200).optional() });
export const RunAll = z.object({ name: z.string().max(200).optional() });
export const StartedBackup = z.object({ run_id: Id, snapshot_id: Id.optional() }).meta({ id: "StartedBackup" });

export const CleanupRequest = z.object({
	/** Without it the schedule's retention applies. */
	keep_days: z.int().min(1).max(36_500).optional(),
	keep_versions: z.int().min(1).max(100_000).optional(),
	dry_run: z.boolean().default(false),
});
export const CleanupResult = z
	.object({
		dry_run: z.boolean(),
		backups: z.int(),
		snapshots: z.int(),
		contents: z.int(),
		bytes: z.int(),
	})
	.meta({ id: "CleanupResult" });

export const BackupTask = z
	.object({
		run_id: Id,
		status: RunStatus,
		snapshot_id: Id.nullable(),
		total: z.int(),
		succeeded: z.int(),
		failed: z.int(),
		changed: z.int(),
		backups: z.array(Backup),
		page: z.int(),
		page_size: z.int(),
	})
	.meta({ id: "BackupTask" });

export const SearchQuery = z.object({
	q: z.string().min(2).max(500),
	/** `q` is a regular expression (RE2 syntax), matched per line. */
	regex: QueryBoolean.default(false),
	ignore_case: QueryBoolean.default(true),
	/** As things stood then; now unless told. */
	at: Timestamp.optional(),
	device_id: Id.optional(),
	device_type: z.string().max(63).optional(),
	context: z.coerce.number().int().min(0).max(10).default(1),
	page: z.coerce.number().int().min(1).max(10_000).default(1),
	page_size: z.coerce.number().int().min(1).max(200).default(50),
});
export const SearchHit = z.object({
	line: z.int(),
	text: z.string(),
	/** Start and end of the first match within `text`, in UTF-16 units. */
	start: z.int(),
	end: z.int(),
	section: z.string().nullable(),
	before: z.array(z.string()),
	after: z.array(z.string()),
});
export const SearchResult = z
	.object({
		/** Devices whose config holds a match; `total` counts devices. */
		items: z.array(
			z.object({
				device_id: Id,
				device_name: z.string(),
				device_type: z.string(),
				backup_id: Id,
				created_at: Timestamp,
				hits: z.array(SearchHit),
				/** Hits beyond the first 100 are counted, not listed. */
				hits_total: z.int(),
			}),
		),
		page: z.int(),
		page_size: z.int(),
		total: z.int(),
		/** Configurations that were looked through. */
		searched: z.int(),
	})
	.meta({ id: "SearchResult" });
export type SearchResult = z.infer<typeof SearchResult>;

/** A version of a device's config: consecutive backups with the same text are one version. */
export const HistoryEntry = z.object({
	backup_id: Id,
	run_id: Id,
	content_hash: z.string(),
	first_seen_at: Timestamp,
	last_seen_at: Timestamp,
	/** Backups that found this version. */
	seen: z.int(),
	lines_added: z.int().nullable(),
	lines_removed: z.int().nullable(),
	started_by: z.string(),
});

/** Who brought a line: the run whose backup showed it first. */
export const BlameLine = z.object({
	line: z.int(),
	text: z.string(),
	backup_id: Id,
	run_id: Id,
	since: Timestamp,
	started_by: z.string(),
});

export const Snapshot = z
	.object({
		id: Id,
		name: z.string(),
		description: z.string(),
		status: z.enum(["running", "complete", "partial", "failed"]),
		run_id: Id.nullable(),
		devices: z.int(),
		succeeded: z.int(),
		failed: z.int(),
		skipped: z.int(),
		changed: z.int(),
		size_bytes: z.int(),
		/** Retention never deletes a pinned snapshot. */
		pinned: z.boolean(),
		/** Why its run could not be started. */
		error: z.string().nullable(),
		started_by: z.string(),
		created_at: Timestamp,
		finished_at: Timestamp.nullable(),
	})
	.meta({ id: "Snapshot" });
export type Snapshot = z.infer<typeof Snapshot>;

export const SnapshotChange = z.object({
	name: z.string().min(1).max(200).optional(),
	description: z.string().max(2000).optional(),
	pinned: z.boolean().optional(),
});

export const SnapshotComparison = z
	.object({
		from: Snapshot,
		to: Snapshot,
		summary: z.object({ unchanged: z.int(), changed: z.int(), only_in_from: z.int(), only_in_to: z.int() }),
		items: z.array(
			z.object({
				device_id: Id,
				device_name: z.string(),
				status: z.enum(["unchanged", "changed", "only_in_from", "only_in_to"]),
				from_backup_id: Id.nullable(),
				to_backup_id: Id.nullable(),
				added: z.int(),
				removed: z.int(),
			}),
		),
		page: z.int(),
		page_size: z.int(),
		total: z.int(),
	})
	.meta({ id: "SnapshotComparison" });

const maxMatrixSnapshots = 30;

export const SnapshotMatrixQuery = z.object({
	/** The newest so many snapshots, unless `snapshots` names them. */
	newest: z.coerce.number().int().min(1).max(maxMatrixSnapshots).default(10),
	snapshots: QueryList(Id)
		.refine((ids) => ids.length <= maxMatrixSnapshots, `At most ${maxMatrixSnapshots} snapshots`)
		.optional(),
	q: PageQuery.shape.q,
	/** Only devices that changed in one of these snapshots. */
	only_changed: QueryBoolean.default(false),
	page: PageQuery.shape.page,
	page_size: z.coerce.number().int().min(1).max(200).default(50),
});
/**
 * A device in a snapshot, compared with its nearest good backup in the snapshots before it that are shown, or, where it has none there, with its
 * good backup before that. `first`: it had none at all. `failed`: no attempt was good. `absent`: it was not part of the snapshot.
 */
export const SnapshotCell = z.object({
	status: z.enum(["first", "changed", "unchanged", "failed", "absent"]),
	backup_id: Id.nullable(),
	added: z.int(),
	removed: z.int(),
});
export const SnapshotMatrix = z
	.object({
		/** Oldest first; the cells of each device stand in the same order. */
		snapshots: z.array(Snapshot),
		items: z.array(z.object({ device_id: Id, device_name: z.string(), cells: z.array(SnapshotCell) })),
		page: z.int(),
		page_size: z.int(),
		total: z.int(),
	})
	.meta({ id: "SnapshotMatrix" });
export type SnapshotMatrix = z.infer<typeof SnapshotMatrix>;

export const BackupSchedule = z
	.object({
		enabled: z.boolean(),
		/** Cron with five fields, or an interval in minutes: one of both. */
		cron: z.string().nullable(),
		interval_minutes: z.int().nullable(),
		/** IANA name; cron is read in it. */
		time_zone: z.string(),
		include: Selection,
		/** Devices that are left out although included. */
		exclude: Selection.nullable(),
		keep_days: z.int().nullable(),
		keep_versions: z.int().nullable(),
		last_run_at: Timestamp.nullable(),
		last_run_id: Id.nullable(),
		last_error: z.string().nullable(),
		next_runs: z.array(Timestamp),
		updated_at: Timestamp.nullable(),
	})
	.meta({ id: "BackupSchedule" });
const timing = {
	cron: z.string().max(100).nullable().default(null),
	interval_minutes: z.int().min(1).max(525_600).nullable().default(null),
	time_zone: z.string().max(64).default("UTC"),
};
const oneTiming = (given: { cron: string | null; interval_minutes: number | null }) =>
	(given.cron === null) !== (given.interval_minutes === null);
const oneTimingMessage = { message: "Give either cron or interval_minutes", path: ["cron"] };

export const BackupTiming = z.object(timing).refine(oneTiming, oneTimingMessage);
export const BackupScheduleInput = z
	.object({
		enabled: z.boolean(),
		...timing,
		include: Selection.default({ all: true }),
		exclude: Selection.nullable().default(null),
		keep_days: z.int().min(1).max(36_500).nullable().default(null),
		keep_versions: z.int().min(1).max(100_000).nullable().default(null),
	})
	.refine(oneTiming, oneTimingMessage);
