import type { AnyService } from "./service.ts";

/**
 * Services in the order in which they start: each after those it needs, as far as they run in this process and do not say that they start later.
 * @throws TypeError when needs form a circle, naming it
 */
export function startOrder(services: readonly AnyService[]): AnyService[] {
	const byName = new Map(services.map((service) => [service.name, service]));
	const ordered: AnyService[] = [];
	const done = new Set<string>();

	function visit(service: AnyService, path: readonly string[]): void {
		if (done.has(service.name)) return;
		if (path.includes(service.name)) {
			throw new TypeError(`services need each other in a circle: ${[...path, service.name].join(" → ")}`);
		}
		for (const name of Object.keys(service.needs)) {
			const needed = byName.get(name);
			if (needed !== undefined && !service.starts_before.includes(name)) visit(needed, [...path, service.name]);
		}
		done.add(service.name);
		ordered.push(service);
	}

	for (const service of services) visit(service, []);
	return ordered;
}
