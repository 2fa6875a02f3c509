import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { LongPageQuery, PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import { WorkerPool } from "../kernel/worker-pool.ts";
import { SessionTimeouts, SetTimeouts } from "./connection.ts";
import { Facts, PlatformDefinition } from "./platform.ts";

/** Text that PostgreSQL can hold: neither NUL nor half of a surrogate pair. */
const Text = z.string().regex(/^[^\0\p{Surrogate}]*$/u, "Must not contain NUL or broken characters");

/** Unique name of a device, whatever its case, as people and prompts know it. */
export const DeviceName = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "Letters, digits and . _ - only, starting with a letter or digit");

/** IPv4, IPv6 or a DNS name. */
export const Host = z.union(
	[
		z.ipv4(),
		z.ipv6(),
		z
			.string()
			.max(253)
			.regex(/^(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$/),
	],
	"An IPv4 or IPv6 address or a DNS name",
);
export const Port = z.int().min(1).max(65_535);
export const Tag = z
	.string()
	.min(1)
	.max(64)
	.regex(/^[\p{L}\p{N}][\p{L}\p{N}._:/-]*$/u, "Letters, digits and . _ : / - only");
export const GroupName = z
	.string()
	.min(1)
	.max(100)
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u);
export const DeviceTypeId = z.string().regex(/^[a-z][a-z0-9_]{1,62}$/);

/** Result of the latest contact. `unknown` until the first one. */
export const Health = z.enum(["unknown", "reachable", "unreachable", "auth_failed", "host_key_changed", "failing"]);

