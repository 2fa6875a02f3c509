import type { Simulator } from "@netconductor/runtime/host/simulator";

/** The lab's simulated devices, or undefined where the lab is not installed: images for production leave it out. */
export async function loadSimulator(): Promise<Simulator | undefined> {
	try {
		const [{ startFleetProcess }, { sampleChange, samplePlatforms }] = await Promise.all([
			import("@netconductor/lab/sim/process"),
			import("@netconductor/lab/sim/sample-network"),
		]);
		return {
			plan: (count) =>
				Array.from({ length: count }, (_, index) => {
					const platform = samplePlatforms[index % samplePlatforms.length] ?? samplePlatforms[0];
					const number = Math.floor(index / samplePlatforms.length) + 1;
					return { name: `sim-${platform.replaceAll("_", "-")}-${number}`, platform };
				}),
			async start({ seed, devices }) {
				const specs = devices.map(({ name, platform, port }) => {
					const known = samplePlatforms.find((id) => id === platform);
					if (known === undefined) throw new RangeError(`the simulator has no platform ${platform}`);
					return { name, platform: known, ...(port !== undefined && { port }) };
				});
				return startFleetProcess({ seed, devices: specs });
			},
			sampleChange,
		};
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
		throw error;
	}
}
