import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { About, SystemHealth } from "@netconductor/contracts/system/model";

/** What somebody who helps asks first, as text. Details of checks may name machines, so only those that are not well are told, by name and state. */
export function reportText(about: About, health: SystemHealth | undefined): string {
	const { product, version, node_version, platform, database, topology, counts, started_at } = about;
	const troubles = [
		...(health?.dependencies ?? []),
		...(health?.services ?? []).flatMap((service) => [
			service,
			...service.checks.map((check) => ({ ...check, name: `${service.name}.${check.name}` })),
		]),
	].filter(({ state }) => state !== "ok");
	const aside = health?.services.reduce((sum, { backlog }) => sum + (backlog?.put_aside ?? 0), 0);
	return [
		`${product} ${version}, started ${started_at}`,
		`Node.js ${node_version}, ${platform}`,
		`PostgreSQL ${database.version}${database.embedded ? " (embedded)" : ""}, ${database.size_bytes ?? "?"} bytes`,
		`${topology.one_process ? "one process" : `targets ${topology.targets.join(",")}`}, events ${topology.events}, live ${topology.live}`,
		Object.entries(counts)
			.map(([name, amount]) => `${name} ${amount ?? "?"}`)
			.join(", "),
		`health ${health?.state ?? "not known"}${aside === undefined ? "" : `, events put aside ${aside}`}`,
		...troubles.map(({ name, state, since }) => `${name}: ${state} since ${since}`),
	]
		.map(visibleLine)
		.join("\n");
}
