import { Connection } from "@netconductor/contracts/devices/connection";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { Fault } from "@netconductor/lab/sim/fault";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { maskSecrets, normalise } from "@netconductor/runtime/config-text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectConfig } from "./collect-config.ts";
import { openSession } from "./session.ts";

const platforms = [
	"cisco_ios",
	"cisco_nxos",
	"cisco_xr",
	"arista_eos",
	"juniper_junos",
	"mikrotik_routeros",
	"vyos",
] as const;
/** One of each kind of prompt and config: with end marker and without, with lines above the prompt, redrawn at every key. */
const varied = ["cisco_ios", "juniper_junos", "mikrotik_routeros"] as const;
let fleet: Fleet;

beforeAll(async () => {
	fleet = await startFleet({
		devices: platforms.map((platform) => ({ name: platform, platform, config_bytes: 4000 })),
	});
});
afterAll(() => fleet.stop());

function connectionTo(name: string, changes: Partial<Connection> = {}): Connection {
	const device = fleet.devices.find((entry) => entry.name === name);
	const platform = builtInPlatforms.find(({ id }) => id === name);
	return Connection.parse({
		device_id: name,
		...device,
		platform,
		host_key: {
			fingerprint: device?.host_key_fingerprint,
			algorithm: "ssh-ed25519",
			accepted_by: "admin",
			accepted_at: "2026-03-02T10:00:00.000Z",
		},
		legacy_algorithms: false,
		timeouts: { connect_ms: 500, auth_ms: 500, prompt_ms: 500, command_ms: 500 },
		...changes,
	});
}

async function backUp(name: string, fault: Fault | null, changes: Partial<Connection> = {}): Promise<string> {
	await fleet.device(name).setFault(fault);
	const session = await openSession(connectionTo(name, changes), { signal: new AbortController().signal });
	try {
		return (await collectConfig(session)).raw.toString("latin1");
	} finally {
		await session.close();
	}
}

/** As it is compared: without what a device says differently at each read. */
function settled(name: string, text: string): string {
	const platform = builtInPlatforms.find(({ id }) => id === name);
	return platform === undefined ? text : normalise(text, platform).trim();
}

// VyOS keeps braces and shows `set` lines, so its texts differ by design.
test.each(platforms.filter((name) => name !== "vyos"))(
	"%s: what is backed up is the config that the device has",
	async (name) => {
		const has = settled(name, fleet.device(name).config());
		const read = settled(name, await backUp(name, null));
		expect(has.split("\n").filter((line) => !read.includes(line.trim()))).toEqual([]);
	},
);

describe.each(varied)("%s", (name) => {
	test.each<Fault>([
		{ kind: "drip", bytes: 7, delay_ms: 0 },
		{ kind: "drip", bytes: 97, delay_ms: 1 },
		{ kind: "always_paging" },
		{ kind: "keyboard_interactive_only" },
		{ kind: "prompt_like_banner" },
		{ kind: "slow_auth", delay_ms: 100 },
	])("$kind does no harm: the config is the one of a healthy device", async (fault) => {
		const healthy = await backUp(name, null);
		expect(settled(name, await backUp(name, fault))).toBe(settled(name, healthy));
	});

	test.each<Fault>([{ kind: "prompt_in_config" }, { kind: "prompt_in_config", pause_ms: 30 }])(
		"a config that holds the device's own prompt is read to its end ($pause_ms)",
		async (fault) => {
			const healthy = settled(name, await backUp(name, null)).split("\n");
			const read = settled(name, await backUp(name, fault)).split("\n");
			expect(read.at(-1)).toBe(healthy.at(-1));
			expect(healthy.filter((line) => !read.includes(line))).toEqual([]);
		},
	);

	test.each<[Fault, string, string]>([
		[{ kind: "refuse" }, "device.refused", "connect"],
		[{ kind: "silent" }, "device.unreachable", "connect"],
		[{ kind: "hang", at: "login" }, "device.timeout", "auth"],
		[{ kind: "hang", at: "prompt" }, "device.no_prompt", "prompt"],
		[{ kind: "hang", at: "output" }, "device.timeout", "command"],
		[{ kind: "drop", at: "prompt" }, "device.connection_lost", "prompt"],
		[{ kind: "drop", at: "output" }, "device.connection_lost", "command"],
		[{ kind: "error_answer" }, "device.command_failed", "command"],
		[{ kind: "empty_config" }, "device.empty_config", "command"],
		[{ kind: "wrong_password" }, "device.auth_failed", "auth"],
		[{ kind: "changed_host_key" }, "device.host_key_changed", "host_key"],
		[{ kind: "legacy_algorithms" }, "device.no_common_algorithm", "connect"],
	])("%o is %s in phase %s, and names the device", async (fault, code, phase) => {
		const error = await backUp(name, fault).catch((thrown) => thrown);
		expect({ code: error.code, phase: error.phase, message: error.message }).toMatchObject({
			code,
			phase,
			message: expect.stringContaining(name),
		});
		expect(error.message).not.toContain("lab-password");
	});

	test("a connection that drops at once is an error in phase connect", async () => {
		await expect(backUp(name, { kind: "drop", at: "connect" })).rejects.toMatchObject({ phase: "connect" });
	});

	test("outdated algorithms work where they are allowed", async () => {
		const config = await backUp(name, { kind: "legacy_algorithms" }, { legacy_algorithms: true, host_key: null });
		expect(config.length).toBeGreaterThan(2000);
	});

	test("a config that is cut off is refused where the system has an end marker", async () => {
		const platform = builtInPlatforms.find(({ id }) => id === name);
		const read = backUp(name, { kind: "truncated_config" });
		if (platform?.config.end === undefined) await read;
		else await expect(read).rejects.toMatchObject({ code: "device.truncated_config", phase: "command" });
	});
});

test.each(["cisco_ios", "juniper_junos"])("%s: bytes that are not UTF-8 arrive as they were sent", async (name) => {
	expect(await backUp(name, { kind: "non_utf8" })).toMatch(/[\x80-\xff]/);
});

test.each(platforms)("%s: the password that the device's config holds is not in what is shown", async (name) => {
	const platform = builtInPlatforms.find(({ id }) => id === name);
	const read = await backUp(name, null);
	expect(read).toContain("lab-password");
	expect(platform && maskSecrets(read, platform)).not.toContain("lab-password");
});
