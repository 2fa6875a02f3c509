import { ConnectionRequest } from "@netconductor/contracts/devices/model";
import type { tasksEvents } from "@netconductor/contracts/tasks/events";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import { recordHealth } from "../src/health/record-health.ts";
import { failureOf, reveal, type Started, startDevices } from "./start.ts";

let started: Started;
let api: Started["api"];
beforeAll(async () => {
	started = await startDevices();
	api = started.api;
});
afterAll(() => started?.stop());

const keyA = `SHA256:${"A".repeat(43)}`;
const keyB = `SHA256:${"B".repeat(43)}`;
const keyC = `SHA256:${"C".repeat(43)}`;
const create = (name: string) =>
	api.createDevice({ body: { name, host: "192.0.2.1", device_type: "linux", username: "u", password: "p" } });
const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code;

describe("host keys", () => {
	const present = async (id: string, fingerprint: string) =>
		(await api.recordHostKey({ params: { id }, body: { fingerprint, algorithm: "ssh-ed25519", run_id: newId() } }))
			.status;

	test("the first key is trusted; a changed one blocks until a person accepts the key that is presented now", async () => {
		const { id } = await create("key-1");
		expect(await codeOf(api.getHostKey({ params: { id } }))).toBe("host_keys.not_found");
		expect(await present(id, keyA)).toBe("trusted");
		expect(await present(id, keyA)).toBe("known");
		expect(await present(id, keyB)).toBe("changed");
		expect(await present(id, keyB)).toBe("changed");
		expect(await api.getDevice({ params: { id } })).toMatchObject({
			health: "host_key_changed",
			health_error: expect.stringContaining(keyA),
		});
		expect((await api.listHostKeys({ query: { changed: "true" } })).items).toMatchObject([
			{ device_name: "key-1", status: "changed", fingerprint: keyA, presented_fingerprint: keyB },
		]);
		expect((await reveal(started, id)).host_key?.fingerprint).toBe(keyA);

		const accept = (fingerprint: string) => api.acceptHostKey({ params: { id }, body: { fingerprint } });
		expect(await codeOf(accept(keyA))).toBe("host_keys.fingerprint_differs");
		expect(await present(id, keyC)).toBe("changed");
		expect(await codeOf(accept(keyB))).toBe("host_keys.fingerprint_differs");
		expect(await accept(keyC)).toMatchObject({ status: "accepted", fingerprint: keyC, accepted_by: "admin" });
		expect(await accept(keyC)).toMatchObject({ status: "accepted" });
		expect(await api.getDevice({ params: { id } })).toMatchObject({ health: "unknown", health_error: null });

		await vi.waitFor(() => {
			const events = started.announced.filter(({ device_id }) => device_id === id);
			expect(events.map(({ presented_fingerprint }) => presented_fingerprint)).toEqual([keyB, keyC]);
		}, 10_000);
	});

	test("two first contacts at once trust one key", async () => {
		const { id } = await create("key-2");
		const statuses = await Promise.all([present(id, keyA), present(id, keyB)]);
		expect(statuses.sort()).toEqual(["changed", "trusted"]);
	});

	test("a device that presents the accepted key again is no longer blocked, and a forgotten key is trusted anew", async () => {
		const { id } = await create("key-3");
		await present(id, keyA);
		await present(id, keyB);
		expect(await present(id, keyA)).toBe("known");
		expect(await api.getHostKey({ params: { id } })).toMatchObject({ status: "accepted", presented_fingerprint: null });
		await api.forgetHostKey({ params: { id } });
		expect(await present(id, keyB)).toBe("trusted");
	});

	test("how a session would be opened is told without any secret of it", async () => {
		const { id } = await create("key-5");
		const told = await api.getConnection({ params: { id } });
		expect(told).toMatchObject({ device_id: id, address_from: "device", jump_hosts: [] });
		expect(JSON.stringify(told)).not.toMatch(/password|private_key/);
		await api.putOverride({ params: { id }, body: { host: "192.0.2.99", disabled: true, disabled_reason: "RMA" } });
		expect(await api.getConnection({ params: { id } })).toMatchObject({
			host: "192.0.2.99",
			address_from: "override",
			refused: { code: "devices.disabled", message: expect.stringContaining("RMA") },
		});
		expect(await codeOf(api.getConnection({ params: { id: newId() } }))).toBe("devices.not_found");
	});

	test("an override answers the waits that were set, no others, and a request's leave the override's as they are", async () => {
		const { id } = await create("key-6");
		expect((await api.getOverride({ params: { id } })).timeouts).toEqual({});
		await api.putOverride({ params: { id }, body: { timeouts: { connect_ms: 700, prompt_ms: 900 } } });
		expect((await api.getOverride({ params: { id } })).timeouts).toEqual({ connect_ms: 700, prompt_ms: 900 });
		expect(ConnectionRequest.parse({ timeouts: { connect_ms: 500 } }).timeouts).toEqual({ connect_ms: 500 });
	});

	test("a fingerprint that is none is refused", async () => {
		const { id } = await create("key-4");
		for (const fingerprint of ["", "SHA256:short", `${keyA}\n`, "MD5:00"]) {
			expect(await codeOf(present(id, fingerprint))).toBe("request.invalid");
		}
	});
});