export const Device = z
	.object({
		id: Id,
		name: DeviceName,
		host: z.string(),
		port: Port,
		device_type: DeviceTypeId,
		credential_id: Id.nullable(),
		/** Device through which this one is reached. */
		jump_device_id: Id.nullable(),
		legacy_algorithms: z.boolean(),
		enabled: z.boolean(),
		site: z.string().nullable(),
		/** Workers that reach it; null: as one of its groups says, else the default pool. */
		worker_pool: WorkerPool.nullable(),
		tags: z.array(z.string()),
		groups: z.array(z.string()),
		description: z.string(),
		source: z.enum(["manual", "import"]),
		facts: Facts,
		facts_at: Timestamp.nullable(),
		health: Health,
		health_at: Timestamp.nullable(),
		health_error: z.string().nullable(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "Device" });
export type Device = z.infer<typeof Device>;

const deviceFields = {
	name: DeviceName,
	host: Host,
	port: Port.default(22),
	device_type: DeviceTypeId,
	jump_device_id: Id.nullable().default(null),
	legacy_algorithms: z.boolean().default(false),
	enabled: z.boolean().default(true),
	site: Text.max(100).nullable().default(null),
	worker_pool: WorkerPool.nullable().default(null),
	tags: z.array(Tag).max(100).default([]),
	/** Names of groups; missing ones are made. */
	groups: z.array(GroupName).max(100).default([]),
	description: Text.max(2000).default(""),
};

/** Login given with a device instead of a stored credential: it becomes a credential of that device alone. */
const ownLogin = {
	credential_id: Id.nullable().optional(),
	username: Text.min(1).max(200).optional(),
	password: Secret().optional(),
	enable_password: Secret().optional(),
};
type OwnLogin = { credential_id?: string | null; username?: string; password?: string; enable_password?: string };
const oneLogin = (given: OwnLogin) =>
	!(given.credential_id && (given.username ?? given.password ?? given.enable_password) !== undefined);
const oneLoginMessage = { message: "Give either credential_id or username and password", path: ["credential_id"] };
/** A login without its other half would only fail on the device. */
const wholeLogin = (given: OwnLogin) =>
	(given.username === undefined) === (given.password === undefined) &&
	(given.enable_password === undefined || given.username !== undefined);
const wholeLoginMessage = { message: "username and password go together", path: ["password"] };

export const NewDevice = z
	.object({ ...deviceFields, ...ownLogin })
	.refine(oneLogin, oneLoginMessage)
	.refine(wholeLogin, wholeLoginMessage);
/**
 * Left out = unchanged. `username`, `password` and `enable_password` change the device's own login, or with both of the first two
 * give it one; `credential_id` takes a stored credential instead (the own login is then deleted), null takes none.
 */
export const DeviceChange = z
	.object({
		name: DeviceName.optional(),
		host: Host.optional(),
		port: Port.optional(),
		device_type: DeviceTypeId.optional(),
		jump_device_id: Id.nullable().optional(),
		legacy_algorithms: z.boolean().optional(),
		enabled: z.boolean().optional(),
		site: Text.max(100).nullable().optional(),
		worker_pool: WorkerPool.nullable().optional(),
		tags: z.array(Tag).max(100).optional(),
		groups: z.array(GroupName).max(100).optional(),
		description: Text.max(2000).optional(),
		...ownLogin,
	})
	.refine(oneLogin, oneLoginMessage);

/** Which devices: any combination narrows down; `all: true` alone takes every device. */
export const DeviceFilter = z.object({
	/** Any of these device types. */
	device_type: QueryList(DeviceTypeId).optional(),
	site: Text.max(100).optional(),
	/** Devices that workers of this pool reach, whether they name it, a group of theirs does, or nothing does. */
	worker_pool: WorkerPool.optional(),
	/** All of these tags. */
	tag: QueryList(Text).optional(),
	/** All of these groups, by name. */
	group: QueryList(Text).optional(),
	/** Any of these. */
	health: QueryList(Health).optional(),
	enabled: QueryBoolean.optional(),
	/** Devices that name this credential themselves; not those that get it from a group or an override. */
	credential_id: Id.optional(),
	/** Devices whose changed host key waits for a decision, or the others. */
	changed_host_key: QueryBoolean.optional(),
});
export const ListDevices = LongPageQuery.extend({
	...DeviceFilter.shape,
	sort: sortBy(["name", "host", "device_type", "site", "health", "health_at", "created_at", "updated_at"], "name"),
});

const FilterChoice = z.object({ value: z.string(), devices: z.int() });

/** The inventory in numbers. Each list holds the 200 values with the most devices, those first; the numbers are of one moment. */
export const DeviceSummary = z
	.object({
		total: z.int(),
		/** As the filter `enabled` counts them: an override may still keep runs away from one. */
		enabled: z.int(),
		by_health: z.record(Health, z.int()),
		by_device_type: z.array(FilterChoice),
		by_site: z.array(FilterChoice),
		without_site: z.int(),
		by_worker_pool: z.array(FilterChoice),
		by_group: z.array(FilterChoice),
		by_tag: z.array(FilterChoice),
		/** Devices that present another host key than the accepted one. */
		changed_host_keys: z.int(),
	})
	.meta({ id: "DeviceSummary" });
export type DeviceSummary = z.infer<typeof DeviceSummary>;

/** What `updateDevices` does with each device of its selection. */
export const BulkAction = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("enable") }),
	z.object({ kind: z.literal("disable") }),
	z.object({ kind: z.literal("add_tags"), tags: z.array(Tag).min(1).max(50) }),
	z.object({ kind: z.literal("remove_tags"), tags: z.array(Tag).min(1).max(50) }),
	/** By name; a group that is missing is made. */
	z.object({ kind: z.literal("add_to_group"), group: GroupName }),
	z.object({ kind: z.literal("remove_from_group"), group: GroupName }),
	/** A stored credential, or null for none. Own logins of the devices are deleted. */
	z.object({ kind: z.literal("set_credential"), credential_id: Id.nullable() }),
	z.object({ kind: z.literal("set_site"), site: Text.min(1).max(100).nullable() }),
	z.object({ kind: z.literal("set_worker_pool"), worker_pool: WorkerPool.nullable() }),
	z.object({ kind: z.literal("delete") }),
]);
export type BulkAction = z.infer<typeof BulkAction>;

