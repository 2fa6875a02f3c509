import { createHash } from "node:crypto";
import { Connection } from "@netconductor/contracts/devices/connection";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { SimPlatformId } from "@netconductor/lab/sim/platforms";
import { normalise } from "@netconductor/runtime/config-text";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createStepLab, type StepLab } from "./step-context.ts";

/** For each platform lines that change something, with a secret, and a line that a device may reject. */
const changes = {
	cisco_ios: [
		"interface GigabitEthernet1/0/1",
		" description moved by a step",
		"snmp-server community s3cretPhrase RO",
	],
	cisco_nxos: [
		"interface Ethernet1/1",
		"  description moved by a step",
		"snmp-server community s3cretPhrase group network-operator",
	],
	arista_eos: ["interface Ethernet1", "   description moved by a step", "snmp-server community s3cretPhrase ro"],
	juniper_junos: [
		'set interfaces xe-0/1/0 description "moved by a step"',
		'set protocols bgp group upstream neighbor 192.0.2.77 authentication-key "s3cretPhrase"',
	],
	vyos: [
		"set interfaces ethernet eth0 description 'moved by a step'",
		"set protocols bgp neighbor 192.0.2.77 password 's3cretPhrase'",
	],
} as const satisfies Partial<Record<SimPlatformId, string[]>>;
type Name = keyof typeof changes;
const names = Object.keys(changes) as Name[];

let fleet: Fleet;
let lab: StepLab;
const original = new Map<string, string>();

beforeAll(async () => {
	lab = await createStepLab();
	fleet = await startFleet({
		devices: [...names, "linux" as const].map((platform) => ({ name: platform, platform, config_bytes: 6_000 })),
	});
	for (const { name } of fleet.devices) original.set(name, fleet.device(name).config());
});
afterAll(async () => {
	await lab?.close();
	await fleet?.stop();
});
afterEach(async () => {
	await lab.close();
	for (const { name } of fleet.devices) {
		await fleet.device(name).setFault(null);
		fleet.device(name).setConfig(original.get(name) ?? "");
	}
});

function connectionTo(name: Name | "linux"): Connection {
	return Connection.parse({
		device_id: name,
		...fleet.devices.find((entry) => entry.name === name),
		platform: builtInPlatforms.find(({ id }) => id === name),
		host_key: null,
		legacy_algorithms: false,
		timeouts: { connect_ms: 1_000, auth_ms: 1_000, prompt_ms: 1_000, command_ms: 1_000 },
	});
}

