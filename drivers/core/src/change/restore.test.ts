import type { Fault } from "@netconductor/lab/sim/fault";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { normalise } from "@netconductor/runtime/config-text";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
	connectionTo as connectionOf,
	linesFor as linesOf,
	type Name,
	names,
	nativeNames,
} from "../../test/sim-changes.ts";
import { openSession, type Session } from "../session.ts";
import type { ChangeStage } from "./apply.ts";
import { applyChange } from "./change.ts";
import { planRestore, type RestoredConfig, type RestoreOptions, restoreConfig } from "./restore.ts";
import { readRunning } from "./running-config.ts";

/** For each platform what somebody else changes meanwhile: beside our change, and a value that we had set. */
const foreign: Readonly<Record<Name, { lines: string[]; over: string[]; theirs: string }>> = {
	cisco_ios: {
		lines: ["interface GigabitEthernet1/0/2", " description set by others", "ip route 203.0.113.0 255.255.255.0 Null0"],
		over: ["interface GigabitEthernet1/0/1", " description theirs now"],
		theirs: "set by others",
	},
	cisco_nxos: {
		lines: ["interface Ethernet1/2", "  description set by others", "ip route 203.0.113.0/24 Null0"],
		over: ["interface Ethernet1/1", "  description theirs now"],
		theirs: "set by others",
	},
	cisco_xr: {
		lines: ["interface GigabitEthernet0/0/0/2", " description set by others"],
		over: ["interface GigabitEthernet0/0/0/1", " description theirs now"],
		theirs: "set by others",
	},
	arista_eos: {
		lines: ["interface Ethernet2", "   description set by others", "ip route 203.0.113.0/24 Null0"],
		over: ["interface Ethernet1", "   description theirs now"],
		theirs: "set by others",
	},
	juniper_junos: {
		lines: ['set interfaces xe-0/1/1 description "set by others"'],
		over: ['set interfaces xe-0/1/0 description "theirs now"'],
		theirs: "set by others",
	},
	vyos: {
		lines: ["set interfaces ethernet eth1 description 'set by others'"],
		over: ["set interfaces ethernet eth0 description 'theirs now'"],
		theirs: "set by others",
	},
};

/** Those that nothing takes back. */
const without = ["mikrotik_routeros"] as const;

let fleet: Fleet;
const open: Session[] = [];

beforeAll(async () => {
	const platforms = [...names, ...without];
	fleet = await startFleet({
		devices: platforms.map((platform) => ({ name: platform, platform, config_bytes: 6000 })),
	});
});
afterAll(() => fleet.stop());
afterEach(async () => {
	for (const session of open.splice(0)) await session.close();
	for (const name of names) await fleet.device(name).setFault(null);
});

async function connect(name: Name): Promise<Session> {
	const session = await openSession(connectionOf(fleet, name), { signal: new AbortController().signal });
	open.push(session);
	return session;
}

function settled(name: Name): string {
	return normalise(fleet.device(name).config(), connectionOf(fleet, name).platform);
}

interface Changed {
	/** As `readRunning` gave it before our change, and right after. */
	before: string;
	after: string;
	/** As the device has it before our change. */
	config: string;
}

function optionsFor(name: Name, stages: ChangeStage[] = []): RestoreOptions {
	return {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(name),
		onStage: (stage) => stages.push(stage),
		signal: new AbortController().signal,
		grace_ms: 2_000,
	};
}

/** Makes the change of the platform and confirms it. The configuration comes back when the test is over. */
async function changed(name: Name, lines = linesOf(fleet, name)): Promise<Changed> {
	const config = fleet.device(name).config();
	const session = await connect(name);
	const { text: before } = await readRunning(session);
	const { outcome } = await applyChange(session, lines, optionsFor(name));
	expect(outcome).toBe("confirmed");
	const { text: after } = await readRunning(await connect(name));
	expect(after).not.toBe(before);
	return { before, after, config };
}