/** Selection of devices in a request's body. At least one criterion; several are joined (union). */
export const Selection = z
	.object({
		device_ids: z.array(Id).max(50_000).optional(),
		names: z.array(Text.max(253)).max(50_000).optional(),
		groups: z.array(Text.max(100)).max(100).optional(),
		tags: z.array(Text.max(64)).max(100).optional(),
		all: z.boolean().optional(),
	})
	.refine(
		(given) =>
			given.all || [given.device_ids, given.names, given.groups, given.tags].some((list) => (list?.length ?? 0) > 0),
		"Select devices by device_ids, names, groups, tags, or all",
	);
export type Selection = z.infer<typeof Selection>;

/** What a run may ask for in place of a device's own settings; it wins over all of them. */
export const ConnectionRequest = z.object({
	credential_id: Id.optional(),
	timeouts: SetTimeouts.optional(),
});
export type ConnectionRequest = z.infer<typeof ConnectionRequest>;

/** A device as the target of a run. */
export const Target = z.object({
	device_id: Id,
	name: z.string(),
	device_type: z.string(),
	/** Pool of the workers that reach it. */
	worker_pool: z.string(),
	/** False when the device or its override says that nothing may touch it. */
	enabled: z.boolean(),
	/** Why it is not enabled, for people. */
	disabled_reason: z.string().nullable(),
});
export type Target = z.infer<typeof Target>;

