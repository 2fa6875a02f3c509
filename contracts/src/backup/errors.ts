import { defineErrors } from "../kernel/errors.ts";

export const backupErrors = defineErrors({
	"backups.not_found": { kind: "not_found", title: "There is no such backup" },
	"backups.no_content": { kind: "conflict", title: "This backup failed and has no content" },
	"backups.bad_pattern": { kind: "invalid", title: "The search pattern is not valid" },
	"backups.search_too_broad": { kind: "timeout", title: "The search took too long; narrow it down" },
	"backups.no_earlier": { kind: "not_found", title: "There is no earlier backup of the device" },
	"backups.no_backup_at": { kind: "not_found", title: "There is no backup of the device at that time" },
	"snapshots.not_found": { kind: "not_found", title: "There is no such snapshot" },
	"snapshots.still_running": { kind: "conflict", title: "The snapshot is still being taken" },
	"backup_schedule.bad_cron": { kind: "invalid", title: "The cron expression is not valid" },
	"backup_schedule.bad_time_zone": { kind: "invalid", title: "There is no such time zone" },
});
