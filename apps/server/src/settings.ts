import type { FieldError } from "@netconductor/contracts/kernel/errors";
import {
	type Config,
	type ConfigSlice,
	configInvalid,
	type Environment,
	loadConfig,
} from "@netconductor/runtime/config";
import type { AnyService } from "@netconductor/runtime/host/service";
import { runtimeSlices, servicePlacement } from "@netconductor/runtime/runtime-config";
import { calledByWorkers, defaultTargets, targetNames } from "./services.ts";

export interface Settings extends Config<typeof runtimeSlices> {
	/** Every section, those of the services included. */
	sections: Readonly<Record<string, unknown>>;
	/** Internal address by service, where it runs in another process. */
	peers: Readonly<Record<string, readonly string[] | undefined>>;
	/** URL by schema, where it has a database of its own. */
	database_urls: Readonly<Record<string, string | undefined>>;
}

/** What belongs to services that are not loaded in this process, or to the command line: one file, one environment serve all. */
const elsewhere = {
	sections: ["http"],
	variables: [
		"NETCONDUCTOR_HOST",
		"NETCONDUCTOR_PORT",
		"NETCONDUCTOR_ADMIN_PASSWORD",
		"NETCONDUCTOR_PUBLIC_URL",
		"NETCONDUCTOR_URL",
		"NETCONDUCTOR_TOKEN",
		"NETCONDUCTOR_PASSWORD",
	],
};

/** What the configuration of a process that runs these services consists of. */
export function configSlices(services: readonly AnyService[]): ConfigSlice[] {
	// Services share some of the process's own slices.
	return [
		...new Set<ConfigSlice>([
			...runtimeSlices,
			...targetNames.map((name) => servicePlacement(name)),
			...services.flatMap((service): ConfigSlice[] => (service.config === undefined ? [] : [service.config])),
		]),
	];
}

/**
 * The configuration of a process that runs these services.
 * @throws startup.config_invalid — every problem at once
 */
export function loadSettings(services: readonly AnyService[], env: Environment, file: string | undefined): Settings {
	const here = services.map(({ name }) => name);
	const sections = loadConfig({
		slices: configSlices(services),
		env,
		file,
		elsewhere: {
			...elsewhere,
			// A worker has no section of its own: `worker` for `workers` stays a mistake.
			sections: [...elsewhere.sections, ...defaultTargets.filter((name) => !here.includes(name))],
		},
	}) as Record<string, { url?: string; database_url?: string }>;
	const settings = {
		...(sections as unknown as Config<typeof runtimeSlices>),
		sections,
		peers: Object.fromEntries(targetNames.map((name) => [name, sections[name]?.url?.split(",")])),
		database_urls: Object.fromEntries(targetNames.map((name) => [name, sections[name]?.database_url])),
	};
	const problems = placementProblems(services, settings);
	if (problems.length > 0) throw configInvalid(problems);
	return settings;
}

/** Whether a start of these services starts PostgreSQL itself. */
export function usesEmbedded(services: readonly AnyService[], { database, database_urls }: Settings): boolean {
	if (database.url !== undefined) return false;
	return services.some(({ schema }) => schema !== false && database_urls[schema] === undefined);
}

/** What services of this process need from others and would find out only when they call, or, worse, never. */
function placementProblems(services: readonly AnyService[], { peers, rabbitmq, workers }: Settings): FieldError[] {
	const here = new Set(services.map(({ name }) => name));
	const needed = new Map<string, string[]>();
	const callers = services.map(({ name, needs }) => ({ name, needs: Object.keys(needs) }));
	if (here.has("tasks") && workers.processes > 0) callers.push({ name: "workers", needs: [...calledByWorkers] });
	for (const { name, needs } of callers) {
		for (const other of needs) {
			if (!here.has(other) && peers[other] === undefined) needed.set(other, [...(needed.get(other) ?? []), name]);
		}
	}
	const problems = [...needed].map(([other, by]) => ({
		path: `NETCONDUCTOR_${other.toUpperCase()}_URL`,
		message: `is required: ${by.join(", ")} in this process call ${other}, which runs elsewhere`,
	}));
	// A worker writes its events for the tasks service, which hands them on.
	const publishes = services.some(({ name, schema }) => schema === name);
	const complete = defaultTargets.every((name) => here.has(name));
	if (publishes && !complete && rabbitmq.url === undefined) {
		problems.push({
			path: "RABBITMQ_URL",
			message: "is required where services run in several processes: events, audit records among them, go through it",
		});
	}
	return problems;
}
