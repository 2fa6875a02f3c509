import { actorWith } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf } from "./start.ts";
import { type StartedMops, startMops } from "./start-mops.ts";

let started: StartedMops;
beforeAll(async () => {
	started = await startMops();
});
afterAll(() => started.stop());

const small = (name: string, more = "") => `# what it is for
name: ${name}
${more}
steps:
  - id: tell
    type: log
    with: { message: hello }   # a word
`;

describe("a procedure", () => {
	test("is found by id and by name in any case, and keeps its YAML as it was written", async () => {
		const source = small("First of all", "tags: [b, a, b]\ndescription: Says hello");
		const made = await started.add(source);
		expect(made).toMatchObject({
			name: "First of all",
			tags: ["a", "b"],
			version: 1,
			steps: 1,
			writes: false,
			enabled: true,
			source,
			warnings: [],
		});
		expect(await started.api.getMop({ params: { id: "FIRST OF ALL" } })).toEqual(made);
		expect((await started.api.listMops({ query: { q: "says HELLO" } })).items.map(({ id }) => id)).toEqual([made.id]);
		expect((await started.api.listMops({ query: { tag: "a" } })).total).toBe(1);
	});

	test("needs a name that no other has in any case", async () => {
		await started.add(small("taken"));
		expect(await failureOf(started.add(small("TAKEN")))).toMatchObject({ code: "mops.name_taken" });
	});

	test("has versions, of which an older one can be compared and made the newest", async () => {
		const { api } = started;
		const made = await started.add(small("versions"));
		const params = { id: made.id };
		const source = made.source.replace("hello", "good night");
		const changed = await api.updateMop({ params, body: { source, version: 1, note: "it is late" } });
		expect(changed.version).toBe(2);
		expect((await api.updateMop({ params, body: { source, version: 2 } })).version).toBe(2);
		const { hunks } = await api.compareMopVersions({ params, query: { from: 1, to: 2 } });
		expect(JSON.stringify(hunks)).toContain("good night");
		const restored = await api.restoreMopVersion({ params: { ...params, version: 1 } });
		expect(restored).toMatchObject({ version: 3, source: made.source });
		const { items } = await api.listMopVersions({ params, query: { limit: 2 } });
		expect(items.map(({ version, note }) => [version, note])).toEqual([
			[3, "Version 1 again"],
			[2, "it is late"],
		]);
		expect(await failureOf(api.getMopVersion({ params: { ...params, version: 9 } }))).toMatchObject({
			code: "mops.version_not_found",
		});
	});

	test("changed by two at once keeps the first change, and tells the second who made it", async () => {
		const made = await started.add(small("contested"));
		const change = (text: string) =>
			started.api.updateMop({
				params: { id: made.id },
				body: { source: made.source.replace("hello", text), version: 1 },
			});
		const outcomes = await Promise.allSettled([change("one"), change("two")]);
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		expect(await failureOf(change("three"))).toMatchObject({ code: "mops.changed", details: { changed_by: "admin" } });
	});

	test("that others run is neither deleted nor renamed", async () => {
		const { api } = started;
		const inner = await started.add(small("inner"));
		const outer = await started.add("name: outer\nsteps: [{ id: sub, type: run_mop, with: { mop: INNER } }]");
		expect(await failureOf(api.deleteMop({ params: { id: inner.id } }))).toMatchObject({
			code: "mops.in_use",
			details: { used_by: ["outer"] },
		});
		const renamed = { source: small("inward"), version: 1 };
		expect(await failureOf(api.updateMop({ params: { id: inner.id }, body: renamed }))).toMatchObject({
			code: "mops.in_use",
		});
		await api.deleteMop({ params: { id: outer.id } });
		await api.deleteMop({ params: { id: inner.id } });
		expect(await failureOf(api.getMop({ params: { id: inner.id } }))).toMatchObject({ code: "mops.not_found" });
	});

	test("is written with mops:write, read with mops:read, started with mops:execute", async () => {
		const made = await started.add(small("guarded"));
		const reader = started.as(actorWith("mops:read"));
		const params = { id: made.id };
		expect(await failureOf(reader.createMop({ body: { source: small("no") } }))).toMatchObject({
			code: "auth.forbidden",
		});
		expect(await failureOf(reader.executeMop({ params, body: {} }))).toMatchObject({ code: "auth.forbidden" });
		expect((await reader.getMop({ params })).id).toBe(made.id);
	});
});

