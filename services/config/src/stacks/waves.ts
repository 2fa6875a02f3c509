import type { PlacedService, StackAction } from "./render-stack.ts";

/** Something that comes about once all that is named under `after` has: a device is changed, or a service stands wherever it is to stand. */
interface Happening {
	device_id: string | undefined;
	after: Happening[];
}

/**
 * When each device has its turn: wave 0 first. A device is changed after all the others that have a service which one of its own depends on; taken
 * away it is the other way round. Devices that depend on each other in a circle, as where two services stand on the same two devices, are in one wave.
 */
export function wavesOf(placed: readonly PlacedService[], action: StackAction): Map<string, number> {
	const stands = new Map<string, Happening>(
		placed.map(({ service }) => [service.name, { device_id: undefined, after: [] }]),
	);
	const changed = new Map<string, Happening>();
	for (const { service, targets } of placed) {
		const awaited = placed
			.filter(({ service: other }) =>
				action === "delete" ? other.depends_on.includes(service.name) : service.depends_on.includes(other.name),
			)
			.flatMap(({ service: other }) => stands.get(other.name) ?? []);
		const standing = stands.get(service.name);
		standing?.after.push(...awaited);
		for (const { device_id } of targets) {
			const device = changed.get(device_id) ?? { device_id, after: [] };
			changed.set(device_id, device);
			device.after.push(...awaited);
			standing?.after.push(device);
		}
	}
	const waves = new Map<string, number>();
	/** Waves that are over once it has come about. */
	const over = new Map<Happening, number>();
	for (const circle of inCircles([...changed.values()])) {
		let wave = 0;
		for (const { after } of circle) for (const before of after) wave = Math.max(wave, over.get(before) ?? 0);
		const devices = circle.flatMap(({ device_id }) => device_id ?? []);
		for (const device_id of devices) waves.set(device_id, wave);
		for (const one of circle) over.set(one, devices.length > 0 ? wave + 1 : wave);
	}
	return waves;
}

/**
 * What happens after each other in a circle together, each such group after all that it comes after: strongly connected components by Tarjan's
 * algorithm. No path has a service twice, so it goes twice as deep as there are services.
 */
function inCircles(from: readonly Happening[]): Happening[][] {
	const circles: Happening[][] = [];
	const met = new Map<Happening, { at: number; lowest: number; open: boolean }>();
	const path: Happening[] = [];

	function visit(one: Happening) {
		const here = { at: met.size, lowest: met.size, open: true };
		met.set(one, here);
		path.push(one);
		for (const before of one.after) {
			const there = met.get(before) ?? visit(before);
			if (there.open) here.lowest = Math.min(here.lowest, there.lowest);
		}
		if (here.lowest === here.at) {
			const circle = path.splice(path.lastIndexOf(one));
			for (const member of circle) Object.assign(met.get(member) ?? {}, { open: false });
			circles.push(circle);
		}
		return here;
	}

	for (const one of from) if (!met.has(one)) visit(one);
	return circles;
}