async function restore(
	name: Name,
	wanted: string,
	{ fault = null, ...options }: Partial<RestoreOptions> & { fault?: Fault | Fault[] | null } = {},
): Promise<RestoredConfig & { stages: ChangeStage[]; sent: string[] }> {
	const device = fleet.device(name);
	await device.setFault(fault);
	const session = await connect(name);
	const { commands } = device.stats();
	const stages: ChangeStage[] = [];
	const restored = await restoreConfig(session, wanted, { ...optionsFor(name, stages), ...options });
	const now = device.stats();
	return { ...restored, stages, sent: now.lines.slice(commands - now.commands) };
}

/** Without what only reads, and the empty lines that make sure of a prompt. */
function writing(sent: readonly string[]): string[] {
	return sent.filter((line) => line !== "" && !line.startsWith("show "));
}

describe.each(names)("%s", (name) => {
	test("a change that was confirmed is taken back byte for byte, as planned, and saved", async () => {
		const original = settled(name);
		const { before, after } = await changed(name);
		const plan = await planRestore(await connect(name), before);
		expect((await readRunning(await connect(name))).text).toBe(after);
		expect(plan).toMatchObject({ unchanged: false, foreign: "" });
		expect(plan.diff).toMatch(/moved by a test/);
		expect(plan.diff).not.toContain("s3cretPhrase");
		const restored = await restore(name, before, { expected: plan });
		expect(restored).toMatchObject({ outcome: "confirmed", saved: true, error: undefined, foreign: "" });
		expect(restored.stages).toEqual(["pushing", "pushed", "verifying", "confirmed"]);
		expect(restored.running_sha256).not.toBe(plan.running_sha256);
		expect(restored.diff).toContain("moved by a test");
		expect(restored.diff).not.toContain("s3cretPhrase");
		expect(settled(name)).toBe(original);
		for (const command of plan.commands) expect(restored.sent).toContain(command);
	});

	test("where the configuration is the wanted one already, nothing is sent", async () => {
		const { text } = await readRunning(await connect(name));
		const { outcome, diff, stages, sent } = await restore(name, text);
		expect({ outcome, diff, stages }).toEqual({ outcome: "confirmed", diff: "", stages: [] });
		expect(writing(sent)).toEqual([]);
		expect(await planRestore(await connect(name), text)).toMatchObject({ unchanged: true, commands: [], diff: "" });
	});

	test("a check that fails keeps the changed configuration", async () => {
		const { before, after, config } = await changed(name);
		const restored = await restore(name, before, {
			verify: async () => {
				throw new Error("the others do not answer");
			},
		});
		expect(restored).toMatchObject({ outcome: "rolled_back", error: { code: "change.verify_failed" } });
		expect((await readRunning(await connect(name))).text).toBe(after);
		fleet.device(name).setConfig(config);
	});

	test("a line of the undoing that the device rejects does not keep the others from being undone", async () => {
		const { before, config } = await changed(name);
		const restored = await restore(name, before, { fault: { kind: "reject_line", line: "192.0.2.77" } });
		expect(restored).toMatchObject({ outcome: "not_restored", error: { code: "change.not_restored" } });
		expect(restored.error?.details?.differs).toContain("192.0.2.77");
		expect(restored.error?.details?.differs).not.toContain("moved by a test");
		expect(restored.error?.message).toMatch(/It rejected:\n`.*192\.0\.2\.77`: /);
		expect(JSON.stringify(restored)).not.toContain("s3cretPhrase");
		const left = settled(name);
		expect(left).toContain("192.0.2.77");
		expect(left).not.toContain("moved by a test");
		fleet.device(name).setConfig(config);
	});

	test("what others changed meanwhile stays, and is told", async () => {
		const { before, after, config } = await changed(name);
		fleet.device(name).applyLines(foreign[name].lines);
		const restored = await restore(name, before, { after, expected: { running_sha256: "0".repeat(64) } });
		expect(restored).toMatchObject({ outcome: "confirmed", saved: true });
		expect(restored.foreign).toContain(`+`);
		expect(restored.foreign).toContain(foreign[name].theirs);
		expect(restored.foreign).not.toContain("moved by a test");
		const got = fleet.device(name).config();
		fleet.device(name).setConfig(config);
		fleet.device(name).applyLines(foreign[name].lines);
		expect(got).toBe(fleet.device(name).config());
		fleet.device(name).setConfig(config);
	});

	test("a value of ours that others set anew stays theirs", async () => {
		const { before, after, config } = await changed(name);
		fleet.device(name).applyLines(foreign[name].over);
		const restored = await restore(name, before, { after });
		expect(restored.outcome).toBe("confirmed");
		expect(restored.foreign).toContain("theirs now");
		const got = settled(name);
		expect(got).toContain("theirs now");
		expect(got).not.toContain("192.0.2.77");
		fleet.device(name).setConfig(config);
	});

	test("with another configuration than expected and nothing to tell whose it is, nothing is sent", async () => {
		const { before, config } = await changed(name);
		const session = await connect(name);
		const { commands } = fleet.device(name).stats();
		await expect(
			restoreConfig(session, before, { ...optionsFor(name), expected: { running_sha256: "0".repeat(64) } }),
		).rejects.toMatchObject({ code: "change.plan_outdated" });
		const now = fleet.device(name).stats();
		expect(writing(now.lines.slice(commands - now.commands))).toEqual([]);
		fleet.device(name).setConfig(config);
	});
});

