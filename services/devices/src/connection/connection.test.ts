import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DeviceLayers, describeConnection, maxJumpHosts, resolveConnection } from "./connection.ts";

function layers(
	given: {
		device?: Partial<DeviceLayers["device"]>;
		override?: Partial<NonNullable<DeviceLayers["override"]>>;
		groups?: DeviceLayers["groups"];
		default_credential_id?: string | null;
	} = {},
): DeviceLayers {
	return {
		device: {
			id: "id-core-1",
			name: "core-1",
			host: "192.0.2.1",
			port: 22,
			enabled: true,
			legacy_algorithms: false,
			credential_id: null,
			jump_device_id: null,
			...given.device,
		},
		override: given.override
			? {
					disabled: false,
					disabled_reason: "",
					host: null,
					port: null,
					credential_id: null,
					timeouts: {},
					...given.override,
				}
			: null,
		groups: given.groups ?? [],
		default_credential_id: given.default_credential_id === undefined ? "default" : given.default_credential_id,
		worker_pool: { name: "default", from: "default", group: null },
	};
}

function codeOf(run: () => unknown): string | undefined {
	try {
		run();
		return undefined;
	} catch (error) {
		return (error as { code: string }).code;
	}
}

test("a disabled device refuses every operation, whichever way it was disabled", () => {
	expect(() => resolveConnection(layers({ device: { enabled: false } }))).toThrow("core-1 is disabled");
	const overridden = layers({ override: { disabled: true, disabled_reason: "hands off until the RMA" } });
	expect(() => resolveConnection(overridden)).toThrow("hands off until the RMA");
	expect(codeOf(() => resolveConnection(overridden, undefined, { credential_id: "given" }))).toBe("devices.disabled");
});

test("a request's credential wins over the override's, the override's over the device's, then group and default", () => {
	const all = {
		device: { credential_id: "device" },
		override: { credential_id: "override" },
		groups: [{ name: "edge", credential_id: "group" }],
	};
	expect(resolveConnection(layers(all), undefined, { credential_id: "request" }).credential_id).toBe("request");
	expect(resolveConnection(layers(all)).credential_id).toBe("override");
	expect(resolveConnection(layers({ ...all, override: {} })).credential_id).toBe("device");
	expect(resolveConnection(layers({ groups: all.groups })).credential_id).toBe("group");
	expect(resolveConnection(layers()).credential_id).toBe("default");
});

test("of several groups the first by name that has a credential decides, in whatever order they come", () => {
	const groups = [
		{ name: "Zürich", credential_id: "z" },
		{ name: "access", credential_id: null },
		{ name: "Core", credential_id: "c" },
	];
	fc.assert(
		fc.property(fc.shuffledSubarray(groups, { minLength: 3 }), (shuffled) => {
			expect(resolveConnection(layers({ groups: shuffled })).credential_id).toBe("c");
		}),
	);
});

test("without any credential the error names the device and where to set one", () => {
	expect(() => resolveConnection(layers({ default_credential_id: null }))).toThrow(
		"No credential applies to core-1. Set one on the device, on one of its groups, or make one the default.",
	);
});

test("the override's address wins, and timeouts merge field by field with the request's on top", () => {
	const resolved = resolveConnection(
		layers({ override: { host: "2001:db8::1", port: 2222, timeouts: { connect_ms: 500, command_ms: 900_000 } } }),
		undefined,
		{ timeouts: { connect_ms: 700, auth_ms: undefined } },
	);
	expect(resolved).toMatchObject({ host: "2001:db8::1", port: 2222 });
	expect(resolved.timeouts).toEqual({ connect_ms: 700, auth_ms: 20_000, prompt_ms: 20_000, command_ms: 900_000 });
});

