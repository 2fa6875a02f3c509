import { undoKindOf } from "@netconductor/contracts/devices/change";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { Fault } from "@netconductor/lab/sim/fault";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { normalise } from "@netconductor/runtime/config-text";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
	changes,
	connectionTo as connectionOf,
	linesFor as linesOf,
	type Name,
	names,
} from "../../test/sim-changes.ts";
import { openSession, type Session } from "../session.ts";
import type { AppliedChange, ApplyOptions, ChangeStage } from "./apply.ts";
import { applyChange, planChange } from "./change.ts";

let fleet: Fleet;
const open: Session[] = [];

beforeAll(async () => {
	fleet = await startFleet({ devices: names.map((platform) => ({ name: platform, platform, config_bytes: 3000 })) });
});
afterAll(() => fleet.stop());
afterEach(async () => {
	for (const session of open.splice(0)) await session.close();
	for (const name of names) await fleet.device(name).setFault(null);
});

const connectionTo = (name: Name) => connectionOf(fleet, name);
const linesFor = (name: Name) => linesOf(fleet, name);

async function connect(name: Name): Promise<Session> {
	const session = await openSession(connectionTo(name), { signal: new AbortController().signal });
	open.push(session);
	return session;
}

interface Applied {
	applied: AppliedChange;
	stages: ChangeStage[];
	/** The configuration before and after, as two are compared. */
	before: string;
	after: string;
	/** Since the change began. */
	pushes: number;
	rollbacks: number;
}

async function apply(
	name: Name,
	{ fault = null, ...options }: Partial<ApplyOptions> & { fault?: Fault | Fault[] | null } = {},
	lines = linesFor(name),
): Promise<Applied> {
	const device = fleet.device(name);
	const definition = connectionTo(name).platform;
	const settled = () => normalise(device.config(), definition);
	const before = settled();
	const counted = device.stats();
	await device.setFault(fault);
	const stages: ChangeStage[] = [];
	const applied = await applyChange(await connect(name), lines, {
		confirm_within_ms: 20_000,
		verify: async () => {},
		reopen: () => connect(name),
		onStage: (stage) => stages.push(stage),
		signal: new AbortController().signal,
		grace_ms: 2_000,
		...options,
	});
	const now = device.stats();
	return {
		applied,
		stages,
		before,
		after: settled(),
		pushes: now.pushes - counted.pushes,
		rollbacks: now.rollbacks - counted.rollbacks,
	};
}

test("every built-in platform says how a change of it is undone", () => {
	expect(Object.fromEntries(builtInPlatforms.map(({ id, change }) => [id, undoKindOf(change)]))).toEqual({
		cisco_ios: "emulated",
		cisco_nxos: "emulated",
		cisco_xr: "native",
		arista_eos: "native",
		juniper_junos: "native",
		mikrotik_routeros: "none",
		vyos: "native",
		frr: "emulated",
		linux: "none",
		fortinet: "none",
		hp_procurve: "emulated",
		generic_cli: "none",
	});
});