describe("whether a procedure changes devices", () => {
	const writing = (name: string) =>
		`name: ${name}\nsteps: [{ id: s, type: set_config, targets: { all: true }, with: { lines: x } }]`;
	const listed = async () => {
		const { items } = await started.api.listMops({ query: { q: "chain" } });
		return items.flatMap(({ name, writes }) => (writes ? [name] : []));
	};

	test("follows the procedures that it runs, however deep, in the list too", async () => {
		const inner = await started.add(small("chain inner"));
		await started.add(`name: chain middle\nsteps: [{ id: s, type: run_mop, with: { mop: ${inner.id} } }]`);
		await started.add("name: chain outer\nsteps: [{ id: s, type: run_mop, with: { mop: Chain Middle } }]");
		expect(await listed()).toEqual([]);
		const change = (source: string, version: number) =>
			started.api.updateMop({ params: { id: inner.id }, body: { source, version } });
		await change(writing("chain inner"), 1);
		expect(await listed()).toEqual(["chain inner", "chain middle", "chain outer"]);
		expect((await started.api.getMop({ params: { id: "chain outer" } })).writes).toBe(true);
		await change(small("chain inner"), 2);
		expect(await listed()).toEqual([]);
	});

	test("is told of each step, those that run a procedure too", async () => {
		await started.add(writing("told inner"));
		await started.add("name: told middle\nsteps: [{ id: s, type: run_mop, with: { mop: told inner } }]");
		await started.add(small("told small"));
		const { may_change, valid } = await started.validate(`name: told
steps:
  - id: which
    type: condition
    with: { if: "true" }
    then:
      - { id: change, type: set_config, targets: { all: true }, with: { lines: x } }
      - { id: tell, type: log, with: { message: x } }
  - { id: run, type: run_mop, with: { mop: Told Middle } }
  - { id: small, type: run_mop, with: { mop: told small } }
rollback:
  - { id: back, type: set_config, targets: { all: true }, with: { lines: x } }
`);
		expect([valid, may_change]).toEqual([true, ["steps.0.then.0", "steps.1", "rollback.0"]]);
	});

	test("follows step types of one's own", async () => {
		const params = { id: "chain_step" };
		await started.api.createStepType({
			body: { type: "chain_step", label: "Step", base: "log", preset: { message: "x" } },
		});
		await started.add("name: chain of types\nsteps: [{ id: s, type: chain_step, targets: { all: true } }]");
		await started.add("name: chain above\nsteps: [{ id: s, type: run_mop, with: { mop: chain of types } }]");
		await started.api.updateStepType({ params, body: { base: "set_config", preset: { lines: "x" } } });
		expect(await listed()).toEqual(["chain above", "chain of types"]);
		await started.api.updateStepType({ params, body: { base: "log", preset: { message: "x" } } });
		expect(await listed()).toEqual([]);
	});
});

test("a step type that two change at once fits together: what one left out is what the other made of it", async () => {
	const { api } = started;
	const body = { type: "contested_step", label: "Before", base: "log", preset: { message: "x" } };
	const params = { id: body.type };
	await api.createStepType({ body });
	started.beforeCheck(async () => {
		await api.updateStepType({ params, body: { base: "wait", preset: { seconds: 1 } } });
	});
	const changed = await api.updateStepType({ params, body: { label: "After" } });
	expect(changed).toMatchObject({ label: "After", base: "wait", preset: { seconds: 1 } });
});