describe("health", () => {
	type Finished = z.input<(typeof tasksEvents)["operation.finished.v1"]>;
	const record = recordHealth({ keep: 5 });

	function finished(device_id: string, more: Partial<Finished>): Finished {
		return {
			run_id: newId(),
			kind: "connectivity_test",
			subject: null,
			operation_id: newId(),
			step_type: "test_connection",
			device_id,
			device_name: "x",
			status: "succeeded",
			result: null,
			error: null,
			finished_at: new Date().toISOString(),
			...more,
		};
	}

	async function arrive(...payloads: Finished[]): Promise<void> {
		const about = { occurred_at: new Date(), traceparent: undefined };
		const events = payloads.map((payload) => ({ ...about, event_id: newId(), payload: payload as never }));
		await started.db.transaction((tx) => record.many(events, tx));
	}

	async function finish(device_id: string, more: Partial<Finished>) {
		await arrive(finished(device_id, more));
		return api.getDevice({ params: { id: device_id } });
	}
	const error = (code: string, message = "it failed") => ({ status: "failed" as const, error: { code, message } });

	test("the end of an operation says how the device is, with facts and history", async () => {
		const { id } = await create("health-1");
		const after = await finish(id, {
			result: {
				phases: [{ phase: "connect", ok: true, ms: 3.5 }],
				facts: {
					os_version: "17.3",
					serial: "ABC\u0000\u001b[31m",
					uptime: 5,
					hostname: "h".repeat(900),
					__proto__: {},
				},
			},
		});
		expect(after).toMatchObject({
			health: "reachable",
			health_error: null,
			facts: { os_version: "17.3", serial: "ABC  [31m" },
		});
		expect(after.facts.hostname).toHaveLength(500);
		expect((await api.listDevices({ query: { q: "17.3" } })).total).toBe(1);
		await finish(id, { step_type: "collect_config", result: { backup_id: newId(), changed: true } });
		expect((await api.getDevice({ params: { id } })).facts.os_version).toBe("17.3");
		const history = await api.listDeviceHealth({ params: { id }, query: {} });
		expect(history.items).toHaveLength(2);
		expect(history.items[1]?.phases).toEqual([{ phase: "connect", ok: true, ms: 3.5 }]);
	});

	test.each([
		["device.auth_failed", "auth_failed"],
		["device.host_key_changed", "host_key_changed"],
		["device.unreachable", "unreachable"],
		["device.refused", "unreachable"],
		["device.timeout", "unreachable"],
		["device.command_failed", "failing"],
		["devices.no_credential", "failing"],
	])("%s makes a device %s", async (code, health) => {
		const { id } = await create(`health-${code.replaceAll(/[._]/g, "-")}`);
		expect(await finish(id, error(code, "why\0"))).toMatchObject({ health, health_error: "why " });
	});

	test("what is not about the device says nothing: our own faults, cancelled, skipped, gone", async () => {
		const { id } = await create("health-2");
		for (const more of [
			error("service.unavailable"),
			error("device.cancelled"),
			error("devices.disabled"),
			{ status: "cancelled" as const },
			{ status: "skipped" as const },
			{ status: "unknown" as const },
		]) {
			expect((await finish(id, more)).health).toBe("unknown");
		}
		await expect(finish(newId(), {})).rejects.toMatchObject({ code: "devices.not_found" });
	});

	test("many at once leave what each of them alone, in their order, would have left", async () => {
		const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
		const news = (id: string) => [
			finished(id, { finished_at: at(3), result: { facts: { model: "c9300", serial: "S1" } } }),
			finished(id, { finished_at: at(2), result: { facts: { model: "late" } } }),
			finished(id, { finished_at: at(5), ...error("device.auth_failed") }),
			finished(id, { finished_at: at(5), result: { facts: { serial: "S2" } } }),
			finished(id, { finished_at: at(4), ...error("device.refused") }),
			finished(id, { finished_at: at(1) }),
			finished(id, { status: "skipped" }),
		];
		const [one, other, alone] = [await create("many-1"), await create("many-2"), await create("many-3")];
		const [first, second, gone] = [news(one.id), news(other.id), news(newId())];
		await arrive(...first.flatMap((event, n) => [event, gone[n] as Finished, second[n] as Finished]));
		for (const event of news(alone.id)) await arrive(event);
		const stateOf = async ({ id }: { id: string }) => {
			const { health, health_at, health_error, facts, facts_at } = await api.getDevice({ params: { id } });
			const { items } = await api.listDeviceHealth({ params: { id }, query: {} });
			const history = items.map(({ run_id: _, ...entry }) => JSON.stringify(entry)).sort();
			return { health, health_at, health_error, facts, facts_at, history };
		};
		expect(await stateOf(one)).toEqual(await stateOf(alone));
		expect(await stateOf(other)).toEqual(await stateOf(alone));
		expect(await stateOf(one)).toMatchObject({
			health: "reachable",
			health_at: at(5),
			facts: { model: "c9300", serial: "S2" },
			history: { length: 5 },
		});
	});

	test("news that come late do not replace later ones, and the history stays bounded and newest first", async () => {
		const { id } = await create("health-3");
		const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
		for (const minute of [1, 2, 3, 9, 8, 7, 6]) {
			await finish(id, { finished_at: at(minute), ...(minute === 9 ? {} : error("device.refused")) });
		}
		expect(await api.getDevice({ params: { id } })).toMatchObject({ health: "reachable", health_at: at(9) });
		const first = await api.listDeviceHealth({ params: { id }, query: { limit: 3 } });
		const rest = await api.listDeviceHealth({ params: { id }, query: { limit: 3, cursor: first.next_cursor ?? "" } });
		expect([...first.items, ...rest.items].map((entry) => entry.at)).toEqual([9, 8, 7, 6, 3].map(at));
		expect(rest.next_cursor).toBeNull();
		expect(await codeOf(api.listDeviceHealth({ params: { id }, query: { cursor: "xx" } }))).toBe("request.invalid");
	});
});

