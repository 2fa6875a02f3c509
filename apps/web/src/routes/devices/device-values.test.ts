import { type Device, DeviceChange, NewDevice } from "@netconductor/contracts/devices/model";
import { expect, test } from "vitest";
import { bodyOf, valuesOf } from "./device-values.ts";

const id = "0198c0de-0000-7000-8000-000000000001";
const stored = "0198c0de-0000-7000-8000-000000000002";
const device: Device = {
	id,
	name: "core-1",
	host: "192.0.2.1",
	port: 22,
	device_type: "cisco_ios",
	credential_id: id,
	jump_device_id: null,
	legacy_algorithms: false,
	enabled: true,
	site: "Berlin",
	worker_pool: null,
	tags: ["core"],
	groups: ["Backbone"],
	description: "",
	source: "manual",
	facts: {},
	facts_at: null,
	health: "unknown",
	health_at: null,
	health_error: null,
	created_at: "2026-01-01T00:00:00.000Z",
	updated_at: "2026-01-01T00:00:00.000Z",
} as Device;

test("a form that nothing was changed in changes nothing", () => {
	expect(bodyOf(valuesOf(device), device)).toEqual({});
	const without = { ...device, credential_id: null };
	expect(bodyOf(valuesOf(without), without)).toEqual({});
	const shared = { ...device, credential_id: stored };
	expect(bodyOf(valuesOf(shared), shared)).toEqual({});
});

test("only what was changed is sent", () => {
	const body = bodyOf({ ...valuesOf(device), site: " Wien ", password: "new", tags: ["core", "edge"] }, device);
	expect(body).toEqual({ site: "Wien", password: "new", tags: ["core", "edge"] });
	expect(DeviceChange.safeParse(body).success).toBe(true);
	expect(bodyOf({ ...valuesOf(device), site: "" }, device)).toEqual({ site: null });
});

test("going over to another login says so", () => {
	expect(bodyOf({ ...valuesOf(device), login: "none" }, device)).toEqual({ credential_id: null });
	const taken = bodyOf({ ...valuesOf(device), login: "stored", credential_id: stored }, device);
	expect(taken).toEqual({ credential_id: stored });
	const without = { ...device, credential_id: null };
	const own = { ...valuesOf(without), login: "own" as const, username: "admin", password: "secret" };
	expect(bodyOf(own, without)).toEqual({ username: "admin", password: "secret" });
});

test("what a new device lacks is said beside its field", () => {
	const read = NewDevice.safeParse(bodyOf(valuesOf(undefined), undefined));
	const missing = read.error?.issues.map(({ path }) => path[0]);
	expect(missing).toEqual(expect.arrayContaining(["name", "host", "device_type", "username", "password"]));
	const chosen = NewDevice.safeParse(bodyOf({ ...valuesOf(undefined), login: "stored" }, undefined));
	expect(chosen.error?.issues.map(({ path }) => path[0])).toContain("credential_id");
});
