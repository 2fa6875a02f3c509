import { z } from "zod";
import { Id } from "../kernel/ids.ts";
import { defineApi, del, get, internal, patch, post, put } from "../kernel/operation.ts";
import { CountedPage, CursorPage, CursorQuery, Page, PageQuery, QueryBoolean, sortBy } from "../kernel/page.ts";
import { Secret } from "../kernel/secret.ts";
import { RunRef } from "../tasks/model.ts";
import { Connection } from "./connection.ts";
import {
	BulkAction,
	ConnectionInUse,
	ConnectionRequest,
	Credential,
	CredentialChange,
	Device,
	DeviceChange,
	DeviceFilter,
	DeviceGroup,
	DeviceGroupChange,
	DeviceSummary,
	DeviceType,
	DeviceTypeId,
	GroupName,
	HealthEntry,
	HostKey,
	ImportResult,
	ListCredentials,
	ListDevices,
	NewCredential,
	NewDevice,
	NewDeviceGroup,
	Override,
	OverrideInput,
	Selection,
	Target,
} from "./model.ts";
import { PlatformDefinition } from "./platform.ts";

const byId = z.object({ id: Id });
const byTypeId = z.object({ id: DeviceTypeId });

export const devicesApi = defineApi("devices", {
	listDevices: get("/api/devices", {
		summary: "Devices",
		query: ListDevices,
		returns: CountedPage(Device),
		permission: "devices:read",
		scope: "devices",
		same_for_all: true,
	}),
	getDeviceSummary: get("/api/devices/summary", {
		summary: "Devices counted: by health, device type, site, worker pool, group and tag",
		returns: DeviceSummary,
		permission: "devices:read",
		scope: "devices",
		same_for_all: true,
	}),
	createDevice: post("/api/devices", {
		summary: "Add a device",
		body: NewDevice,
		returns: Device,
		status: 201,
		permission: "devices:write",
		scope: "devices",
		errors: [
			"devices.name_taken",
			"devices.unknown_type",
			"devices.not_found",
			"devices.jump_loop",
			"devices.leaves_scope",
			"device_groups.not_found",
			"credentials.not_found",
			"credentials.own",
		],
	}),
	getDevice: get("/api/devices/:id", {
		summary: "One device",
		params: byId,
		returns: Device,
		permission: "devices:read",
		scope: "devices",
		errors: ["devices.not_found"],
	}),
	updateDevice: patch("/api/devices/:id", {
		summary: "Change a device",
		params: byId,
		body: DeviceChange,
		returns: Device,
		permission: "devices:write",
		scope: "devices",
		errors: [
			"devices.not_found",
			"devices.name_taken",
			"devices.unknown_type",
			"devices.incomplete_login",
			"devices.jump_loop",
			"devices.leaves_scope",
			"device_groups.not_found",
			"credentials.not_found",
			"credentials.own",
		],
	}),
	deleteDevice: del("/api/devices/:id", {
		summary: "Delete a device; its backups stay until their retention ends",
		params: byId,
		permission: "devices:write",
		scope: "devices",
		errors: ["devices.not_found", "devices.jump_in_use"],
	}),
	updateDevices: post("/api/devices/bulk", {
		summary: "Enable, disable, tag, group or delete many devices, or give them a credential, a site or a worker pool",
		body: z.object({ select: Selection, action: BulkAction }),
		returns: z.object({ changed: z.int() }),
		max_body_bytes: 8 * 1024 * 1024,
		timeout_ms: 120_000,
		permission: "devices:write",
		scope: "devices",
		errors: [
			"devices.not_found",
			"devices.nothing_selected",
			"devices.jump_in_use",
			"devices.too_many_tags",
			"devices.leaves_scope",
			"device_groups.not_found",
			"credentials.not_found",
			"credentials.own",
		],
	}),
	listDeviceHealth: get("/api/devices/:id/health", {
		summary: "Health history of a device, newest first",
		params: byId,
		query: CursorQuery,
		returns: CursorPage(HealthEntry),
		permission: "devices:read",
		scope: "devices",
		errors: ["devices.not_found"],
	}),
	getConnection: get("/api/devices/:id/connection", {
		summary: "How a session with a device would be opened now, and where each part comes from",
		params: byId,
		returns: ConnectionInUse,
		permission: "devices:read",
		scope: "devices",
		errors: ["devices.not_found"],
	}),
	testDevice: post("/api/devices/:id/test", {
		summary: "Test the connection to a device and read its facts",
		params: byId,
		returns: RunRef,
		status: 202,
		permission: "devices:test",
		scope: "devices",
		errors: ["devices.not_found", "devices.disabled", "devices.no_credential", "devices.jump_loop"],
	}),
	testDevices: post("/api/devices/test", {
		summary: "Test the connection to many devices",
		body: z.object({ select: Selection }),
		returns: RunRef,
		status: 202,
		permission: "devices:test",
		scope: "devices",
		errors: ["devices.nothing_selected", "devices.not_found", "devices.disabled", "device_groups.not_found"],
	}),
	importDevices: post("/api/devices/import", {
		summary: "Import devices from CSV or JSON: all rows or none",
		description:
			"Columns: name, host, device_type, port, credential (name), username, password, enable_password, jump_host (name), tags and groups (separated by ;), site, worker_pool, description, enabled, legacy_algorithms. A device of the same name is updated: a column that is absent stays as it is, and so does an empty cell, save that an empty cell of tags, groups, site, worker_pool, description and jump_host empties it.",
		body: z.object({
			format: z.enum(["csv", "json"]),
			/** May hold passwords, so no record of the request keeps it. */
			content: Secret(
				z
					.string()
					.min(1)
					.max(32 * 1024 * 1024),
			),
			dry_run: z.boolean().default(false),
			/** Header in the file to field, where they differ; to "" for a column to leave out. */
			columns: z.record(z.string(), z.string()).optional(),
		}),
		returns: ImportResult,
		permission: "devices:write",
		max_body_bytes: 34 * 1024 * 1024,
		timeout_ms: 120_000,
		errors: ["devices.import_invalid", "devices.import_conflict"],
	}),
	exportDevices: get("/api/devices/export", {
		summary: "Export devices as CSV or JSON, without secrets; import takes it back",
		query: z.object({
			format: z.enum(["csv", "json"]).default("csv"),
			q: PageQuery.shape.q,
			...DeviceFilter.shape,
		}),
		returns: z.string(),
		produces: "text/plain; charset=utf-8",
		permission: "devices:read",
		scope: "devices",
		timeout_ms: 120_000,
	}),

	getOverride: get("/api/device-overrides/:id", {
		summary: "Override of a device (by device id)",
		params: byId,
		returns: Override,
		permission: "devices:read",
		scope: "devices",
		errors: ["devices.not_found"],
	}),
	listOverrides: get("/api/device-overrides", {
		summary: "Overrides",
		query: PageQuery.extend({ sort: sortBy(["updated_at"], "updated_at") }),
		returns: Page(Override),
		permission: "devices:read",
		scope: "devices",
	}),
	putOverride: put("/api/device-overrides/:id", {
		summary: "Set the override of a device (by device id)",
		params: byId,
		body: OverrideInput,
		returns: Override,
		permission: "devices:write",
		scope: "devices",
		errors: ["devices.not_found", "credentials.not_found", "credentials.own"],
	}),
	deleteOverride: del("/api/device-overrides/:id", {
		summary: "Remove the override of a device (by device id)",
		params: byId,
		permission: "devices:write",
		scope: "devices",
		errors: ["devices.not_found"],
	}),

	listGroups: get("/api/device-groups", {
		summary: "Groups of devices",
		query: PageQuery.extend({ sort: sortBy(["name", "created_at"], "name") }),
		returns: Page(DeviceGroup),
		permission: "devices:read",
		scope: "devices",
	}),
	createGroup: post("/api/device-groups", {
		summary: "Add a group",
		body: NewDeviceGroup,
		returns: DeviceGroup,
		status: 201,
		permission: "devices:write",
		errors: ["device_groups.name_taken", "credentials.not_found", "credentials.own"],
	}),
	getGroup: get("/api/device-groups/:id", {
		summary: "One group",
		params: byId,
		returns: DeviceGroup,
		permission: "devices:read",
		scope: "devices",
		errors: ["device_groups.not_found"],
	}),
	updateGroup: patch("/api/device-groups/:id", {
		summary: "Change a group",
		params: byId,
		body: DeviceGroupChange,
		returns: DeviceGroup,
		permission: "devices:write",
		errors: ["device_groups.not_found", "device_groups.name_taken", "credentials.not_found", "credentials.own"],
	}),
	deleteGroup: del("/api/device-groups/:id", {
		summary: "Delete a group; its devices stay",
		params: byId,
		permission: "devices:write",
		errors: ["device_groups.not_found"],
	}),
	setGroupMembers: put("/api/device-groups/:id/devices", {
		summary: "Set which devices are in a group",
		params: byId,
		body: z.object({ device_ids: z.array(Id).max(50_000) }),
		returns: DeviceGroup,
		permission: "devices:write",
		errors: ["device_groups.not_found", "devices.not_found"],
	}),

	listCredentials: get("/api/credentials", {
		summary: "Credentials, without their secrets",
		query: ListCredentials,
		returns: Page(Credential),
		permission: "credentials:read",
		scope: "devices",
	}),
	createCredential: post("/api/credentials", {
		summary: "Add a credential",
		body: NewCredential,
		returns: Credential,
		status: 201,
		permission: "credentials:write",
		errors: ["credentials.name_taken", "credentials.bad_key"],
	}),
	getCredential: get("/api/credentials/:id", {
		summary: "One credential, without its secrets",
		params: byId,
		returns: Credential,
		permission: "credentials:read",
		scope: "devices",
		errors: ["credentials.not_found"],
	}),
	updateCredential: patch("/api/credentials/:id", {
		summary: "Change a credential",
		params: byId,
		body: CredentialChange,
		returns: Credential,
		permission: "credentials:write",
		errors: [
			"credentials.not_found",
			"credentials.name_taken",
			"credentials.bad_key",
			"credentials.incomplete",
			"credentials.own",
		],
	}),
	deleteCredential: del("/api/credentials/:id", {
		summary: "Delete a credential that nothing uses",
		params: byId,
		permission: "credentials:write",
		errors: ["credentials.not_found", "credentials.in_use"],
	}),

	listDeviceTypes: get("/api/device-types", {
		summary: "Device types, built-in and custom",
		query: PageQuery.extend({
			built_in: QueryBoolean.optional(),
			sort: sortBy(["id", "label", "vendor", "devices"], "label"),
		}),
		returns: Page(DeviceType),
		permission: "devices:read",
		scope: "devices",
	}),
	createDeviceType: post("/api/device-types", {
		summary: "Add a device type by data alone",
		body: PlatformDefinition,
		returns: DeviceType,
		status: 201,
		permission: "devices:write",
		errors: ["device_types.id_taken", "device_types.bad_pattern"],
	}),
	getDeviceType: get("/api/device-types/:id", {
		summary: "One device type",
		params: byTypeId,
		returns: DeviceType,
		permission: "devices:read",
		scope: "devices",
		errors: ["device_types.not_found"],
	}),
	updateDeviceType: put("/api/device-types/:id", {
		summary: "Replace a custom device type",
		params: byTypeId,
		body: PlatformDefinition,
		returns: DeviceType,
		permission: "devices:write",
		errors: ["device_types.not_found", "device_types.built_in", "device_types.id_differs", "device_types.bad_pattern"],
	}),
	deleteDeviceType: del("/api/device-types/:id", {
		summary: "Delete a custom device type that no device has",
		params: byTypeId,
		permission: "devices:write",
		errors: ["device_types.not_found", "device_types.built_in", "device_types.in_use"],
	}),

	listHostKeys: get("/api/devices/host-keys", {
		summary: "Host keys of devices; `changed=true` shows those that wait for a decision",
		query: PageQuery.extend({
			changed: QueryBoolean.optional(),
			sort: sortBy(["device_name", "accepted_at", "presented_at"], "device_name"),
		}),
		returns: Page(HostKey),
		permission: "devices:read",
		scope: "devices",
	}),
	getHostKey: get("/api/devices/:id/host-key", {
		summary: "Host key of a device",
		params: byId,
		returns: HostKey,
		permission: "devices:read",
		scope: "devices",
		errors: ["devices.not_found", "host_keys.not_found"],
	}),
	acceptHostKey: post("/api/devices/:id/host-key/accept", {
		summary: "Accept the key that a device presents now; the fingerprint says which one was meant",
		params: byId,
		body: z.object({ fingerprint: z.string().min(1).max(200) }),
		returns: HostKey,
		permission: "devices:trust",
		scope: "devices",
		errors: ["devices.not_found", "host_keys.not_found", "host_keys.fingerprint_differs"],
	}),
	rejectHostKey: post("/api/devices/:id/host-key/reject", {
		summary:
			"Refuse the key that a device presents now: the accepted one stays, and the device stays blocked while it presents another",
		params: byId,
		body: z.object({ fingerprint: z.string().min(1).max(200) }),
		returns: HostKey,
		permission: "devices:trust",
		scope: "devices",
		errors: ["devices.not_found", "host_keys.not_found", "host_keys.fingerprint_differs"],
	}),
	forgetHostKey: del("/api/devices/:id/host-key", {
		summary: "Forget the key of a device: the next contact trusts the key it presents",
		params: byId,
		permission: "devices:trust",
		scope: "devices",
		errors: ["devices.not_found", "host_keys.not_found"],
	}),

	/** Devices of a selection, with those that cannot be used marked; names or ids that do not exist are an error. */
	listTargets: internal("/internal/devices/targets", {
		summary: "Devices of a selection",
		body: z.object({ select: Selection }),
		returns: z.object({ targets: z.array(Target) }),
		errors: ["devices.not_found", "device_groups.not_found"],
		changes: false,
		max_body_bytes: 8 * 1024 * 1024,
	}),
	/** Whole devices by id, in order of name; those that do not exist are left out. */
	describeDevices: internal("/internal/devices/describe", {
		summary: "Devices by id",
		body: z.object({ device_ids: z.array(Id).max(50_000) }),
		returns: z.object({ devices: z.array(Device) }),
		changes: false,
		max_body_bytes: 8 * 1024 * 1024,
	}),
	/** Which of these groups there are; the others are left out. */
	describeGroups: internal("/internal/devices/groups", {
		summary: "Groups by id",
		body: z.object({ group_ids: z.array(Id).max(1_000) }),
		returns: z.object({ groups: z.array(z.object({ id: Id, name: GroupName })) }),
		changes: false,
	}),
	/**
	 * Ids of the devices that exist for whom the caller acts; null: every device. `among` asks of these alone.
	 */
	listDevicesInScope: internal("/internal/devices/in-scope", {
		summary: "Devices that the role of the actor covers",
		body: z.object({ among: z.array(Id).max(50_000).optional() }),
		returns: z.object({ device_ids: z.array(Id).nullable() }),
		changes: false,
		max_body_bytes: 8 * 1024 * 1024,
	}),
	/** Starts a connection test for whom the caller acts. The same key again answers the same run: a repeated request starts nothing twice. */
	startTest: internal("/internal/devices/tests", {
		summary: "Start a connection test, once",
		body: z.object({ key: Id, select: Selection }),
		returns: RunRef,
		max_body_bytes: 8 * 1024 * 1024,
		errors: ["devices.nothing_selected", "devices.not_found", "devices.disabled", "device_groups.not_found"],
	}),
	/** Connection settings with secrets, for a worker about to open a session. Every call is audited with its run. */
	revealConnection: internal("/internal/devices/:id/connection", {
		summary: "Reveal connection settings to a worker",
		params: byId,
		body: z.object({ run_id: Id, operation_id: Id, request: ConnectionRequest.optional() }),
		returns: Connection,
		changes: true,
		errors: [
			"devices.not_found",
			"devices.disabled",
			"devices.no_credential",
			"devices.jump_loop",
			"devices.other_pool",
			"credentials.not_found",
			"credentials.own",
		],
	}),
	/** Which workers reach these devices now; those that do not exist are left out. */
	listWorkerPools: internal("/internal/devices/worker-pools", {
		summary: "Worker pools of devices",
		body: z.object({ device_ids: z.array(Id).max(50_000) }),
		returns: z.object({ pools: z.array(z.object({ device_id: Id, worker_pool: z.string() })) }),
		changes: false,
		max_body_bytes: 8 * 1024 * 1024,
	}),
	/** Definitions for normalising and masking stored text; ids that do not exist (any more) are left out. */
	getPlatforms: internal("/internal/devices/platforms", {
		summary: "Definitions of device types",
		body: z.object({ ids: z.array(DeviceTypeId).max(1000) }),
		returns: z.object({ platforms: z.array(PlatformDefinition) }),
		changes: false,
	}),
	/** First contact stores the key as trusted (unless one is there by now); another key than the accepted one is noted as changed. */
	recordHostKey: internal("/internal/devices/:id/host-key", {
		summary: "Record the host key that a device presented",
		params: byId,
		body: z.object({
			fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
			algorithm: z.string().regex(/^[\w@.-]{1,100}$/),
			run_id: Id,
		}),
		returns: z.object({ status: z.enum(["trusted", "known", "changed"]) }),
		errors: ["devices.not_found", "devices.other_pool"],
	}),
});