describe("device types", () => {
	const custom = {
		id: "acme_os",
		label: "Acme OS",
		vendor: "Acme",
		prompt: { exec: "^[\\w.-]+>$" },
		config: { commands: ["show configuration"] },
	};

	test("a custom one is made by data alone and used by devices; a built-in one cannot be touched", async () => {
		expect(await api.createDeviceType({ body: custom })).toMatchObject({ id: "acme_os", built_in: false, devices: 0 });
		const device = await api.createDevice({
			body: { name: "acme-1", host: "a.example", device_type: "acme_os", username: "u", password: "p" },
		});
		expect((await reveal(started, device.id)).platform).toMatchObject({ id: "acme_os", newline: "\n" });
		expect((await api.getDeviceType({ params: { id: "acme_os" } })).devices).toBe(1);
		expect(await codeOf(api.deleteDeviceType({ params: { id: "acme_os" } }))).toBe("device_types.in_use");
		expect(await codeOf(api.createDeviceType({ body: custom }))).toBe("device_types.id_taken");
		expect(await codeOf(api.createDeviceType({ body: { ...custom, id: "linux" } }))).toBe("device_types.id_taken");
		expect(await codeOf(api.updateDeviceType({ params: { id: "linux" }, body: { ...custom, id: "linux" } }))).toBe(
			"device_types.built_in",
		);
		expect(await codeOf(api.deleteDeviceType({ params: { id: "linux" } }))).toBe("device_types.built_in");
		expect(await codeOf(api.updateDeviceType({ params: { id: "acme_os" }, body: { ...custom, id: "other" } }))).toBe(
			"device_types.id_differs",
		);
		const changed = await api.updateDeviceType({ params: { id: "acme_os" }, body: { ...custom, label: "Acme OS 2" } });
		expect(changed.label).toBe("Acme OS 2");
		await api.deleteDevice({ params: { id: device.id } });
		await api.deleteDeviceType({ params: { id: "acme_os" } });
		expect(await codeOf(api.getDeviceType({ params: { id: "acme_os" } }))).toBe("device_types.not_found");
	});

	test("patterns that do not compile, or would not run in linear time, are refused by their place", async () => {
		const bad = {
			...custom,
			id: "bad_os",
			prompt: { exec: "(unclosed" },
			errors: ["ok", "(?=lookahead)"],
			secret_blocks: [{ start: "^begin$", end: "(end", secrets: ["key (\\S+)", "[a"] }],
			change: {
				method: "direct" as const,
				syntax: { single_value: ["^(mtu) ", "^(?=x)"], groups: [{ key: "(", root: "^a" }] },
			},
			facts: [{ command: "show version", fields: { model: "(a)\\1" } }],
		};
		const error = await api.createDeviceType({ body: bad }).catch((thrown: unknown) => thrown);
		expect(error).toMatchObject({ code: "device_types.bad_pattern" });
		expect((error as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual([
			"body.prompt.exec",
			"body.errors.1",
			"body.secret_blocks.0.end",
			"body.secret_blocks.0.secrets.1",
			"body.change.syntax.single_value.1",
			"body.change.syntax.groups.0.key",
			"body.facts.0.fields.model",
		]);
		const heavy = { ...custom, id: "heavy_os", volatile: Array(100).fill("a{1000}".repeat(100)) };
		const asked = performance.now();
		expect(await codeOf(api.createDeviceType({ body: heavy }))).toBe("device_types.bad_pattern");
		expect(performance.now() - asked).toBeLessThan(2_000);
		expect(await codeOf(api.createDeviceType({ body: { ...custom, id: "nul_os", label: "a\ud800b" } }))).toBe(
			"device_types.bad_pattern",
		);
	});

	test("the list shows built-in and custom ones, searched, sorted and paged", async () => {
		await api.createDeviceType({ body: { ...custom, id: "zzz_os", label: "AAA first" } });
		const list = (query: Parameters<typeof api.listDeviceTypes>[0]["query"]) => api.listDeviceTypes({ query });
		const all = await list({});
		expect(all.items[0]).toMatchObject({ id: "zzz_os" });
		expect(all.total).toBe(all.items.length);
		expect((await list({ built_in: "false" })).items.map(({ id }) => id)).toEqual(["zzz_os"]);
		expect((await list({ sort: "-id", page_size: 1 })).items[0]?.id).toBe("zzz_os");
		expect((await list({ page: 99 })).total).toBe(all.total);
		expect((await list({ q: "ARISTA" })).items.map(({ id }) => id)).toEqual(["arista_eos"]);
		const { platforms } = await api.getPlatforms({ body: { ids: ["linux", "zzz_os", "gone_os", "linux"] } });
		expect(platforms.map(({ id }) => id)).toEqual(["linux", "zzz_os"]);
	});
});
