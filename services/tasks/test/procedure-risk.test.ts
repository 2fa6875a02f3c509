import { Procedure, type ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { createTemplateEngine } from "@netconductor/templating/engine";
import { afterAll, expect, test } from "vitest";
import { hideSecrets } from "../src/procedures/hide-secrets.ts";
import { riskOf } from "../src/procedures/procedure-risk.ts";
import { loadStepTypes } from "../src/procedures/registry.ts";
import { type Given, step } from "./walk-lab.ts";

const types = await loadStepTypes();
const engine = createTemplateEngine({ threads: 1 });
afterAll(() => engine.close());

const run = (commands: unknown, more: Partial<Given> = {}) =>
	step({ id: "run", type: "run_command", with: { commands }, ...more });

async function facts(
	steps: ProgramStep[],
	{ devices = ["core-1"], ...more }: Omit<Partial<Procedure>, "targets"> & { devices?: string[] } = {},
) {
	const procedure = Procedure.parse({
		title: "test",
		mop: { id: newId(), name: "test", version: 1 },
		steps,
		targets: devices.map((name) => ({
			device_id: newId(),
			name,
			context: { device_type: name.startsWith("core") ? "cisco_ios" : "frr", site: name },
		})),
		...more,
	});
	const inner = (one: ProgramStep): ProgramStep[] => [one, ...one.blocks.flatMap(({ steps }) => steps.flatMap(inner))];
	const writes = procedure.steps.flatMap(inner).filter(({ type }) => ["run_command", "set_config"].includes(type));
	const hide = hideSecrets(procedure.secret_variables.map((name) => procedure.variables[name]));
	const { signal } = new AbortController();
	return riskOf({ types, engine, hide, signal, facts: { run: { reason: "Night work" } } }, procedure, writes);
}

async function found(...given: Parameters<typeof facts>) {
	const { dangerous_commands, unknown_commands } = await facts(...given);
	const commands = dangerous_commands.map(({ device, command }) => `${device}: ${command}`);
	return { commands, unknown: unknown_commands };
}

test("a dangerous command in a variable is found as if it stood in the step", async () => {
	const variables = { cmd: "reload", two: ["show version", "write erase"] };
	expect(await found([run(["{{ cmd }}"]), run("{{ two }}")], { variables })).toEqual({
		commands: ["core-1: reload", "core-1: write erase"],
		unknown: [],
	});
	expect(await found([run(["re{% if run.reason %}load{% endif %}"])])).toMatchObject({ commands: ["core-1: reload"] });
});

test("commands are those of each device, with what is known of it, for the devices that the step is for", async () => {
	const steps = [run(["{{ 'reload' if device.site == 'core-1' else 'show version' }}"])];
	expect(await found(steps, { devices: ["core-1", "core-2"] })).toEqual({ commands: ["core-1: reload"], unknown: [] });
	expect((await found([run(["reload"], { targets: [] })])).commands).toEqual([]);
});

test("what earlier steps save is not known, whatever a variable of that name holds or what stands in for it", async () => {
	const saves = step({ id: "ask", type: "log", with: { message: "x" }, save_to_variable: "cmd" });
	const later = { commands: [], unknown: ["run"] };
	expect(await found([saves, run(["{{ cmd }}"])], { variables: { cmd: "show version" } })).toEqual(later);
	expect(await found([saves, run(["{{ cmd | default('show version') }}"])])).toEqual(later);
	expect(await found([saves, run(["{{ it }}"], { locals: { it: "{{ cmd }}" } })])).toEqual(later);
	expect(await found([run(["{{ nowhere }}"])])).toEqual(later);
	expect(await found([run(["{{ ['show version', 'reload'] | random }}"])])).toEqual(later);
	expect(await found([saves, run(["show clock {{ cmd }}", "reload"])])).toEqual({
		commands: ["core-1: reload"],
		unknown: ["run"],
	});
});

test("the rounds of a loop are looked through where they are known, and others say that they are not", async () => {
	const loop = (given: Record<string, unknown>, commands = "{{ item }}") =>
		step({ id: "each", type: "loop", with: given }, { steps: [[run([commands])]] });
	const known = { commands: ["core-1: reload"], unknown: [] };
	expect(await found([loop({ items: ["show version", "reload"] })])).toEqual(known);
	expect(await found([loop({ items: "{{ all }}" })], { variables: { all: ["reload"] } })).toEqual(known);
	expect(await found([loop({ count: 2 }, "{{ ['show version', 'reload'][item] }}")])).toEqual(known);
	const later = { commands: [], unknown: ["run"] };
	expect(await found([loop({ items: ["reload"], as: "{{ name }}" })], { variables: { name: "item" } })).toEqual(later);
	expect(await found([loop({ while: "true" }, "{{ ['reload'][loop.index0] }}")])).toEqual(later);
	expect(await found([loop({ items: Array.from({ length: 10_000 }, () => "reload") })])).toEqual(later);
});

test("a procedure within has its own variables, and what its steps save is not known", async () => {
	const sub = (steps: ProgramStep[], locals: Record<string, unknown>) =>
		step({ id: "sub", type: "run_mop", with: { mop: "x" }, locals }, { steps: [steps] });
	const variables = { word: "load" };
	expect(await found([sub([run(["{{ cmd }}"])], { cmd: "re{{ word }}" })], { variables })).toEqual({
		commands: ["core-1: reload"],
		unknown: [],
	});
	const saves = step({ id: "ask", type: "log", with: { message: "x" }, save_to_variable: "cmd" });
	expect(await found([sub([saves, run(["{{ cmd }}"])], { cmd: "show version" })])).toMatchObject({ unknown: ["run"] });
});

test("no secret stands in what those who approve read", async () => {
	const given = {
		variables: { word: "s3cret-word" },
		secret_variables: ["word"],
	};
	const { commands } = await found([run(["reload {{ word }}", "no username bob password 0 plain-word"])], given);
	expect(commands).toHaveLength(2);
	expect(commands.join()).not.toMatch(/s3cret-word|plain-word/);
	const own = await found([run(["reload {{ key }}"], { locals: { key: "a-{{ 'key' }}" } })], {
		secret_variables: ["key"],
	});
	expect(own.commands).toEqual(["core-1: reload <secret>"]);
});

test("a command on many devices leaves none out that is sent to one", async () => {
	const devices = Array.from({ length: 150 }, (_, index) => `core-${index}`);
	const lines = step({ id: "change", type: "set_config", with: { lines: ["no router bgp 65001"] } });
	const { commands } = await found([lines, run(["reload"])], { devices });
	expect(commands).toHaveLength(100);
	expect(commands).toContain("core-0: reload");
});

test("more than can be looked through is not known", async () => {
	const lines = `! ${"{{ word }}".repeat(10)}`;
	const big = step({ id: "big", type: "set_config", with: { lines } });
	const variables = { word: "x".repeat(20_000) };
	const devices = Array.from({ length: 60 }, (_, index) => `core-${index}`);
	expect((await found([big], { devices, variables })).unknown).toEqual(["big"]);
});
