import { type Config, type ConfigSlice, type Environment, loadConfig } from "@netconductor/runtime/config";
import type { AnyService } from "@netconductor/runtime/host/service";
import { runtimeSlices, servicePlacement } from "@netconductor/runtime/runtime-config";
import { targetNames } from "./services.ts";

export interface Settings extends Config<typeof runtimeSlices> {
	/** Every section, those of the services included. */
	sections: Readonly<Record<string, unknown>>;
	/** Internal address by service, where it runs in another process. */
	peers: Readonly<Record<string, string | undefined>>;
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
	const sections = loadConfig({
		slices: configSlices(services),
		env,
		file,
		elsewhere,
	}) as Record<string, { url?: string; database_url?: string }>;
	return {
		...(sections as unknown as Config<typeof runtimeSlices>),
		sections,
		peers: Object.fromEntries(targetNames.map((name) => [name, sections[name]?.url])),
		database_urls: Object.fromEntries(targetNames.map((name) => [name, sections[name]?.database_url])),
	};
}