describe.each(names)("%s", (name) => {
	test("a plan shows what would change, how it is undone, and leaves nothing behind", async () => {
		const before = fleet.device(name).config();
		const plan = await planChange(await connect(name), linesFor(name));
		expect(fleet.device(name).config()).toBe(before);
		expect(plan.unchanged).toBe(false);
		expect(plan.diff).toMatch(/^[+ ].*moved by a test/m);
		expect(plan.diff).not.toContain("s3cretPhrase");
		expect(plan.commands.join("\n")).toContain("s3cretPhrase");
		expect(plan.undo.kind).toBe(changes[name].native ? "native" : "emulated");
		expect(plan.undo.how).not.toBe("");
		expect(plan.diff_source).toBe(changes[name].native ? "device" : "worked_out");
		expect(plan.running_sha256).toMatch(/^[0-9a-f]{64}$/);
	});

	test("planned again, a change reads the same: devices with the same difference stand together", async () => {
		const [first, again] = [
			await planChange(await connect(name), linesFor(name)),
			await planChange(await connect(name), linesFor(name)),
		];
		expect(again.diff).toBe(first.diff);
	});

	test("a change that passes its checks is pushed once, confirmed and saved", async () => {
		const before = fleet.device(name).config();
		const { applied, stages, pushes } = await apply(name, {
			verify: async (session) => {
				expect((await session.run("show version")).output).not.toBe("");
			},
		});
		expect(applied).toMatchObject({ outcome: "confirmed", saved: true, error: undefined });
		expect(applied.diff).not.toContain("s3cretPhrase");
		expect(stages).toEqual(["pushing", "pushed", "verifying", "confirmed"]);
		expect(pushes).toBe(1);
		expect(fleet.device(name).config()).toContain("moved by a test");
		const again = await planChange(await connect(name), linesFor(name));
		expect(again).toMatchObject({ unchanged: true, running_sha256: applied.running_sha256 });
		fleet.device(name).setConfig(before);
	});

	test("a change that does not pass its checks is taken back", async () => {
		const { applied, stages, before, after } = await apply(name, {
			verify: async () => {
				throw new Error("the neighbour does not come up");
			},
		});
		expect(applied).toMatchObject({ outcome: "rolled_back", diff: "", error: { code: "change.verify_failed" } });
		expect(applied.error?.message).toContain("the neighbour does not come up");
		expect(stages).toEqual(["pushing", "pushed", "verifying", "rolling_back", "rolled_back"]);
		expect(after).toBe(before);
	});

	test("a rejected line stops the change, is named, and everything before it is taken back", async () => {
		const lines = linesFor(name);
		const sentBefore = fleet.device(name).stats().commands;
		const { applied, before, after } = await apply(name, { fault: { kind: "reject_line", line: "s3cretPhrase" } });
		expect(applied.outcome).toBe("rolled_back");
		expect(applied.error?.code).toBe("change.line_rejected");
		expect(applied.error?.message).toMatch(/rejected line \d+ of \d+, `.*password|authentication-key/);
		expect(JSON.stringify(applied)).not.toContain("s3cretPhrase");
		expect(after).toBe(before);
		const { lines: sent, commands } = fleet.device(name).stats();
		const since = sent.slice(sentBefore - commands);
		const rejected = since.findIndex((line) => line.includes("s3cretPhrase"));
		expect(rejected).toBeGreaterThan(0);
		const rest = lines.slice(lines.findIndex((line) => line.includes("s3cretPhrase")));
		for (const line of rest) expect(since.slice(rejected + 1)).not.toContain(line.trim());
	});

	test("a plan that was made for another configuration is not carried out", async () => {
		const { commands } = fleet.device(name).stats();
		await expect(apply(name, { expected: { running_sha256: "0".repeat(64) } })).rejects.toMatchObject({
			code: "change.plan_outdated",
		});
		const now = fleet.device(name).stats();
		expect(now.lines.slice(commands - now.commands).join("\n")).not.toMatch(/^(?!show).*conf/m);
	});
});

const native = names.filter((name) => changes[name].native);
const emulated = names.filter((name) => !changes[name].native);

describe.each(native)("%s with a candidate", (name) => {
	test("a commit that fails changes nothing, and says so", async () => {
		const { applied, before, after, pushes } = await apply(name, { fault: { kind: "commit_fails" } });
		expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.commit_failed" } });
		expect(after).toBe(before);
		expect(pushes).toBe(0);
	});
});

describe.each(emulated)("%s without a timer of its own", (name) => {
	test("a session that is lost in the middle of the change is followed by another that takes it back", async () => {
		const { applied, before, after, pushes } = await apply(name, {
			fault: { kind: "drop_after_change", lines: 3, times: 1 },
		});
		expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.interrupted" } });
		expect(after).toBe(before);
		expect(pushes).toBe(1);
	});

	test("a device that answers nobody new is restored over the session that changed it", async () => {
		const { applied, before, after } = await apply(name, {
			fault: { kind: "cut_off_by_change", keeps_sessions: true },
			confirm_within_ms: 2_000,
		});
		expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.unreachable_after" } });
		expect(after).toBe(before);
	});

	test("what cannot be found out is unknown", async () => {
		const { applied, before } = await apply(name, {
			fault: { kind: "cut_off_by_change" },
			confirm_within_ms: 1_000,
			grace_ms: 500,
		});
		expect(applied.outcome).toBe("unknown");
		fleet.device(name).setConfig(before);
	});
});

test("a switch that cuts itself off comes back by its own timer", async () => {
	const { applied, before, after, pushes } = await apply("arista_eos", {
		fault: { kind: "cut_off_by_change" },
		confirm_within_ms: 2_000,
		grace_ms: 20_000,
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.interrupted" } });
	expect(after).toBe(before);
	expect(pushes).toBe(1);
});

test("a session that is lost with the commit leaves the taking back to the switch, and finds out", async () => {
	const { applied, before, after, pushes } = await apply("arista_eos", {
		fault: { kind: "drop_after_change", times: 1 },
		confirm_within_ms: 2_000,
		grace_ms: 20_000,
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.interrupted" } });
	expect(after).toBe(before);
	expect(pushes).toBe(1);
});

test("a confirmation whose answer is lost is found out once the switch's time has passed", async () => {
	const device = fleet.device("arista_eos");
	const { commands } = device.stats();
	const { applied, pushes } = await apply("arista_eos", {
		async reopen() {
			// The first thing that the new session changes is that the commit is no more on trial.
			await device.setFault({ kind: "drop_after_change" });
			return connect("arista_eos");
		},
	});
	expect(applied).toMatchObject({ outcome: "confirmed", saved: true });
	expect(pushes).toBe(1);
	const now = device.stats();
	expect(now.lines.slice(commands - now.commands).filter((line) => line.endsWith(" commit"))).toHaveLength(1);
});

test("a router without room for a copy is restored with inverse commands", async () => {
	const { applied, before, after } = await apply("cisco_ios", {
		fault: { kind: "no_space" },
		verify: async () => {
			throw new Error("no");
		},
	});
	expect(applied.outcome).toBe("rolled_back");
	expect(after).toBe(before);
	const { lines } = fleet.device("cisco_ios").stats();
	expect(lines.slice(-60).join("\n")).toContain("no neighbor 192.0.2.77");
});

test("a line that asks back is answered with what the router proposes", async () => {
	const { applied, before, after } = await apply(
		"cisco_ios",
		{
			verify: async () => {
				expect(fleet.device("cisco_ios").config()).not.toContain("username operator");
				throw new Error("no");
			},
		},
		["no username operator"],
	);
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.verify_failed" } });
	expect(after).toBe(before);
});

test("a configuration that never stands still is not undone for ever", async () => {
	const connection = connectionTo("cisco_ios");
	// It shows another clock period at every read; this definition does not say that this is no change.
	const platform = { ...connection.platform, volatile: ["^! "] };
	const reopen = () => openSession({ ...connection, platform }, { signal: new AbortController().signal });
	const original = fleet.device("cisco_ios").config();
	const session = await reopen();
	open.push(session);
	const applied = await applyChange(session, ["snmp-server location elsewhere"], {
		confirm_within_ms: 20_000,
		verify: async () => {
			throw new Error("no");
		},
		reopen,
		onStage() {},
		signal: new AbortController().signal,
	});
	expect(applied).toMatchObject({ outcome: "not_restored", error: { code: "change.not_restored" } });
	expect(applied.error?.message).toContain("ntp clock-period");
	expect(applied.error?.message).not.toContain("snmp-server location");
	fleet.device("cisco_ios").setConfig(original);
});

test("a router that no longer accepts the login is not asked for ever: its account would be locked", async () => {
	const device = fleet.device("cisco_ios");
	const failed = device.stats().failed_logins;
	const { applied, before } = await apply("cisco_ios", {
		onStage(stage) {
			if (stage !== "pushed") return;
			void device.setFault({ kind: "wrong_password" });
			device.dropConnections();
		},
		grace_ms: 10_000,
	});
	expect(applied).toMatchObject({ outcome: "unknown", error: { code: "change.unreachable_after" } });
	expect(device.stats().failed_logins - failed).toBeLessThanOrEqual(4);
	device.setConfig(before);
});

test("a router with an archive takes a change back itself, and is asked to confirm", async () => {
	const device = fleet.device("cisco_ios");
	const original = device.config();
	device.applyLines(["archive", " path flash:archive"]);
	const plan = await planChange(await connect("cisco_ios"), linesFor("cisco_ios"));
	expect(plan.undo).toMatchObject({ kind: "native", how: expect.stringContaining("revert timer") });
	const failing = await apply("cisco_ios", {
		verify: async () => {
			throw new Error("no");
		},
	});
	expect(failing.applied.outcome).toBe("rolled_back");
	expect(failing.after).toBe(failing.before);
	const { applied, rollbacks } = await apply("cisco_ios");
	expect(applied.outcome).toBe("confirmed");
	expect(rollbacks).toBe(0);
	expect(device.stats().lines).toContain("configure confirm");
	device.setConfig(original);
});

test("checks that are not over in time undo the change", async () => {
	const { applied, before, after } = await apply("cisco_ios", {
		confirm_within_ms: 300,
		verify: () => new Promise(() => {}),
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "change.not_confirmed" } });
	expect(after).toBe(before);
});

test("a change that is cancelled after the push is taken back", async () => {
	const cancelled = new AbortController();
	const { applied, before, after } = await apply("cisco_ios", {
		signal: cancelled.signal,
		verify: () => {
			cancelled.abort();
			return new Promise(() => {});
		},
	});
	expect(applied).toMatchObject({ outcome: "rolled_back", error: { code: "device.cancelled" } });
	expect(after).toBe(before);
});

test("a change that is cancelled before is not begun", async () => {
	const cancelled = AbortSignal.abort();
	await expect(apply("cisco_ios", { signal: cancelled })).rejects.toMatchObject({ code: "device.cancelled" });
});

test("where nothing takes a change back, a failed check says plainly what differs", async () => {
	const connection = connectionTo("cisco_ios");
	const platform = { ...connection.platform, change: { method: "none" as const, why: "Nothing does." } };
	const reopen = () => openSession({ ...connection, platform }, { signal: new AbortController().signal });
	const original = fleet.device("cisco_ios").config();
	const session = await reopen();
	open.push(session);
	expect((await planChange(session, ["hostname other"])).undo).toEqual({
		kind: "none",
		how: "Nothing does.",
		commands: [],
	});
	const applied = await applyChange(
		session,
		["snmp-server location elsewhere", "snmp-server community hunter2hunter2 RO"],
		{
			confirm_within_ms: 5_000,
			verify: async () => {
				throw new Error("no");
			},
			reopen,
			onStage() {},
			signal: new AbortController().signal,
		},
	);
	expect(applied).toMatchObject({ outcome: "not_restored", error: { code: "change.not_restored" } });
	expect(applied.error?.message).toContain("+snmp-server location elsewhere");
	expect(JSON.stringify(applied)).not.toContain("hunter2");
	fleet.device("cisco_ios").setConfig(original);
});

test.each(["description \u0003", "hostname a\u001b[2J"])(
	"a line that a command line would not take as text is refused before anything is sent: %j",
	async (line) => {
		const session = await connect("cisco_ios");
		await expect(planChange(session, ["interface Vlan1", line])).rejects.toMatchObject({ code: "change.bad_line" });
	},
);
