/** A device that a simulator runs, and how to sign in to it. */
export interface SimulatedDevice {
	name: string;
	/** Id of the platform it behaves like, which is a device type of the product. */
	platform: string;
	host: string;
	port: number;
	username: string;
	password: string;
	enable_password: string;
}

export interface SimulatedFleet {
	devices: readonly SimulatedDevice[];
	/** Types configuration lines on a device, in its own language, as another administrator would. @throws when they are not */
	applyLines(device: string, lines: string[]): Promise<void>;
	/** Resolves when it has ended, for whatever reason. */
	ended: Promise<void>;
	stop(): Promise<void>;
}

/** What runs simulated devices on loopback addresses of this machine. Installations for production come without it. */
export interface Simulator {
	/** So many devices of different platforms. */
	plan(count: number): { name: string; platform: string }[];
	/**
	 * Starts devices in a process of their own, which ends with this one. The same seed makes the same configurations and host keys.
	 * Without a port a free one is taken.
	 * @throws when they do not start, as when a port is taken
	 */
	start(options: {
		seed: string;
		devices: readonly { name: string; platform: string; port?: number }[];
	}): Promise<SimulatedFleet>;
	/** What somebody types on a device of this platform, different each time; undefined where nothing is thought of. */
	sampleChange(platform: string, number: number): string[] | undefined;
}