describe.each(names.filter((name) => !nativeNames.includes(name)))("%s without a candidate", (name) => {
	test("a session that is lost in the middle is followed by another that brings it to the end", async () => {
		const original = settled(name);
		const { before } = await changed(name);
		const restored = await restore(name, before, { fault: { kind: "drop_after_change", lines: 3, times: 1 } });
		expect(restored).toMatchObject({ outcome: "confirmed", saved: true });
		expect(restored.stages).toContain("rolled_back");
		expect(settled(name)).toBe(original);
	});
});

test.each(nativeNames)(
	"%s, which loses the session with the commit, is first as it was, and then restored over another",
	async (name) => {
		const original = settled(name);
		const { before } = await changed(name);
		const restored = await restore(name, before, {
			fault: { kind: "drop_after_change", times: 1 },
			confirm_within_ms: 2_000,
			grace_ms: 20_000,
		});
		expect(restored.outcome).toBe("confirmed");
		expect(restored.stages.filter((stage) => stage === "pushing" || stage === "rolled_back")).toEqual([
			"pushing",
			"rolled_back",
			"pushing",
		]);
		expect(settled(name)).toBe(original);
	},
);

test("connections that are killed while a router is restored leave it restored", async () => {
	const original = settled("cisco_ios");
	const { before } = await changed("cisco_ios");
	let killed = false;
	const restored = await restore("cisco_ios", before, {
		onStage(stage) {
			if (stage !== "pushing" || killed) return;
			killed = true;
			setImmediate(() => fleet.device("cisco_ios").dropConnections());
		},
	});
	expect(killed).toBe(true);
	expect(restored.outcome).toBe("confirmed");
	expect(settled("cisco_ios")).toBe(original);
});

test.each([
	["", "empty"],
	["hostname x\nusername admin password <secret>\n", "placeholder"],
])("a text that is not what the router had is refused before anything is sent: %j", async (text, why) => {
	const session = await connect("cisco_ios");
	const before = fleet.device("cisco_ios").config();
	await expect(restoreConfig(session, text, optionsFor("cisco_ios"))).rejects.toMatchObject({
		code: "change.cannot_restore",
		message: expect.stringContaining(why),
	});
	expect(fleet.device("cisco_ios").config()).toBe(before);
});

test.each(without)("%s, which nothing takes back, says so before anything is sent", async (name) => {
	const session = await openSession(connectionOf(fleet, name), { signal: new AbortController().signal });
	open.push(session);
	const { text } = await readRunning(session);
	const device = fleet.device(name);
	const { commands } = device.stats();
	expect(await restoreConfig(session, text, optionsFor("cisco_ios"))).toMatchObject({ outcome: "confirmed", diff: "" });
	const refused = { code: "change.cannot_restore" };
	await expect(planRestore(session, `${text}x`)).rejects.toMatchObject(refused);
	await expect(restoreConfig(session, `${text}x`, optionsFor("cisco_ios"))).rejects.toMatchObject(refused);
	const now = device.stats();
	const { config } = session.platform.definition;
	const sent = now.lines.slice(commands - now.commands);
	expect(writing(sent).filter((line) => !config.commands.includes(line))).toEqual([]);
});
