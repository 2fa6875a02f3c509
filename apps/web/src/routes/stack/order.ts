import type { StackService } from "@netconductor/contracts/config/stacks";

/** Services in the order in which they stand in a device's configuration: each after those that it depends on, else as they were written. */
export function inOrder(services: readonly StackService[]): StackService[] {
	const byName = new Map(services.map((service) => [service.name, service]));
	const ordered = new Set<StackService>();
	const begun = new Set<StackService>();
	function place(service: StackService): void {
		// A stored stack has no circle; one that has is shown all the same.
		if (begun.has(service)) return;
		begun.add(service);
		for (const name of service.depends_on) {
			const before = byName.get(name);
			if (before !== undefined) place(before);
		}
		ordered.add(service);
	}
	for (const service of services) place(service);
	return [...ordered];
}