export const Credential = z
	.object({
		id: Id,
		name: z.string(),
		username: z.string(),
		has_password: z.boolean(),
		has_private_key: z.boolean(),
		has_passphrase: z.boolean(),
		has_enable_password: z.boolean(),
		is_default: z.boolean(),
		/** Set when the credential belongs to one device alone. */
		device_id: Id.nullable(),
		/** Number of devices, groups and overrides that name it. */
		used_by: z.int(),
		/** The same, one by one. */
		devices: z.int(),
		groups: z.int(),
		overrides: z.int(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "Credential" });
export type Credential = z.infer<typeof Credential>;

export const NewCredential = z
	.object({
		name: Text.min(1).max(100),
		username: Text.min(1).max(200),
		password: Secret().optional(),
		/** PEM or OpenSSH private key. */
		private_key: Secret().optional(),
		passphrase: Secret().optional(),
		enable_password: Secret().optional(),
		is_default: z.boolean().default(false),
	})
	.refine((given) => given.password !== undefined || given.private_key !== undefined, {
		message: "Give a password or a private key",
		path: ["password"],
	});
/** Left out = unchanged; null removes the secret. */
export const CredentialChange = z.object({
	name: Text.min(1).max(100).optional(),
	username: Text.min(1).max(200).optional(),
	password: Secret().nullable().optional(),
	private_key: Secret().nullable().optional(),
	passphrase: Secret().nullable().optional(),
	enable_password: Secret().nullable().optional(),
	is_default: z.boolean().optional(),
});
export const ListCredentials = PageQuery.extend({
	/** Also those that belong to a single device. */
	own: QueryBoolean.optional(),
	sort: sortBy(["name", "username", "created_at"], "name"),
});

/** Settings of one device that win over everything except what is given with a request. */
export const Override = z
	.object({
		device_id: Id,
		disabled: z.boolean(),
		disabled_reason: z.string(),
		host: z.string().nullable(),
		port: Port.nullable(),
		credential_id: Id.nullable(),
		timeouts: SetTimeouts,
		updated_at: Timestamp,
	})
	.meta({ id: "DeviceOverride" });
export type Override = z.infer<typeof Override>;
export const OverrideInput = z.object({
	disabled: z.boolean().default(false),
	disabled_reason: Text.max(500).default(""),
	host: Host.nullable().default(null),
	port: Port.nullable().default(null),
	credential_id: Id.nullable().default(null),
	timeouts: SetTimeouts.default({}),
});

/** How a session with a device would be opened now, without secrets, and where each part comes from. */
export const ConnectionInUse = z
	.object({
		device_id: Id,
		host: z.string(),
		port: Port,
		address_from: z.enum(["device", "override"]),
		/** Null when no credential applies. */
		credential: z
			.object({
				id: Id,
				from: z.enum(["override", "device", "group", "default"]),
				/** Name of the group that it comes from. */
				group: z.string().nullable(),
			})
			.nullable(),
		/** Workers that open it. */
		worker_pool: z.object({
			name: z.string(),
			from: z.enum(["device", "group", "default"]),
			/** Name of the group that it comes from. */
			group: z.string().nullable(),
		}),
		/** Hosts to go through, the first one reached directly. */
		jump_hosts: z.array(z.object({ device_id: Id, device_name: z.string(), host: z.string(), port: Port })),
		legacy_algorithms: z.boolean(),
		timeouts: SessionTimeouts,
		/** Why no session can be opened as things stand; null when one can. */
		refused: z.object({ code: z.string(), message: z.string() }).nullable(),
	})
	.meta({ id: "ConnectionInUse" });
export type ConnectionInUse = z.infer<typeof ConnectionInUse>;

export const DeviceGroup = z
	.object({
		id: Id,
		name: GroupName,
		description: z.string(),
		credential_id: Id.nullable(),
		/** Workers that reach its devices, where those name no pool themselves. */
		worker_pool: WorkerPool.nullable(),
		devices: z.int(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "DeviceGroup" });
export type DeviceGroup = z.infer<typeof DeviceGroup>;
export const NewDeviceGroup = z.object({
	name: GroupName,
	description: Text.max(500).default(""),
	credential_id: Id.nullable().default(null),
	worker_pool: WorkerPool.nullable().default(null),
});
export const DeviceGroupChange = z.object({
	name: GroupName.optional(),
	description: Text.max(500).optional(),
	credential_id: Id.nullable().optional(),
	worker_pool: WorkerPool.nullable().optional(),
});

export const DeviceType = z
	.object({
		id: DeviceTypeId,
		label: z.string(),
		vendor: z.string(),
		built_in: z.boolean(),
		devices: z.int(),
		definition: PlatformDefinition,
		updated_at: Timestamp.nullable(),
	})
	.meta({ id: "DeviceType" });
export type DeviceType = z.infer<typeof DeviceType>;

/** A host key as a device presented it, or as it was accepted. */
export const HostKey = z
	.object({
		device_id: Id,
		device_name: z.string(),
		status: z.enum(["accepted", "changed"]),
		fingerprint: z.string(),
		algorithm: z.string(),
		accepted_by: z.string(),
		accepted_at: Timestamp,
		/** Set while the device presents another key than the accepted one. */
		presented_fingerprint: z.string().nullable(),
		presented_algorithm: z.string().nullable(),
		presented_at: Timestamp.nullable(),
	})
	.meta({ id: "HostKey" });
export type HostKey = z.infer<typeof HostKey>;

/** One row of an import that could not be taken. `row` counts from 1 after the header (0 = the header or the file as a whole); `line` is the file's. */
export const ImportProblem = z.object({
	row: z.int(),
	line: z.int(),
	column: z.string().nullable(),
	message: z.string(),
});
export type ImportProblem = z.infer<typeof ImportProblem>;
export const ImportResult = z
	.object({
		dry_run: z.boolean(),
		rows: z.int(),
		created: z.int(),
		updated: z.int(),
		unchanged: z.int(),
		/** At most 1,000; only a dry run answers with problems, the import itself fails with them. */
		problems: z.array(ImportProblem),
		/** What would change or changed, row by row; at most 1,000. */
		changes: z.array(
			z.object({
				row: z.int(),
				name: z.string(),
				action: z.enum(["create", "update", "unchanged"]),
				fields: z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() })),
			}),
		),
	})
	.meta({ id: "ImportResult" });
export type ImportResult = z.infer<typeof ImportResult>;

export const HealthEntry = z.object({
	at: Timestamp,
	health: Health,
	error: z.string().nullable(),
	run_id: Id.nullable(),
	phases: z.array(z.object({ phase: z.string(), ms: z.number(), ok: z.boolean() })),
});
export type HealthEntry = z.infer<typeof HealthEntry>;