function running(name: Name): string {
	return normalise(fleet.device(name).config(), connectionTo(name).platform);
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

const run = (type: string, name: Name | "linux", params: unknown = {}, signal?: AbortSignal) =>
	lab.run(type, connectionTo(name), params, signal);

/** What reached the device after this. */
function listenTo(name: Name): () => string[] {
	const { commands } = fleet.device(name).stats();
	return () => {
		const now = fleet.device(name).stats();
		return commands === now.commands ? [] : now.lines.slice(commands - now.commands);
	};
}

describe.each(names)("%s", (name) => {
	test("a change is made, kept for taking back, and taken back byte for byte", async () => {
		const before = running(name);
		const shown = await run("get_config", name);
		const changed = await run("set_config", name, { lines: changes[name].join("\n") });
		expect(changed).toMatchObject({ result: { outcome: "confirmed", saved: true, cut: false }, writes: 1 });
		expect(changed.error).toBeUndefined();
		expect(String(changed.result.diff)).toContain("moved by a step");
		expect(changed.result.undo_kind).toMatch(/native|emulated/);
		expect(JSON.stringify(changed)).not.toContain("s3cretPhrase");
		const undo = lab.undoOf(changed.operation_id);
		expect(sha256(undo.before)).toBe(shown.result.sha256);
		expect(sha256(undo.after ?? "")).toBe((await run("get_config", name)).result.sha256);

		const back = await run("take_back", name, { operation_ids: [changed.operation_id] });
		expect(back).toMatchObject({ result: { outcome: "confirmed", foreign: "", cut: false }, writes: 1 });
		expect(JSON.stringify(back)).not.toContain("s3cretPhrase");
		expect(running(name)).toBe(before);
	});

	test("the same lines again are no change: the device is skipped, and nothing is written", async () => {
		await run("set_config", name, { lines: [...changes[name]] });
		const sent = listenTo(name);
		const again = await run("set_config", name, { lines: [...changes[name]] });
		expect(again).toMatchObject({
			skipped: "Nothing to change: it stands there already",
			result: { outcome: "unchanged", diff: "" },
			writes: 0,
		});
		expect(sent().filter((line) => /^(?:commit(?! check)|write|copy)/.test(line))).toEqual([]);
		expect(() => lab.undoOf(again.operation_id)).toThrow();
	});

	test("a line that the device rejects is named, and what was sent before it is taken back", async () => {
		const before = running(name);
		await fleet.device(name).setFault({ kind: "reject_line", line: "s3cretPhrase" });
		const failed = await run("set_config", name, { lines: [...changes[name]] }).catch((error) => ({
			error,
			result: {},
		}));
		expect(failed.error?.code).toBe("change.line_rejected");
		expect(JSON.stringify([failed.error?.message, failed.result])).not.toContain("s3cretPhrase");
		expect(running(name)).toBe(before);
	});

	test("the configuration is read without its secrets, whole or a section of it", async () => {
		const whole = await run("get_config", name);
		expect(whole.result).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), cut: false });
		expect(String(whole.result.config)).toContain("<secret>");
		expect(whole.result.lines).toBe(String(whole.result.config).trimEnd().split("\n").length);
		const part = await run("get_config", name, { section: "(?i)^(?:set )?protocols|^router bgp" });
		expect(part.result.sha256).toBe(whole.result.sha256);
		expect(Number(part.result.lines)).toBeGreaterThan(0);
		expect(Number(part.result.lines)).toBeLessThan(Number(whole.result.lines));
	});

	test("what stands in the configuration is valid; what is missing and what should not be there is named", async () => {
		await run("set_config", name, { lines: [...changes[name]] });
		const valid = await run("validate_config", name, { lines: [...changes[name]] });
		expect(valid).toMatchObject({ result: { missing: [], unwanted: [], cut: false } });
		expect(valid.error).toBeUndefined();
		const isSet = name === "juniper_junos" || name === "vyos";
		const wrong = await run("validate_config", name, {
			lines: isSet ? "set system host-name nobody" : "hostname nobody",
			absent: changes[name].slice(0, isSet ? 1 : 2).join("\n"),
		});
		expect(wrong.error?.code).toBe("procedure.check_failed");
		expect(wrong.result.missing).toEqual([expect.stringContaining("nobody")]);
		expect(wrong.result.unwanted).toEqual([expect.stringContaining("moved by a step")]);
	});

	test("a backup holds the configuration as the device sent it", async () => {
		const { result, backups, writes } = await run("backup", name);
		expect(result).toMatchObject({ changed: null, backup_id: expect.any(String) });
		expect(writes).toBe(0);
		expect(backups).toHaveLength(1);
		const text = Buffer.from(backups[0]?.content_base64 ?? "", "base64").toString();
		const { result: shown } = await run("get_config", name);
		expect(sha256(normalise(text, connectionTo(name).platform))).toBe(shown.sha256);
	});

	test("commands that would enter configuration mode are refused before anything is sent", async () => {
		const sent = listenTo(name);
		for (const command of ["configure terminal", "conf t", "Configure", "configure private", "configure session x"]) {
			await expect(run("run_command", name, { commands: ["show version", command] })).rejects.toThrow(
				/configuration mode/,
			);
		}
		expect(sent()).toEqual([]);
	});
});

test("a session that is lost right after the change is sent: taken back, and said", async () => {
	const before = running("cisco_ios");
	await fleet.device("cisco_ios").setFault({ kind: "drop_after_change", times: 1 });
	const lost = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] });
	expect(lost).toMatchObject({ result: { outcome: "rolled_back", diff: "" }, error: { code: "change.interrupted" } });
	expect(lost.unknown).toBeUndefined();
	expect(running("cisco_ios")).toBe(before);
});

