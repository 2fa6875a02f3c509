import { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import type { ConnectionInUse } from "@netconductor/contracts/devices/model";
import { failed, isAppError } from "@netconductor/runtime/errors";

/** A device with the settings that are its own. */
export interface DeviceLayer {
	id: string;
	name: string;
	host: string;
	port: number;
	enabled: boolean;
	legacy_algorithms: boolean;
	credential_id: string | null;
	jump_device_id: string | null;
}

/** Settings that win over the device's. */
export interface OverrideLayer {
	disabled: boolean;
	disabled_reason: string;
	host: string | null;
	port: number | null;
	credential_id: string | null;
	timeouts: Partial<SessionTimeouts>;
}

/** Everything about one device that decides how it is reached. */
export interface DeviceLayers {
	device: DeviceLayer;
	override: OverrideLayer | null;
	groups: { name: string; credential_id: string | null }[];
	default_credential_id: string | null;
	/** Told by the database, which filters by it, too (`worker-pool.ts`). */
	worker_pool: ConnectionInUse["worker_pool"];
}

/** What a session is asked for, besides the device it goes to. */
export interface RequestLayer {
	credential_id?: string | undefined;
	timeouts?: Partial<SessionTimeouts> | undefined;
}

/** Where to log in, and with which credential. */
export interface ResolvedEndpoint {
	device_id: string;
	name: string;
	host: string;
	port: number;
	credential_id: string;
	legacy_algorithms: boolean;
}

export interface ResolvedConnection extends ResolvedEndpoint {
	timeouts: SessionTimeouts;
	/** Hosts to go through, the first one reached directly. */
	jump_hosts: ResolvedEndpoint[];
}

/** More hosts in a row than this are a mistake rather than a network. */
export const maxJumpHosts = 8;

/**
 * Which settings a session uses. The nearest wins: request, override, device, group, default. Of several groups with a credential the first
 * by name (without regard to case) decides. Jump hosts use their own settings; the request says nothing about them.
 *
 * @param layersOf the layers of a jump host; undefined when there is no such device
 * @throws devices.disabled — the device, or one it is reached through, must not be touched; bulk operations get it too
 * @throws devices.no_credential — nothing applies; we never guess one
 * @throws devices.jump_loop — the jump hosts lead back to one that was passed, or are more than eight
 */
export function resolveConnection(
	layers: DeviceLayers,
	layersOf: (device_id: string) => DeviceLayers | undefined = () => undefined,
	request: RequestLayer = {},
): ResolvedConnection {
	const { device, override } = layers;
	const disabled = whyDisabled(device, override);
	if (disabled !== undefined) {
		throw failed("devices.disabled", {
			message: `${device.name} is disabled (${disabled}). Nothing was sent. Enable it first if it may be touched.`,
			details: { device_id: device.id, device_name: device.name },
		});
	}
	return {
		...resolveEndpoint(layers, request),
		timeouts: SessionTimeouts.parse({ ...override?.timeouts, ...defined(request.timeouts ?? {}) }),
		jump_hosts: resolveJumpHosts(device, layersOf),
	};
}

/** Why nothing may touch the device, for people; undefined when it may be used. */
export function whyDisabled(
	device: Pick<DeviceLayer, "enabled">,
	override: Pick<OverrideLayer, "disabled" | "disabled_reason"> | null,
): string | undefined {
	if (override?.disabled) return override.disabled_reason || "its override disables it";
	return device.enabled ? undefined : "it is switched off in the inventory";
}

function resolveEndpoint({ device, override, ...layers }: DeviceLayers, request: RequestLayer = {}): ResolvedEndpoint {
	const credential_id = request.credential_id ?? credentialInUse({ device, override, ...layers })?.id;
	if (credential_id === undefined) {
		throw failed("devices.no_credential", {
			message: `No credential applies to ${device.name}. Set one on the device, on one of its groups, or make one the default.`,
			details: { device_id: device.id, device_name: device.name },
		});
	}
	return {
		device_id: device.id,
		name: device.name,
		...addressInUse({ device, override }),
		credential_id,
		legacy_algorithms: device.legacy_algorithms,
	};
}

function addressInUse({ device, override }: Pick<DeviceLayers, "device" | "override">) {
	return { host: override?.host ?? device.host, port: override?.port ?? device.port };
}

/** The credential that applies without a request for another, and what it comes from. */
function credentialInUse({
	device,
	override,
	groups,
	default_credential_id,
}: DeviceLayers): ConnectionInUse["credential"] {
	if (override?.credential_id) return { id: override.credential_id, from: "override", group: null };
	if (device.credential_id !== null) return { id: device.credential_id, from: "device", group: null };
	const [group] = groups
		.filter(({ credential_id }) => credential_id !== null)
		.toSorted((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.name, b.name));
	if (group?.credential_id) return { id: group.credential_id, from: "group", group: group.name };
	return default_credential_id === null ? null : { id: default_credential_id, from: "default", group: null };
}

/** What a session would use, told also where it would be refused. */
/** What a jump host is called to whom it does not exist. */
export const unseenHost = "a jump host that your role does not cover";

export function describeConnection(
	layers: DeviceLayers,
	layersOf: (device_id: string) => DeviceLayers | undefined = () => undefined,
): ConnectionInUse {
	const { device, override } = layers;
	const refused = refusalOf(() => resolveConnection(layers, layersOf));
	// A way that leads in a circle, or through a host that may not be used, is told by the refusal.
	let way: ResolvedEndpoint[] = [];
	refusalOf(() => {
		way = resolveJumpHosts(device, layersOf);
	});
	return {
		device_id: device.id,
		...addressInUse(layers),
		address_from: (override?.host ?? null) === null && (override?.port ?? null) === null ? "device" : "override",
		credential: credentialInUse(layers),
		worker_pool: layers.worker_pool,
		jump_hosts: way.map(({ device_id, name, host, port }) => ({ device_id, device_name: name, host, port })),
		legacy_algorithms: device.legacy_algorithms,
		timeouts: SessionTimeouts.parse({ ...override?.timeouts }),
		refused,
	};
}

function refusalOf(resolve: () => unknown): ConnectionInUse["refused"] {
	try {
		resolve();
		return null;
	} catch (error) {
		if (!isAppError(error)) throw error;
		return { code: error.code, message: error.message };
	}
}

function resolveJumpHosts(
	device: DeviceLayer,
	layersOf: (device_id: string) => DeviceLayers | undefined,
): ResolvedEndpoint[] {
	const passed = [device];
	const endpoints: ResolvedEndpoint[] = [];
	for (let next = device.jump_device_id; next !== null; ) {
		const layers = layersOf(next);
		if (layers === undefined) throw new TypeError(`the layers of jump host ${next} were not loaded`);
		const loops = passed.some(({ id }) => id === layers.device.id);
		passed.push(layers.device);
		if (loops || endpoints.length === maxJumpHosts) throw jumpLoop(passed.map(({ name }) => name));
		const disabled = whyDisabled(layers.device, layers.override);
		if (disabled !== undefined) {
			throw failed("devices.disabled", {
				message: `${device.name} is reached through ${layers.device.name}, which is disabled (${disabled}). Nothing was sent.`,
				details: { device_id: layers.device.id, device_name: layers.device.name },
			});
		}
		endpoints.unshift(resolveEndpoint(layers));
		next = layers.device.jump_device_id;
	}
	return endpoints;
}

/** The error for jump hosts that lead nowhere; `names` from the device on, in the order they were followed. */
export function jumpLoop(names: string[]): Error {
	const what =
		new Set(names).size < names.length
			? "lead in a circle"
			: `are more than ${maxJumpHosts}, the most that are followed`;
	return failed("devices.jump_loop", {
		message: `The jump hosts of ${names[0]} ${what}: ${names.join(" → ")}. Change the jump host of one of them.`,
		details: { device_names: names },
	});
}

function defined<T extends object>(given: T): Partial<T> {
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
