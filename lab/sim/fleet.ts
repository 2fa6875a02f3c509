import { type SimDevice, startDevice } from "./device.ts";
import { type SimPlatformId, simPlatforms } from "./platforms.ts";

/** A device to simulate; what is left out gets a sensible value. */
export interface DeviceSpec {
	name: string;
	platform: SimPlatformId;
	/** 0 or nothing takes a free one. */
	port?: number;
	host?: string;
	username?: string;
	password?: string;
	enable_password?: string;
	/** About how long the config is; 12,000. */
	config_bytes?: number;
	latency_ms?: number;
}

export interface FleetOptions {
	/** Named devices, or so many of these platforms in turn. */
	devices: DeviceSpec[] | { count: number; platforms: SimPlatformId[] };
	/** Every device listens here unless `addresses` is "each". */
	host?: string;
	/** "each" gives every device a loopback address of its own (127.1.0.1, 127.1.0.2, ...), as Linux allows. */
	addresses?: "shared" | "each";
	/** The first device's port; the next ones follow (or all the same one, with an address each). Free ports are taken without it. */
	base_port?: number;
	/** Before every answer. */
	latency_ms?: number;
	config_bytes?: number;
	username?: string;
	password?: string;
	enable_password?: string;
	/** The same seed makes the same configs, secrets and host keys. */
	seed?: string;
}

/** What a client needs to know to use a device, and to know that it is the right one. */
export interface InventoryEntry {
	name: string;
	host: string;
	port: number;
	platform: SimPlatformId;
	username: string;
	password: string;
	enable_password: string;
	host_key_fingerprint: string;
}

export interface Fleet {
	devices: InventoryEntry[];
	/** @throws when there is none of that name */
	device(name: string): SimDevice;
	stop(): Promise<void>;
}

/** Starts simulated devices in this process. Thousands are fine: an idle one costs a listening socket and little else. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
	const specs = Array.isArray(options.devices) ? options.devices : numbered(options.devices);
	const seed = options.seed ?? "lab";
	const devices = new Map<string, SimDevice>();
	async function stop() {
		await Promise.all([...devices.values()].map((device) => device.stop()));
		devices.clear();
	}
	try {
		for (const [i, spec] of specs.entries()) {
			if (devices.has(spec.name)) throw new Error(`two simulated devices are named ${spec.name}`);
			const each = options.addresses === "each";
			const base = options.base_port === undefined ? 0 : options.base_port + (each ? 0 : i);
			const device = await startDevice({
				name: spec.name,
				platform: simPlatforms[spec.platform],
				host: spec.host ?? (each ? `127.1.${(i + 1) >> 8}.${(i + 1) & 255}` : (options.host ?? "127.0.0.1")),
				port: spec.port ?? base,
				username: spec.username ?? options.username ?? "admin",
				password: spec.password ?? options.password ?? "lab-password",
				enable_password: spec.enable_password ?? options.enable_password ?? "lab-enable",
				config_bytes: spec.config_bytes ?? options.config_bytes ?? 12_000,
				latency_ms: spec.latency_ms ?? options.latency_ms ?? 0,
				seed,
			});
			devices.set(spec.name, device);
		}
	} catch (cause) {
		await stop();
		throw cause;
	}
	return {
		devices: specs.map(({ name, platform }) => {
			const device = find(name);
			const { host, port, username, password, enable_password, host_key_fingerprint } = device;
			return { name, host, port, platform, username, password, enable_password, host_key_fingerprint };
		}),
		device: find,
		stop,
	};

	function find(name: string): SimDevice {
		const device = devices.get(name);
		if (!device) throw new Error(`the lab has no device named ${name}`);
		return device;
	}
}

function numbered({ count, platforms }: { count: number; platforms: SimPlatformId[] }): DeviceSpec[] {
	const perPlatform = new Map<SimPlatformId, number>();
	return Array.from({ length: count }, (_, i) => {
		const platform = platforms[i % platforms.length];
		if (platform === undefined) throw new Error("a fleet needs at least one platform");
		const number = (perPlatform.get(platform) ?? 0) + 1;
		perPlatform.set(platform, number);
		return { name: `${simPlatforms[platform].short_name}-${number}`, platform };
	});
}
