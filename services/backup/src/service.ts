import { backupApi } from "@netconductor/contracts/backup/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { announceChanges } from "@netconductor/runtime/bus/announce-change";
import { defineService } from "@netconductor/runtime/host/service";
import { getActivity } from "./backups/activity.ts";
import { cleanupBackups } from "./backups/cleanup.ts";
import { getCoverage } from "./backups/coverage.ts";
import { getBackup, getBackupTask, listBackups } from "./backups/read-backups.ts";
import { compareBackups, getBackupContent, readCurrent } from "./backups/read-content.ts";
import { getBlame, getHistory } from "./backups/read-history.ts";
import { recordBackup } from "./backups/record-backup.ts";
import { deleteBackup } from "./backups/remove-backups.ts";
import { runAll, runSelected, runSingle, startOnce } from "./backups/run-backup.ts";
import { backupConfig } from "./config.ts";
import { createContentStore, sealedColumns } from "./contents/content-store.ts";
import { createHashKey } from "./contents/hash-key.ts";
import { createPlatformCache } from "./contents/platform-rules.ts";
import { getBackupSchedule, previewBackupSchedule, putBackupSchedule } from "./schedule/manage-schedule.ts";
import { ensureSchedule } from "./schedule/schedule-store.ts";
import { createScheduler } from "./schedule/scheduler.ts";
import { searchConfigs } from "./search/search-configs.ts";
import { compareSnapshots } from "./snapshots/compare-snapshots.ts";
import { followRuns } from "./snapshots/follow-runs.ts";
import {
	deleteSnapshot,
	getSnapshot,
	listSnapshots,
	recalculateSnapshot,
	updateSnapshot,
} from "./snapshots/manage-snapshots.ts";
import { getSnapshotMatrix } from "./snapshots/snapshot-matrix.ts";
import { createTextPool } from "./text/text-pool.ts";

/** Configuration backups: what a fleet looked like, when, and what changed. */
export const backupService = defineService({
	name: "backup",
	api: backupApi,
	migrations: new URL("../migrations/", import.meta.url),
	config: backupConfig,
	needs: { devices: devicesApi, tasks: tasksApi },
	async setup({ db, vault, outbox, ephemeral, clients, config, clock, log, ownAccount }) {
		const { devices, tasks } = clients;
		const needs = {
			db,
			outbox,
			devices,
			tasks,
			clock,
			log,
			ownAccount,
			contents: createContentStore({ db, vault }),
			texts: createTextPool({ threads: config.text_threads }),
			platformsOf: createPlatformCache({ devices, ownAccount, clock }),
			hashKey: createHashKey({ db, vault, clock }),
			search_timeout_ms: config.search_timeout_ms,
		};
		await ensureSchedule(db.orm, clock.now());
		const scheduler = createScheduler({
			...needs,
			onChange: (what) =>
				announceChanges(
					ephemeral,
					[what, "snapshots" as const].map((kind) => ({ what: kind, id: "" })),
				),
		});
		return {
			operations: {
				listBackups: listBackups(needs),
				compareBackups: compareBackups(needs),
				searchConfigs: searchConfigs(needs),
				getCoverage: getCoverage(needs),
				getActivity: getActivity(needs),
				runSingle: runSingle(needs),
				runSelected: runSelected(needs),
				runAll: runAll(needs),
				cleanupBackups: cleanupBackups(needs),
				getBackupTask: getBackupTask(needs),
				getHistory: getHistory(needs),
				getBlame: getBlame(needs),
				getBackup: getBackup(needs),
				getBackupContent: getBackupContent(needs),
				deleteBackup: deleteBackup(needs),
				listSnapshots: listSnapshots(needs),
				getSnapshotMatrix: getSnapshotMatrix(needs),
				getSnapshot: getSnapshot(needs),
				updateSnapshot: updateSnapshot(needs),
				deleteSnapshot: deleteSnapshot(needs),
				recalculateSnapshot: recalculateSnapshot(needs),
				compareSnapshots: compareSnapshots(needs),
				getBackupSchedule: getBackupSchedule(needs),
				putBackupSchedule: putBackupSchedule(needs),
				previewBackupSchedule: previewBackupSchedule(needs),
				startSnapshot: startOnce(needs),
				readCurrent: readCurrent(needs),
				recordBackup: recordBackup(needs),
			},
			consumers: followRuns(needs),
			sealed: sealedColumns,
			start: async () => scheduler.start(),
			async stop() {
				await scheduler.stop();
				await needs.texts.close();
			},
		};
	},
});