test("a device that lets nobody in after the change leaves it unknown, with what it takes to take it back kept", async () => {
	const device = fleet.device("cisco_ios");
	await device.setFault({ kind: "drop_after_change" });
	const { result: before } = await run("get_config", "cisco_ios");
	await device.setFault({ kind: "wrong_password" });
	const lost = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] });
	expect(lost).toMatchObject({ result: { outcome: "unknown" }, unknown: true, error: { code: "change.interrupted" } });
	expect(lab.undoOf(lost.operation_id)).toEqual({ before: expect.any(String), after: null });

	await device.setFault(null);
	const back = await run("take_back", "cisco_ios", { operation_ids: [lost.operation_id] });
	expect(back.result.outcome).toBe("confirmed");
	expect((await run("get_config", "cisco_ios")).result.sha256).toBe(before.sha256);
});

test("a change whose check does not hold afterwards is taken back; one whose check holds stays", async () => {
	const before = running("cisco_ios");
	const check = {
		name: "loss",
		command: "ping 192.0.2.1",
		expect: "Success rate is 0 percent",
		negate: false,
		within_s: 0,
	};
	const failed = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios], checks: [check] });
	expect(failed).toMatchObject({ result: { outcome: "rolled_back" }, error: { code: "change.verify_failed" } });
	expect(failed.error?.message).toContain("loss: ");
	expect(running("cisco_ios")).toBe(before);
	const state_checks = [{ kind: "ping", target: "192.0.2.1", within_s: 0 }];
	const held = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios], state_checks });
	expect(held.result.outcome).toBe("confirmed");
	expect(held.output).toContain("check ping of 192.0.2.1: holds");
});

test("a change that is not to be saved is not what the device starts with, and is taken back all the same", async () => {
	const before = running("cisco_ios");
	const lines = ["interface GigabitEthernet1/0/1", " description not to be kept"];
	const { operation_id, result } = await run("set_config", "cisco_ios", { lines, save: false });
	expect(result).toMatchObject({ outcome: "confirmed", saved: false });
	expect(running("cisco_ios")).toContain("not to be kept");
	const startup = await run("run_command", "cisco_ios", { commands: "show startup-config" });
	expect(startup.result.output).not.toContain("not to be kept");
	await run("take_back", "cisco_ios", { operation_ids: [operation_id] });
	expect(running("cisco_ios")).toBe(before);
});

test("what others changed since stays when a change is taken back, and is named", async () => {
	const { operation_id } = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] });
	fleet.device("cisco_ios").applyLines(["interface GigabitEthernet1/0/2", " description set by others"]);
	const back = await run("take_back", "cisco_ios", { operation_ids: [operation_id] });
	expect(back.result).toMatchObject({ outcome: "confirmed", foreign: expect.stringContaining("set by others") });
	expect(running("cisco_ios")).toContain("set by others");
	expect(running("cisco_ios")).not.toContain("moved by a step");
});

test("several changes are taken back one after the other, the newest first", async () => {
	const before = running("cisco_ios");
	const first = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] });
	const second = await run("set_config", "cisco_ios", {
		lines: ["interface GigabitEthernet1/0/1", " description again"],
	});
	const operation_ids = [second.operation_id, first.operation_id];
	const back = await run("take_back", "cisco_ios", { operation_ids });
	expect(back).toMatchObject({ result: { outcome: "confirmed" }, writes: 1 });
	expect(running("cisco_ios")).toBe(before);
});

test("a change that cannot be taken back completely is an error that names the lines", async () => {
	const { operation_id } = await run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] });
	await lab.close();
	await fleet.device("cisco_ios").setFault({ kind: "reject_line", line: "no snmp-server" });
	const back = await run("take_back", "cisco_ios", { operation_ids: [operation_id] });
	expect(back.error?.code).toBe("change.not_restored");
	expect(JSON.stringify(back)).not.toContain("s3cretPhrase");
	expect(back.result.outcome).toBe("not_restored");
});