describe("a document", () => {
	const place = (source: string, word: string) => {
		const before = source.slice(0, source.indexOf(word)).split("\n");
		return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
	};

	test("with faults is not stored; all of them are told at once with lines", async () => {
		const source = `name: Faulty
varables: {}
variables:
  md5: { secret: true, default: x }
steps:
  - id: one
    type: run_comand
    with: { commands: [show version] }
  - id: one
    type: log
    with: { mesage: hi }
    on_failure: { goto: chek }
  - id: check
    type: loop
`;
		const { valid, faults } = await started.validate(source.replace("varables: {}\n", ""));
		expect(valid).toBe(false);
		expect(faults.map(({ code }) => code).sort()).toEqual([
			"step.bad_parameters",
			"step.bad_parameters",
			"step.duplicate_id",
			"step.missing_block",
			"step.unknown_goto",
			"step.unknown_type",
			"variable.bad_declaration",
		]);
		const failure = await failureOf(started.add(source.replace("varables: {}\n", "")));
		expect(failure).toMatchObject({ code: "mops.bad_document" });
		expect(failure.errors).toHaveLength(7);
		expect(failure.message).toContain("Line 3");
		expect((await started.validate(source)).faults).toMatchObject([
			{ code: "document.unknown_key", ...place(source, "varables"), message: expect.stringContaining("`variables`?") },
		]);
	});

	test.each([
		["jumps to nowhere", "on_success: { goto: chek }", "Step 1 (tell): jumps to `chek`, which is not in its list"],
		["knows a word that is none", "on_failure: rolback", "must be one of stop, continue, drop_devices, rollback, ask"],
		["tries again in a way there is not", "retries: { cont: 2 }", "`count` is missing"],
		["has an unknown key", "registr: x", "there is no key `registr` here"],
		["has a key of another tool", "register: x", "did you mean `save_to_variable`?"],
		["selects by what there is not", "targets: { group: [edge] }", "did you mean `groups`?"],
		["has a condition that cannot be read", "when: 'a ==='", "`when`"],
		["has a number for a name", "name: 5", "must be text, not the number 5"],
		["has too long a time", "timeout_s: 1e9", "must be at most 604800"],
		["has steps that it cannot have", "then: [{ id: x, type: log, with: { message: a } }]", "has no `then`"],
	])("that %s says so where it does", async (_, line, message) => {
		const source = small("Faulty").replace("    with:", `    ${line}\n    with:`);
		const { faults } = await started.validate(source);
		expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
		expect(faults.every((fault) => fault.severity === "error" && fault.line === 7)).toBe(true);
	});

	test.each([
		["email", "Use notify."],
		["lgo", "did you mean `log`?"],
	])("with steps of the type %s is told what to use", async (type, message) => {
		const { faults } = await started.validate(small("Faulty").replace("type: log", `type: ${type}`));
		expect(faults[0]?.message).toContain(message);
	});

	test("takes older names of step types", async () => {
		const source = "name: Old\nsteps: [{ id: a, type: ssh_command, with: { commands: [x] } }]";
		expect(await started.validate(source)).toMatchObject({ valid: true, faults: [] });
	});

	test("warns of variables nobody declares, of jumps without a way out, and of devices there are none of", async () => {
		const source = `name: Doubtful
targets: { names: [gone-1] }
variables: { neighbor: 192.0.2.1 }
steps:
  - { id: a, type: log, with: { message: "{{ neighbour }}" } }
  - { id: b, type: log, with: { message: "{{ device.name }}" }, on_success: { goto: a } }
  - { id: c, type: run_command, with: { commands: ["{{ device.name }} {{ saved }}"] }, save_to_variable: saved }
`;
		const { valid, faults } = await started.validate(source);
		expect(valid).toBe(true);
		expect(faults.map(({ code, line, severity }) => [code, line, severity])).toEqual([
			["targets.none", 2, "warning"],
			["variable.unknown", 5, "warning"],
			["variable.no_device", 6, "warning"],
			["step.endless", 6, "warning"],
		]);
		expect(faults[1]?.message).toContain("did you mean `neighbor`?");
	});

	test("that says what a type does nothing with is warned of it, at its line", async () => {
		await started.add(small("Saves within"));
		const source = `name: Ignored
steps:
  - id: rounds
    type: loop
    with: { items: [1] }
    retries: 3
    save_to_variable: all
    steps:
      - id: decide
        type: condition
        with: { if: "true" }
        timeout_s: 5
        then: [{ id: say, type: log, with: { message: x }, retries: 2, parallelism: 4 }]
  - { id: sub, type: run_mop, with: { mop: saves within }, save_to_variable: found, parallelism: 2 }
  - { id: show, type: run_command, with: { commands: [x] }, retries: 1, timeout_s: 9, parallelism: 2, save_to_variable: y }
`;
		const { valid, faults } = await started.validate(source);
		expect(valid).toBe(true);
		expect(faults.map(({ code, path, line, severity }) => [code, path, line, severity])).toEqual([
			["step.ignored_setting", "steps.0.retries", 6, "warning"],
			["step.ignored_setting", "steps.0.save_to_variable", 7, "warning"],
			["step.ignored_setting", "steps.0.steps.0.timeout_s", 12, "warning"],
			["step.ignored_setting", "steps.0.steps.0.then.0.parallelism", 13, "warning"],
			["step.ignored_setting", "steps.1.parallelism", 14, "warning"],
		]);
		expect(faults[0]?.message).toBe(
			"Step 1 (rounds): `retries` does nothing in a step of the type `loop`: say it at the steps in it",
		);
	});

	test("that runs itself through others is refused, naming the circle", async () => {
		await started.add(small("Ring C"));
		await started.add("name: Ring B\nsteps: [{ id: s, type: run_mop, with: { mop: ring c } }]");
		await started.add("name: Ring A\nsteps: [{ id: s, type: run_mop, with: { mop: ring b } }]");
		const closed = "name: Ring C\nsteps: [{ id: s, type: run_mop, with: { mop: Ring A } }]";
		const failure = await failureOf(
			started.api.updateMop({ params: { id: "ring c" }, body: { source: closed, version: 1 } }),
		);
		expect(failure.errors?.[0]?.message).toContain("Ring C → Ring A → Ring B → Ring C");
		const own = "name: Ring D\nsteps: [{ id: s, type: run_mop, with: { mop: ring d } }]";
		expect((await failureOf(started.add(own))).errors?.[0]?.message).toContain("Ring D → Ring D");
	});

	test("that runs others is told what it gives them wrongly", async () => {
		await started.add(
			small("Needs much", "variables: { n: { type: integer, required: true }, key: { secret: true } }"),
		);
		const given = (variables: string) =>
			`name: Gives\nsteps: [{ id: s, type: run_mop, with: { mop: needs much, variables: ${variables} } }]`;
		const messages = async (variables: string) =>
			(await started.validate(given(variables))).faults.map(({ message }) => message).join("\n");
		expect(await messages("{}")).toContain("`n` of Needs much is required");
		expect(await messages("{ n: x }")).toContain("must be a whole number");
		expect(await messages("{ n: 1, m: 2 }")).toContain("`m` of Needs much is no variable of it");
		expect(await messages("{ n: 1, key: written }")).toContain("is a secret");
		expect(await messages("{ n: '{{ 1 + 1 }}' }")).toBe("");
		const unknown = "name: Gives\nsteps: [{ id: s, type: run_mop, with: { mop: needs mush } }]";
		expect((await started.validate(unknown)).faults[0]?.message).toContain("did you mean `Needs much`?");
	});

	test("of more steps than one run may have is refused, those of others counted in", async () => {
		const steps = Array.from({ length: 200 }, (_, n) => `{ id: s${n}, type: log, with: { message: x } }`);
		await started.add(`name: Two hundred\nsteps: [${steps.join(", ")}]`);
		const three = ["a", "b", "c"].map((id) => `{ id: ${id}, type: run_mop, with: { mop: two hundred } }`);
		const { faults } = await started.validate(`name: Six hundred\nsteps: [${three.join(", ")}]`);
		expect(faults).toMatchObject([{ code: "mop.too_many_steps", message: expect.stringContaining("603 steps") }]);
	});

	test.each([
		["nothing", "", "empty"],
		["a word", "hello", "must be a mapping"],
		["a list", "- a", "must be a mapping"],
		["an anchor in itself", "name: &a [*a]", "contains itself"],
		["a key of every object", "name: x\nsteps: [{ id: a, type: log, with: { __proto__: { x: 1 } } }]", "__proto__"],
		["no steps", "name: x\nsteps: []", "`steps` is empty"],
		["a NUL that an escape brings in", 'name: x\nsteps: [{ id: a, type: log, with: { message: "a\\0b" } }]', "NUL"],
		["a tag", "name: !!js/function x", "Unresolved tag"],
	])("of %s is refused with a reason", async (_, source, message) => {
		const failure = source === "" ? undefined : await failureOf(started.add(source));
		if (failure !== undefined) expect(failure).toMatchObject({ code: "mops.bad_document" });
		const { faults } = await started.validate(source === "" ? "# nothing" : source);
		expect(faults[0]?.message).toContain(message);
	});

	test("with a thousand faults is answered with the first of them", async () => {
		const steps = Array.from({ length: 400 }, (_, n) => `  - { idd: ${n} }`).join("\n");
		const { valid, faults } = await started.validate(`name: Many\nsteps:\n${steps}`);
		expect(valid).toBe(false);
		expect(faults).toHaveLength(200);
	});

	test("with very many names to guess at is told what was meant by the first of them", async () => {
		const steps = Array.from(
			{ length: 70 },
			(_, n) => `{ id: s${n}, type: log, with: { message: "{{ neighbour }}" } }`,
		);
		const source = (variables: readonly string[]) =>
			`name: Guesses\nvariables: { ${variables.map((name) => `${name}: 1`).join(", ")} }\nsteps: [${steps.join(", ")}]`;
		const many = Array.from({ length: 499 }, (_, n) => `a_${n}`);
		const guessed = async (variables: readonly string[]) => {
			const { faults } = await started.validate(source(variables));
			expect(faults).toHaveLength(70);
			return faults.filter(({ message }) => message.includes("did you mean `neighbor`?")).length;
		};
		expect(await guessed(["neighbor", ...many])).toBe(50);
		expect(await guessed([...many, "neighbor"])).toBe(0);
		const { faults } = await started.validate(source(["neighbor", "other", ...many]));
		expect(faults.map(({ message }) => message)).toEqual(["`variables`: at most 500 of them"]);
	});

	test("asks for each selection of devices once, and for no more than fifty", async () => {
		const asked = async (targets: readonly string[]) => {
			const steps = targets.map(
				(one, n) => `{ id: s${n}, type: run_command, targets: ${one}, with: { commands: [x] } }`,
			);
			const before = started.selections();
			const { faults } = await started.validate(`name: Selects\nsteps: [${steps.join(", ")}]`);
			return { times: started.selections() - before, codes: faults.map(({ code }) => code) };
		};
		const same = ["{ all: true }", "{ all: true, tags: [a] }", "{ groups: [edge, x] }", "{ groups: [x, edge] }"];
		expect(await asked([...same, ...same])).toEqual({ times: 2, codes: [] });
		const different = await asked(Array.from({ length: 60 }, (_, n) => `{ tags: [none-${n}] }`));
		expect(different.times).toBe(50);
		expect(different.codes).toEqual([...Array.from({ length: 50 }, () => "targets.none"), "targets.unchecked"]);
	});

	test("that runs others ever more often is refused before it is put together", async () => {
		const level = (n: number, times: number) =>
			`name: Level ${n}\nsteps: [${Array.from({ length: times }, (_, i) => `{ id: s${i}, type: run_mop, with: { mop: level ${n - 1} } }`).join(", ")}]`;
		for (const n of [0, 1, 2, 3, 4, 5, 6]) await started.add(small(`Level ${n}`));
		for (const n of [6, 5, 4, 3, 2, 1]) {
			await started.api.updateMop({ params: { id: `level ${n}` }, body: { source: level(n, 200), version: 1 } });
		}
		const { faults } = await started.validate(level(7, 1));
		expect(faults.map(({ code }) => code)).toEqual(["mop.too_many_steps"]);
		expect(await failureOf(started.api.executeMop({ params: { id: "level 6" }, body: {} }))).toMatchObject({
			code: "mops.bad_document",
		});
	});

	test.each(["%", "' or true --"])("is not found by %j, and searching for it is no trouble", async (word) => {
		expect(await failureOf(started.api.getMop({ params: { id: word } }))).toMatchObject({ code: "mops.not_found" });
		expect((await started.api.listMops({ query: { q: word } })).total).toBe(0);
	});

	test("has a JSON Schema that knows the parameters of each type, and lets templates stand for values", async () => {
		const schema = JSON.stringify(await started.api.getMopSchema({}));
		expect(schema).toContain('"const":"run_command"');
		const { definitions } = JSON.parse(schema) as {
			definitions: Record<string, { properties: Record<string, unknown> }>;
		};
		expect(definitions.with_run_command?.properties.timeout_s).toEqual({
			anyOf: [{ type: "integer" }, { type: "string", pattern: "\\{[{%]" }],
		});
		expect(schema).not.toContain("\\\\p{");
	});
});