describe("jump hosts", () => {
	/** Devices `0..n`, each reached through the one that `jumps` says. */
	function chain(jumps: (number | null)[]) {
		const all = jumps.map((jump, index) =>
			layers({
				device: {
					id: `${index}`,
					name: `d${index}`,
					credential_id: `c${index}`,
					jump_device_id: jump === null ? null : `${jump}`,
				},
			}),
		);
		return { start: all[0] as DeviceLayers, of: (id: string) => all[Number(id)] };
	}

	test("are resolved with their own settings, the one reached directly first", () => {
		const { start, of } = chain([1, 2, null]);
		const { jump_hosts } = resolveConnection(start, of, { credential_id: "request" });
		expect(jump_hosts.map(({ name, credential_id }) => [name, credential_id])).toEqual([
			["d2", "c2"],
			["d1", "c1"],
		]);
	});

	test("that form a loop, through the device or beside it, are refused with the way round", () => {
		const through = chain([1, 0]);
		expect(() => resolveConnection(through.start, through.of)).toThrow("d0 → d1 → d0");
		const beside = chain([1, 2, 1]);
		expect(() => resolveConnection(beside.start, beside.of)).toThrow("d0 → d1 → d2 → d1");
	});

	test("that are disabled keep what lies behind them from being reached", () => {
		const behind = layers({ device: { jump_device_id: "j" } });
		const jump = layers({ device: { id: "j", name: "jump-1", enabled: false } });
		expect(() => resolveConnection(behind, () => jump)).toThrow("core-1 is reached through jump-1, which is disabled");
	});

	test("always end: any graph gives a chain without repetition or an error", () => {
		const graph = fc.array(fc.option(fc.nat(11)), { minLength: 12, maxLength: 12 });
		fc.assert(
			fc.property(graph, (jumps) => {
				const { start, of } = chain(jumps);
				try {
					const names = resolveConnection(start, of).jump_hosts.map(({ name }) => name);
					expect(new Set([...names, "d0"]).size).toBe(names.length + 1);
					expect(names.length).toBeLessThanOrEqual(maxJumpHosts);
				} catch (error) {
					expect((error as { code?: string }).code).toBe("devices.jump_loop");
				}
			}),
		);
	});
});

describe("what a session would use", () => {
	test("is told with where each part comes from", () => {
		expect(describeConnection(layers())).toMatchObject({
			host: "192.0.2.1",
			port: 22,
			address_from: "device",
			credential: { id: "default", from: "default", group: null },
			timeouts: { connect_ms: 15_000 },
			refused: null,
		});
		const groups = [
			{ name: "Zone", credential_id: "zone" },
			{ name: "access", credential_id: null },
			{ name: "Backbone", credential_id: "backbone" },
		];
		expect(describeConnection(layers({ groups })).credential).toEqual({
			id: "backbone",
			from: "group",
			group: "Backbone",
		});
		const override = { port: 2222, credential_id: "override", timeouts: { connect_ms: 500 } };
		expect(describeConnection(layers({ device: { credential_id: "device" }, groups, override }))).toMatchObject({
			host: "192.0.2.1",
			port: 2222,
			address_from: "override",
			credential: { id: "override", from: "override" },
			timeouts: { connect_ms: 500, auth_ms: 20_000 },
		});
	});

	test("is the same as what a session is given, or the refusal says why none is", () => {
		const jump = layers({ device: { id: "id-jump", name: "jump-1", host: "192.0.2.254", credential_id: "jump" } });
		const behind = layers({ device: { jump_device_id: "id-jump" } });
		const told = describeConnection(behind, () => jump);
		const given = resolveConnection(behind, () => jump);
		expect(told.jump_hosts).toEqual(
			given.jump_hosts.map(({ device_id, name, host, port }) => ({ device_id, device_name: name, host, port })),
		);
		expect(told).toMatchObject({ host: given.host, credential: { id: given.credential_id }, timeouts: given.timeouts });

		expect(describeConnection(layers({ default_credential_id: null }))).toMatchObject({
			credential: null,
			refused: { code: "devices.no_credential" },
		});
		expect(describeConnection(layers({ device: { enabled: false } }))).toMatchObject({
			credential: { from: "default" },
			refused: { code: "devices.disabled", message: expect.stringContaining("switched off") },
		});
		const circle = layers({ device: { jump_device_id: "id-core-1" } });
		expect(describeConnection(circle, () => circle)).toMatchObject({
			jump_hosts: [],
			refused: { code: "devices.jump_loop" },
		});
	});
});