test("a step that is over before its write sends nothing", async () => {
	const stop = new AbortController();
	stop.abort();
	const before = running("cisco_ios");
	await expect(run("set_config", "cisco_ios", { lines: [...changes.cisco_ios] }, stop.signal)).rejects.toThrow();
	expect(running("cisco_ios")).toBe(before);
});

test("commands that read announce no write, others do once, before they are sent", async () => {
	const read = await run("run_command", "cisco_ios", { commands: "show version\nshow clock" });
	expect(read).toMatchObject({ writes: 0, result: { cut: false } });
	expect(read.result.outputs).toEqual([
		{ command: "show version", output: expect.stringContaining("Cisco IOS Software") },
		{ command: "show clock", output: expect.stringMatching(/^\*/) },
	]);
	expect(read.result.output).toContain("Cisco IOS Software");
	expect(read.output).toContain("> show version");
	const write = await run("run_command", "cisco_ios", { commands: ["write memory", "show clock", "write memory"] });
	expect(write.writes).toBe(1);
});

test("the question that a command asks is answered as it was told", async () => {
	const commands = ["copy running-config startup-config"];
	const { result } = await run("run_command", "cisco_ios", {
		commands,
		answers: [{ question: "Destination filename", answer: "" }],
	});
	expect(result.output).toContain("[OK]");
	await expect(run("run_command", "cisco_ios", { commands })).rejects.toMatchObject({ code: "device.timeout" });
});

test("a command that ends the session is no error where it may, and the next step opens another", async () => {
	const commands = ["show clock", "exit"];
	const { result } = await run("run_command", "cisco_ios", { commands, may_disconnect: true });
	expect(result.outputs).toEqual([expect.objectContaining({ command: "show clock" }), { command: "exit", output: "" }]);
	await lab.close();
	expect((await run("run_command", "cisco_ios", { commands: "show clock" })).error).toBeUndefined();
	await expect(run("run_command", "cisco_ios", { commands })).rejects.toMatchObject({ code: "device.connection_lost" });
	await expect(
		run("run_command", "cisco_ios", { commands: ["exit", "show clock"], may_disconnect: true }),
	).rejects.toMatchObject({ code: "device.connection_lost" });
});

test("checks of a change are held against what is known of them before anything is sent", async () => {
	const before = running("cisco_ios");
	const lines = [...changes.cisco_ios];
	for (const checks of [
		{ checks: [{ name: "x", command: "reload", expect: "." }] },
		{ checks: [{ name: "x", command: "show version", expect: "(" }] },
		{ state_checks: [{ kind: "bgp", neighbors: ["192.0.2.1"], min_prefix: 3 }] },
	]) {
		await expect(run("set_config", "cisco_ios", { lines, ...checks }), JSON.stringify(checks)).rejects.toThrow();
	}
	expect(running("cisco_ios")).toBe(before);
});

test("what the answers have to match, and what not, is checked", async () => {
	const commands = "show version";
	const good = await run("run_command", "cisco_ios", { commands, expect: "(?m)^Cisco IOS", reject: ["NX-OS"] });
	expect(good.error).toBeUndefined();
	const bad = await run("run_command", "cisco_ios", { commands, expect: ["NX-OS", "IOS"], reject: "Version 15" });
	expect(bad.error).toMatchObject({
		code: "procedure.check_failed",
		details: { problems: ["does not match `NX-OS`", "matches `Version 15`"] },
	});
	expect(String(bad.result.output)).toContain("Cisco IOS Software");
});

test("an error message of the device ends the step, unless it may", async () => {
	await expect(run("run_command", "cisco_ios", { commands: "show nonsense" })).rejects.toMatchObject({
		code: "device.command_failed",
	});
	const { result } = await run("run_command", "cisco_ios", { commands: "show nonsense", allow_errors: true });
	expect(String(result.output)).toContain("% Invalid input");
});

test("secrets in answers reach neither the result nor the output", async () => {
	fleet.device("cisco_ios").applyLines(["snmp-server community hushHush7 RO"]);
	const { result, output } = await run("run_command", "cisco_ios", { commands: "show running-config" });
	expect(String(result.output)).toContain("snmp-server community <secret>");
	expect(JSON.stringify(result) + output).not.toContain("hushHush7");
});

