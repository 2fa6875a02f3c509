import { Connection } from "@netconductor/contracts/devices/connection";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import type { SimPlatformId } from "@netconductor/lab/sim/platforms";
import { isAppError } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planHash } from "../src/runs/gate.ts";
import { applyChange } from "../src/steps/apply-change.ts";
import { planChange } from "../src/steps/plan-change.ts";
import type { StepContext } from "../src/steps/step.ts";

/** What is sent, what fits it, and a line that nothing of it makes. */
const changes = {
	cisco_ios: {
		lines: ["interface GigabitEthernet1/0/1", " description verified", "snmp-server community s3cretPhrase RO"],
		lacks: { line: "ntp server 192.0.2.99", missing: "ntp server 192.0.2.99" },
	},
	juniper_junos: {
		lines: [
			'set interfaces xe-0/1/0 description "verified"',
			'set snmp community "s3cretPhrase" authorization read-only',
		],
		lacks: { line: "set system ntp server 192.0.2.99", missing: "set system ntp server 192.0.2.99" },
	},
} as const satisfies Partial<Record<SimPlatformId, unknown>>;
type Name = keyof typeof changes;
const names = Object.keys(changes) as Name[];

let fleet: Fleet;

beforeAll(async () => {
	fleet = await startFleet({ devices: names.map((platform) => ({ name: platform, platform, config_bytes: 6_000 })) });
});
afterAll(() => fleet?.stop());

/** Plans and makes a change as the engine does; `meddle` comes between with what the steps were given. */
async function change(name: Name, given: object, meddle: (given: object) => object = (same) => same) {
	const output: string[] = [];
	let input = given;
	const planned = { result: {} as Record<string, unknown> };
	const context: Omit<StepContext<unknown>, "params"> = {
		operation: { id: newId(), run_id: newId(), device_id: name, device_name: name },
		run: { subject: null, started_by: "somebody" },
		input: async () => input as Record<string, unknown>,
		earlier: () => planned.result,
		connection: Connection.parse({
			device_id: name,
			...fleet.devices.find((entry) => entry.name === name),
			platform: builtInPlatforms.find(({ id }) => id === name),
			host_key: null,
			legacy_algorithms: false,
			timeouts: { connect_ms: 5_000, auth_ms: 5_000, prompt_ms: 5_000, command_ms: 5_000 },
		}),
		session_options: { signal: new AbortController().signal },
		log: (line) => output.push(line),
		show: () => {},
		backup: {
			recordBackup: () => Promise.reject(new Error("nothing is backed up here")),
			readCurrent: () => Promise.reject(new Error("no backup is read here")),
		},
	};
	planned.result = (await planChange.run({ ...context, params: {} })).result;
	input = meddle(given);
	const params = applyChange.params.parse({ confirm_within_s: 60 });
	const applied = planned.result.unchanged === true ? undefined : await applyChange.run({ ...context, params });
	return { planned: planned.result, output, applied };
}

const verifying = (name: Name, ...more: string[]) => ({
	lines: [...changes[name].lines],
	verify: { templates: ["base/check"], lines: [...changes[name].lines, ...more] },
});

describe.each(names)("%s", (name) => {
	test("a line that is to stand there and does not takes the change back, and is named", async () => {
		const before = fleet.device(name).config();
		const { line, missing } = changes[name].lacks;
		const { planned, applied, output } = await change(name, verifying(name, line));
		expect(planned.verification).toMatchObject({
			templates: ["base/check"],
			lines_total: 4 - Number(name !== "cisco_ios"),
		});
		expect(applied).toMatchObject({
			result: { outcome: "rolled_back", verification: { missing: [missing], unwanted: [], cut: false } },
			error: { code: "change.verify_failed", message: expect.stringContaining(`missing: ${missing}`) },
		});
		expect(output).toContain(`missing: ${missing}`);
		expect(fleet.device(name).config()).toBe(before);
		expect(JSON.stringify({ planned, applied, output })).not.toContain("s3cretPhrase");
	});

	test("lines that were to stand there and were not planned so are not taken for those: nothing is sent", async () => {
		const { pushes } = fleet.device(name).stats();
		const widened = change(name, verifying(name), () => ({ lines: [...changes[name].lines] }));
		expect(await widened.catch((error: unknown) => isAppError(error) && error.code)).toBe("change.plan_outdated");
		expect(fleet.device(name).stats().pushes).toBe(pushes);
	});

	test("where all of it stands the change is confirmed; with nothing to change nothing is to be verified", async () => {
		const { applied, output } = await change(name, verifying(name));
		expect(applied).toMatchObject({
			result: { outcome: "confirmed", verification: { missing: [], unwanted: [], cut: false } },
		});
		expect(applied?.error).toBeUndefined();
		expect(output).toContain("stands as it should: base/check");
		const again = verifying(name);
		expect((await change(name, again)).planned).toMatchObject({ unchanged: true, verification: null });
	});
});

test("what is to be verified is part of what an approval is for", () => {
	const steps = [{ id: "plan", type: "plan_change", params: {} }];
	const hash = (verification: unknown) =>
		planHash(steps, [{ device_id: "r1", step_id: "plan", result: { lines_sha256: "1", verification } }]);
	expect(hash({ sha256: "1" })).not.toBe(hash({ sha256: "2" }));
	expect(hash({ sha256: "1" })).not.toBe(hash(null));
});
