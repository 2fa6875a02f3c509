import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectionTo as connectionOf, linesFor, type Name, names } from "../../test/sim-changes.ts";
import { openSession, type Session } from "../session.ts";
import { applyReplace, planReplace, type ReplaceOptions } from "./replace.ts";
import { readRunning } from "./running-config.ts";

let fleet: Fleet;
const open: Session[] = [];

beforeAll(async () => {
	fleet = await startFleet({ devices: names.map((platform) => ({ name: platform, platform, config_bytes: 6000 })) });
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

async function replace(name: Name, whole: string, options: ReplaceOptions = {}) {
	return applyReplace(await connect(name), whole, {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(name),
		onStage: () => {},
		signal: new AbortController().signal,
		grace_ms: 2_000,
		...options,
	});
}

/** The configuration with the platform's change in it, as the device shows it; the device has the one without. */
async function wholeWithChange(name: Name): Promise<{ whole: string; before: string }> {
	const device = fleet.device(name);
	const config = device.config();
	// As the device writes it: printed anew at the first change.
	device.applyLines(linesFor(fleet, name));
	const { text: whole } = await readRunning(await connect(name));
	device.setConfig(config);
	return { whole, before: config };
}

describe.each(names)("%s", (name) => {
	test("a whole configuration takes the place of another with the lines that differ, and is there then", async () => {
		const { whole, before } = await wholeWithChange(name);
		const plan = await planReplace(await connect(name), whole);
		expect(fleet.device(name).config()).toBe(before);
		expect(plan.unchanged).toBe(false);
		expect(plan.commands.length).toBeLessThan(20);
		expect(plan.diff).toContain("moved by a test");
		expect(plan.diff).not.toContain("s3cretPhrase");
		expect(await replace(name, whole)).toMatchObject({ outcome: "confirmed", saved: true });
		expect(await planReplace(await connect(name), whole)).toMatchObject({ unchanged: true, commands: [] });
		expect((await readRunning(await connect(name))).text).toBe(whole);
		fleet.device(name).setConfig(before);
	});

	test("a configuration that leaves little, or nothing to log in with, is refused unless forced", async () => {
		const { text } = await readRunning(await connect(name));
		const before = fleet.device(name).config();
		const lines = text.split("\n");
		const withoutUser = lines.filter((line) => !/\b(?:user|username) admin\b/.test(line)).join("\n");
		for (const [whole, why] of [
			["", "a fifth"],
			[lines.slice(0, 3).join("\n"), "a fifth"],
			[withoutUser, 'the login "admin" is not in it'],
		] as const) {
			expect(whole).not.toBe(text);
			const refused = { code: "change.would_cut_off", message: expect.stringContaining(why) };
			await expect(replace(name, whole)).rejects.toMatchObject(refused);
			await expect(planReplace(await connect(name), whole)).rejects.toMatchObject(refused);
		}
		expect(fleet.device(name).config()).toBe(before);
	});
});

test("what is forced is planned, a user that goes and all", async () => {
	const { text } = await readRunning(await connect("cisco_xr"));
	const whole = text.replace(/^username admin\n(?: .*\n)+/m, "");
	expect(whole).not.toBe(text);
	const plan = await planReplace(await connect("cisco_xr"), whole, { force: true });
	expect(plan.commands).toEqual(["no username admin"]);
});

test("a line that the device rejects stops the replacing, and it is taken back", async () => {
	const { whole, before } = await wholeWithChange("cisco_ios");
	await fleet.device("cisco_ios").setFault({ kind: "reject_line", line: "s3cretPhrase" });
	const applied = await replace("cisco_ios", whole);
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.line_rejected" } });
	expect(JSON.stringify(applied)).not.toContain("s3cretPhrase");
	expect(fleet.device("cisco_ios").config()).toBe(before);
});

test("Junos takes a whole configuration in commands, too", async () => {
	const session = await connect("juniper_junos");
	const { output } = await session.run("show configuration | display set");
	expect(output).toMatch(/^set version/);
	expect(await planReplace(await connect("juniper_junos"), output)).toMatchObject({ unchanged: true });
	const whole = output.replace(/^set snmp location .*$/m, 'set snmp location "elsewhere"');
	const plan = await planReplace(await connect("juniper_junos"), whole);
	expect(plan.commands.filter((command) => command.startsWith("set "))).toEqual(['set snmp location "elsewhere"']);
});