test("a result keeps the beginning of what is too long, and says so", async () => {
	await fleet.device("cisco_ios").setFault({ kind: "huge_output", bytes: 1_000_000 });
	const { result, output } = await run("run_command", "cisco_ios", { commands: "show running-config" });
	expect(result.cut).toBe(true);
	expect(JSON.stringify(result).length).toBeLessThan(250_000);
	expect(output.length).toBeLessThan(150_000);
	const { result: read } = await run("get_config", "cisco_ios");
	expect(read.cut).toBe(true);
	expect(String(read.config)).toHaveLength(200_000);
});

test("an answer becomes data by a TextFSM template, by the kind of its rows, and as JSON", async () => {
	const template = ["Value VERSION (\\S+)", "", "Start", `  ^.*Version $\{VERSION}, RELEASE -> Record`, ""].join("\n");
	const { result } = await run("run_command", "cisco_ios", { commands: "show version", parse: template });
	expect(result.parsed).toEqual([{ VERSION: "15.2(7)E4" }, { VERSION: "15.2(3r)E1" }]);
	const ping = await run("run_command", "cisco_ios", { commands: "ping 192.0.2.1", parse: "ping" });
	expect(ping.result.parsed).toEqual([expect.objectContaining({ sent: 5, received: 5 })]);
	await expect(run("run_command", "cisco_ios", { commands: "show clock", parse: "json" })).rejects.toMatchObject({
		code: "parse.not_understood",
	});
	await expect(run("run_command", "cisco_ios", { commands: "show clock", parse: "yaml" })).rejects.toThrow(/TextFSM/);
	const broken = "Value VERSION (\\S+\n\nStart\n  ^x\n";
	await expect(run("run_command", "cisco_ios", { commands: "show clock", parse: broken })).rejects.toThrow();
});

test("a ping that answers holds; a check without a parser says so", async () => {
	const held = await run("check_ping", "cisco_ios", { target: "192.0.2.1", within_s: 0 });
	expect(held).toMatchObject({ writes: 0, result: { problems: [], rows: [{ sent: 5, received: 5 }], cut: false } });
	expect(held.error).toBeUndefined();
	await expect(run("check_bgp", "linux", { neighbors: ["192.0.2.1"] })).rejects.toMatchObject({
		code: "parse.no_parser",
	});
	await expect(run("check_ping", "cisco_ios", { target: "192.0.2.1; reload" })).rejects.toThrow();
	await expect(run("check_ping", "cisco_ios", { target: "192.0.2.1", tries: 3 })).rejects.toThrow(/tries/);
});

test("an assertion holds only where it comes to true, and says what it came to", async () => {
	const held = await run("assert", "cisco_ios", {
		command: "ping 192.0.2.1",
		parse: "ping",
		that: "[0].received == `5`",
	});
	expect(held).toMatchObject({ writes: 0, result: { asserted: [{ came_to: true }], value: [{ sent: 5 }] } });
	const wrong = await run("assert", "cisco_ios", {
		value: { peers: ["a", "b"] },
		that: ["length(peers) == `2`", "peers[0]", "nobody.knows"],
		message: "Not enough peers",
	});
	expect(wrong.error).toEqual({
		code: "procedure.assertion_failed",
		message: 'Not enough peers: `peers[0]` came to "a", not to true; `nobody.knows` came to null, not to true',
	});
	for (const params of [
		{ that: "a" },
		{ that: "a ==", value: 1 },
		{ that: "a", value: 1, command: "show version" },
		{ that: "a", command: "reload" },
	]) {
		await expect(run("assert", "cisco_ios", params), JSON.stringify(params)).rejects.toThrow();
	}
});

test("an assertion on a value opens no session", async () => {
	const { connections } = fleet.device("vyos").stats();
	expect((await run("assert", "vyos", { value: [1, 2], that: "length(@) == `2`" })).error).toBeUndefined();
	expect(fleet.device("vyos").stats().connections).toBe(connections);
});
