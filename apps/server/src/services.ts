import type { AnyService } from "@netconductor/runtime/host/service";

/** Every service that a process can run, imported only when selected. `worker` runs in processes of its own. */
const catalogue = {
	audit: async () => (await import("@netconductor/service-audit/service")).auditService,
	auth: async () => (await import("@netconductor/service-auth/service")).authService,
	devices: async () => (await import("@netconductor/service-devices/service")).devicesService,
	tasks: async () => (await import("@netconductor/service-tasks/service")).tasksService,
	backup: async () => (await import("@netconductor/service-backup/service")).backupService,
	config: async () => (await import("@netconductor/service-config/service")).configService,
	alerts: async () => (await import("@netconductor/service-alerts/service")).alertsService,
	scheduling: async () => (await import("@netconductor/service-scheduling/service")).schedulingService,
	system: async () => (await import("@netconductor/service-system/service")).systemService,
	realtime: async () => (await import("@netconductor/service-realtime/service")).realtimeService,
	gateway: async () => (await import("@netconductor/service-gateway/service")).gatewayService,
	worker: async () => (await import("@netconductor/service-tasks/worker")).workerService,
} satisfies Record<string, () => Promise<AnyService>>;

export type Target = keyof typeof catalogue;

export const targetNames = Object.keys(catalogue) as Target[];

/** What `--targets=all` runs: everything but workers, which are processes of their own. */
export const defaultTargets = targetNames.filter((name) => name !== "worker");

/**
 * The targets that a command line names: `all`, or a list with commas.
 * @throws RangeError naming the unknown one and those there are, or that a worker goes with nothing else
 */
export function parseTargets(text: string): Target[] {
	const names = text.split(",").map((name) => name.trim());
	if (names.includes("all")) return defaultTargets;
	for (const name of names) {
		if (!targetNames.includes(name as Target)) {
			throw new RangeError(`there is no target "${name}"; there are: all, ${targetNames.join(", ")}`);
		}
	}
	const targets = [...new Set(names)] as Target[];
	if (targets.includes("worker") && targets.length > 1) throw new RangeError("a worker needs a process to itself");
	return targets;
}

export function loadServices(targets: readonly Target[]): Promise<AnyService[]> {
	return Promise.all(targets.map((name) => catalogue[name]()));
}

/** Services that a worker calls. */
export const calledByWorkers = ["tasks", "devices", "backup", "config", "alerts", "scheduling"] as const;
