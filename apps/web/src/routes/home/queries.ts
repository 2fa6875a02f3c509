import type { WaitingFor } from "@netconductor/contracts/tasks/model";
import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../api/api.ts";

/** Items of each list on the dashboard; the pages that they lead to show all. */
const shortList = 5;
/** Of runs that wait many do so for nobody: for their time, or for another run. */
const lookedThrough = 100;
const forAPerson: ReadonlySet<WaitingFor["kind"] | undefined> = new Set([
	"approval",
	"resume",
	"next_step",
	"decision",
] as const);
const changesShown = 8;
const daysShown = 30;

/** What the dashboard asks. Each key begins with the kind of thing, so that the server's news of it have it read again. */
export function homeQueries({ devices, backup, tasks, system }: Api) {
	return {
		summary: queryOptions({
			queryKey: ["devices", "summary"],
			queryFn: ({ signal }) => devices.getDeviceSummary({}, { signal }),
			meta: { shows: ["device_groups", "host_keys"] },
		}),
		coverage: queryOptions({
			queryKey: ["backups", "coverage", "worst"],
			queryFn: ({ signal }) =>
				backup.getCoverage({ query: { status: "never,stale", page_size: shortList } }, { signal }),
			meta: { shows: ["devices"] },
		}),
		activity: queryOptions({
			queryKey: ["backups", "activity", daysShown],
			queryFn: ({ signal }) =>
				backup.getActivity(
					{ query: { days: daysShown, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } },
					{ signal },
				),
		}),
		changes: queryOptions({
			queryKey: ["backups", "changes"],
			queryFn: ({ signal }) => backup.listBackups({ query: { changed: "true", page_size: changesShown } }, { signal }),
		}),
		/** The device that has been there longest: what was backed up before it was of devices that are gone. */
		oldestDevice: queryOptions({
			queryKey: ["devices", "oldest"],
			queryFn: ({ signal }) => devices.listDevices({ query: { sort: "created_at", page_size: 1 } }, { signal }),
		}),
		changesSince: (from: string) =>
			queryOptions({
				queryKey: ["backups", "changes", from],
				queryFn: ({ signal }) => backup.listBackups({ query: { changed: "true", from, page_size: 3 } }, { signal }),
			}),
		schedule: queryOptions({
			queryKey: ["backup_schedule"],
			queryFn: ({ signal }) => backup.getBackupSchedule({}, { signal }),
		}),
		open: queryOptions({
			queryKey: ["runs", "open"],
			queryFn: ({ signal }) =>
				tasks.listRuns({ query: { status: "running,queued,waiting", limit: shortList } }, { signal }),
		}),
		backupRuns: queryOptions({
			queryKey: ["runs", "backups", 1],
			queryFn: ({ signal }) => tasks.listRuns({ query: { kind: "backup", limit: 1 } }, { signal }),
		}),
		undecided: queryOptions({
			queryKey: ["runs", "undecided"],
			queryFn: ({ signal }) => tasks.listRuns({ query: { status: "needs_attention", limit: shortList } }, { signal }),
		}),
		/** Runs that stand still until somebody decides. */
		standing: queryOptions({
			queryKey: ["runs", "standing"],
			queryFn: async ({ signal }) => {
				const { items } = await tasks.listRuns({ query: { status: "waiting", limit: lookedThrough } }, { signal });
				return items.filter(({ waiting_for }) => forAPerson.has(waiting_for?.kind)).slice(0, shortList);
			},
		}),
		workers: queryOptions({
			queryKey: ["workers", "stats"],
			queryFn: ({ signal }) => tasks.getWorkerStats({}, { signal }),
			meta: { shows: ["runs"] },
		}),
		changedKeys: queryOptions({
			queryKey: ["host_keys", "changed"],
			queryFn: ({ signal }) =>
				devices.listHostKeys({ query: { changed: "true", page_size: shortList, sort: "-presented_at" } }, { signal }),
			meta: { shows: ["devices"] },
		}),
		outOfReach: queryOptions({
			queryKey: ["devices", "out of reach"],
			queryFn: ({ signal }) =>
				devices.listDevices(
					{
						query: {
							health: "unreachable,auth_failed,failing",
							enabled: "true",
							page_size: shortList,
							sort: "-health_at",
						},
					},
					{ signal },
				),
		}),
		simulated: queryOptions({
			queryKey: ["system", "simulated network"],
			queryFn: ({ signal }) => system.getSimulatedNetwork({}, { signal }),
			meta: { shows: ["devices"] },
		}),
	};
}
