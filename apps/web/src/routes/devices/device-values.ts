import type { Device, DeviceChange } from "@netconductor/contracts/devices/model";
import type { z } from "zod";

/** What the form for a device holds. */
export interface DeviceValues extends Record<string, unknown> {
	name: string;
	host: string;
	port: number | string;
	device_type: string | null;
	/** Where the login comes from: the device's own, a stored credential, or whatever applies without either. */
	login: "own" | "stored" | "none";
	credential_id: string | null;
	username: string;
	password: string;
	enable_password: string;
	jump_device_id: string | null;
	legacy_algorithms: boolean;
	enabled: boolean;
	site: string;
	worker_pool: string;
	tags: string[];
	groups: string[];
	description: string;
	/** Whether it is tested once it is added. */
	test: boolean;
}

type Body = z.input<typeof DeviceChange>;

/** What the form begins with: an empty one, or what is known of a device. A login's secrets are never known. */
export function valuesOf(device: Device | undefined): DeviceValues {
	const login =
		device === undefined || device.credential_id === device.id
			? "own"
			: device.credential_id === null
				? "none"
				: "stored";
	return {
		name: device?.name ?? "",
		host: device?.host ?? "",
		port: device?.port ?? 22,
		device_type: device?.device_type ?? null,
		login,
		credential_id: login === "stored" ? (device?.credential_id ?? null) : null,
		username: "",
		password: "",
		enable_password: "",
		jump_device_id: device?.jump_device_id ?? null,
		legacy_algorithms: device?.legacy_algorithms ?? false,
		enabled: device?.enabled ?? true,
		site: device?.site ?? "",
		worker_pool: device?.worker_pool ?? "",
		tags: device?.tags ?? [],
		groups: device?.groups ?? [],
		description: device?.description ?? "",
		test: true,
	};
}

/**
 * What was filled in as the API takes it. Of a device that exists only what differs from it, so that what somebody else changed meanwhile stays.
 * What is missing is sent empty: the contract says beside the field that it is.
 */
export function bodyOf(values: DeviceValues, device: Device | undefined): Body {
	const { host, port, name, device_type, site, description } = values;
	const fields: Body = {
		name: name.trim(),
		host: host.trim(),
		port: port === "" ? 22 : Number(port),
		device_type: device_type ?? "",
		jump_device_id: values.jump_device_id,
		legacy_algorithms: values.legacy_algorithms,
		enabled: values.enabled,
		site: site.trim() || null,
		worker_pool: values.worker_pool.trim() || null,
		tags: values.tags,
		groups: values.groups,
		description: description.trim(),
	};
	if (device === undefined) return { ...fields, ...loginOf(values, device) };
	const differing = Object.entries(fields).filter(
		([field, value]) => JSON.stringify(value) !== JSON.stringify(device[field as keyof Device]),
	);
	return { ...Object.fromEntries(differing), ...loginOf(values, device) };
}

function loginOf(values: DeviceValues, device: Device | undefined): Body {
	const { login, credential_id, username, password, enable_password } = values;
	if (login === "none") return device?.credential_id === null ? {} : { credential_id: null };
	if (login === "stored") {
		return device !== undefined && device.credential_id === credential_id ? {} : { credential_id: credential_id ?? "" };
	}
	const has = device !== undefined && device.credential_id === device.id;
	return {
		...((!has || username !== "") && { username }),
		...((!has || password !== "") && { password }),
		...(enable_password !== "" && { enable_password }),
	};
}
