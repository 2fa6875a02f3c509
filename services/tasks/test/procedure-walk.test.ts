import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { failed, hasCode } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LetGo, RollBack, Stopped, Suspended } from "../src/procedures/ends.ts";
import { carriedBack, carriedOver } from "../src/procedures/restart-run.ts";
import { runSteps } from "../src/tables.ts";
import { createWalkLab, type Effect, step, type WalkLab } from "./walk-lab.ts";

let lab: WalkLab;
beforeAll(async () => {
	lab = await createWalkLab();
});
afterAll(() => lab?.stop());

type Started = { run_id: string; procedure: Procedure };

const tell = (id: string, says: unknown, more: Partial<ProgramStep> = {}) =>
	step({ id, type: "tell", ...more, with: { says, ...more.with } });
const change = (id: string, says: unknown, more: Partial<ProgramStep> = {}) =>
	step({ id, type: "change", ...more, with: { says, ...more.with } });
const parallel = (id: string, branches: ProgramStep[][], more: Partial<ProgramStep> = {}) =>
	step({ id, type: "parallel", ...more }, { branches });
const says = (run: Started) => lab.effects(run.run_id).map((effect) => effect.says);
const statuses = async (run: Started) =>
	Object.fromEntries((await lab.rows(run.run_id)).map(({ key, status }) => [key, status]));

/** Its worker dies before the so manieth statement. */
function diesBefore(count: number): () => Error | undefined {
	let left = count;
	return () => (--left <= 0 ? new LetGo() : undefined);
}

const away = () => failed("service.unavailable", { message: "PostgreSQL is away" });
const isAway = (thrown: unknown) => hasCode(thrown, "service.unavailable");

/** From the so manieth statement on the database is away. */
function awayFrom(count: number): () => Error | undefined {
	let left = count;
	return () => (--left <= 0 ? away() : undefined);
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
	while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe("walked again", () => {
	test("a condition stays as it was decided, though a branch beside it has saved what would decide it otherwise", async () => {
		const run = await lab.start([
			parallel("both", [
				[
					tell("early", "early"),
					step(
						{ id: "which", type: "condition", with: { if: "late is defined" } },
						{
							// biome-ignore lint/suspicious/noThenProperty: name of the block in documents
							then: [[tell("yes", "yes")]],
							else: [[tell("no", "no")]],
						},
					),
					tell("waits", "waited", { with: { gate: "which-end" } }),
				],
				[tell("late", "late", { save_to_variable: "late", with: { gate: "which-late" } })],
			]),
		]);
		let dead = false;
		const first = lab.walk(run, { dies: () => (dead ? new LetGo() : undefined) });
		await until(() => says(run).includes("no"));
		lab.open("which-late");
		await until(async () => (await statuses(run))["both:1/2/late:1"] === "succeeded");
		dead = true;
		lab.open("which-end");
		expect(await first).toBeInstanceOf(LetGo);
		expect(await lab.walk(run)).toBeUndefined();
		expect(says(run)).toContain("no");
		expect(says(run)).not.toContain("yes");
	});

	test("items of a loop stay what they were, and are no templates", async () => {
		const run = await lab.start(
			[
				step(
					{ id: "each", type: "loop", with: { items: "{{ found }}", as: "item" } },
					{ steps: [[tell("say", "{{ item }}")]] },
				),
			],
			{ variables: { found: ["a", "{{ 1 + 1 }}"] } },
		);
		expect(await lab.walk(run, { dies: diesBefore(6) })).toBeInstanceOf(LetGo);
		run.procedure.variables = { found: ["x", "y", "z"] };
		expect(await lab.walk(run)).toBeUndefined();
		expect([...new Set(says(run))]).toEqual(["a", "{{ 1 + 1 }}"]);
	});

	test("what stood in a block that failed stays undone, whichever branch is walked first", async () => {
		const run = await lab.start([
			parallel(
				"both",
				[
					[tell("bad", "bad", { with: { fails: 9, gate: "block-bad" } })],
					[
						tell("kept", "kept", { save_to_variable: "kept" }),
						tell("slow", "slow", { with: { gate: "block-slow" } }),
						change("never", "never"),
					],
				],
				{ on_failure: "continue" },
			),
			tell("after", "{{ kept.said }}"),
			tell("last", "last", { with: { gate: "block-last" } }),
		]);
		let dead = false;
		const first = lab.walk(run, { dies: () => (dead ? new LetGo() : undefined) });
		await until(async () => (await statuses(run))["both:1/2/slow:1"] === "running");
		lab.open("block-bad");
		await until(async () => (await statuses(run))["both:1/1/bad:1"] === "failed");
		lab.open("block-slow");
		await until(async () => (await statuses(run))["last:1"] === "running");
		dead = true;
		lab.open("block-last");
		await first;
		expect(await lab.walk(run)).toBeUndefined();
		expect(says(run)).toContain("kept");
		expect(says(run)).not.toContain("never");
		expect((await statuses(run))["both:1/2/never:1"]).toBeUndefined();
	});

	test.each(["succeeded", "running"])(
		"what was left when a step beside it ended the procedure on purpose cancels nothing, the block being %s",
		async (block) => {
			const run = await lab.start([
				parallel("both", [
					[tell("enough", "enough", { on_success: "stop", with: { gate: `enough-${block}` } })],
					[tell("left", "left", { with: { waits: 1_000_000 } })],
				]),
				tell("never", "never"),
			]);
			const first = lab.walk(run);
			await until(async () => (await statuses(run))["both:1/2/left:1"] === "waiting");
			lab.open(`enough-${block}`);
			expect(await first).toMatchObject({ status: "succeeded" });
			// As it is where what it waited for was a run; the worker died before it could say that the procedure has ended.
			const { run_id } = run;
			await lab.db.query("update run_steps set status = 'cancelled' where run_id = $1 and path = 'left'", [run_id]);
			await lab.db.query("update run_steps set status = $2 where run_id = $1 and path = 'both'", [run_id, block]);
			const again = await lab.walk(run);
			expect(again).toBeInstanceOf(Stopped);
			expect(again).toMatchObject({ status: "succeeded" });
			expect(says(run)).toEqual(["enough"]);
		},
	);

	test("a block in a branch that was stopped in its midst does not count as done", async () => {
		const run = await lab.start([
			parallel("both", [
				[tell("bad", "bad", { with: { fails: 9, gate: "midst-bad" } })],
				[
					step(
						{ id: "each", type: "loop", with: { count: 3 } },
						{ steps: [[tell("say", "round {{ item }}", { with: { gate: "midst-say" } })]] },
					),
				],
			]),
		]);
		const walk = lab.walk(run);
		await until(async () => (await statuses(run))["both:1/2/each:1/1/say:1"] === "running");
		lab.open("midst-bad");
		await until(async () => (await statuses(run))["both:1/1/bad:1"] === "failed");
		lab.open("midst-say");
		expect(await walk).toBeInstanceOf(Stopped);
		expect(await statuses(run)).not.toHaveProperty("both:1/2/each:1", "succeeded");
		expect(says(run)).not.toContain("round 2");
	});
});

test("a step has the time that it is given, to a part of a millisecond", async () => {
	const timed = { timeout_s: 600.0001 };
	const run = await lab.start([tell("one", "one", timed), change("two", "two", timed)], { devices: 1 });
	expect(await lab.walk(run)).toBeUndefined();
	expect(await statuses(run)).toMatchObject({ "one:1": "succeeded", "two:1": "succeeded" });
});

test("that nobody knows what a write did outweighs that a branch beside it failed", async () => {
	const run = await lab.start(
		[
			parallel(
				"both",
				[[tell("bad", "bad", { with: { fails: 9 } })], [change("write", "once", { with: { gate: "unknown" } })]],
				{ on_failure: "continue" },
			),
			tell("after", "after"),
		],
		{ devices: 1 },
	);
	let dead = false;
	const first = lab.walk(run, { dies: () => (dead ? new LetGo() : undefined) });
	await until(async () => says(run).includes("once") && (await statuses(run))["both:1/1/bad:1"] === "failed");
	dead = true;
	lab.open("unknown");
	await first;
	expect(await lab.walk(run)).toMatchObject({ status: "unknown" });
	expect(says(run)).not.toContain("after");
	expect(says(run).filter((one) => one === "once")).toHaveLength(1);
});

test("a write whose end could not be recorded is not repeated by the same worker either", async () => {
	const run = await lab.start([change("write", "once")], { devices: 1 });
	const claimed = await lab.takeUp(run.run_id);
	const first = await lab.walk(run, { claimed, dies: () => (says(run).length > 0 ? away() : undefined) });
	expect(first).toSatisfy(isAway);
	expect(await lab.walk(run, { claimed })).toMatchObject({ status: "unknown" });
	expect(says(run)).toEqual(["once"]);
});

test("what could not be recorded in one branch does not keep the device from the others", async () => {
	const run = await lab.start(
		[
			parallel("both", [
				[tell("first", "first", { with: { gate: "order" } }), change("one", "one")],
				[change("two", "two", { with: { gate: "held" } })],
			]),
		],
		{ devices: 1 },
	);
	const claimed = await lab.takeUp(run.run_id);
	let isGone = false;
	const walk = lab.walk(run, { claimed, dies: () => (isGone ? away() : undefined) });
	await until(() => says(run).includes("two"));
	lab.open("order");
	await until(async () => (await statuses(run))["both:1/1/one:1"] === "running");
	isGone = true;
	lab.open("held");
	expect(await walk).toSatisfy(isAway);
	expect(await lab.walk(run, { claimed })).toMatchObject({ status: "unknown" });
	expect(says(run).filter((one) => one === "two")).toHaveLength(1);
});

test("a fault of the database within a block fails no step: it is carried on later", async () => {
	const run = await lab.start([parallel("both", [[tell("one", "one")], [tell("two", "two")]]), tell("after", "after")]);
	let left = 5;
	const end = await lab.walk(run, {
		dies: () => (--left === 0 ? away() : undefined),
	});
	expect(end).toSatisfy(isAway);
	expect(await lab.walk(run)).toBeUndefined();
	expect(Object.values(await statuses(run))).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
});

test("what a person said of a step that waits stands, though it was just being looked at", async () => {
	const run = await lab.start([
		tell("wait", "waited", { with: { gate: "decided", waits: 9 } }),
		tell("after", "after"),
	]);
	const walk = lab.walk(run);
	await until(async () => (await statuses(run))["wait:1"] === "running");
	await lab.db.query("update run_steps set status = 'succeeded', decision = $2 where run_id = $1", [
		run.run_id,
		JSON.stringify({ action: "succeed", by: "bob", at: "2026-03-01T00:00:00.000Z", reason: "enough" }),
	]);
	lab.open("decided");
	expect(await walk).toBeInstanceOf(LetGo);
	expect(await lab.walk(run)).toBeUndefined();
	expect(says(run)).toEqual(["after"]);
});

test("a step that waits and fails is tried again as often as it says, not for ever", async () => {
	const run = await lab.start([
		tell("wait", "again", { with: { waits: 1, fails: 99 }, retries: { count: 2, delay_s: 0, backoff: 1 } }),
	]);
	let walks = 0;
	let end: unknown;
	do end = await lab.walk(run);
	while (end instanceof Suspended && ++walks < 10);
	expect(end).toMatchObject({ status: "failed" });
	expect(lab.effects(run.run_id).map(({ on }) => on)).toEqual(["wait:1", "wait:1#1", "wait:1#2"]);
});

test("a branch whose time has come goes on while the one beside it takes long", async () => {
	const run = await lab.start([
		parallel("both", [
			[tell("waits", "waited", { with: { waits: 2 } }), tell("then", "then")],
			[tell("long", "long", { with: { gate: "beside" } })],
		]),
	]);
	const walk = lab.walk(run);
	await until(() => says(run).includes("then"));
	expect(says(run)).toEqual(["waited", "then"]);
	lab.open("beside");
	expect(await walk).toBeUndefined();
});

describe("taking back", () => {
	const undo = async (run: Started) => {
		await lab.db.query(
			"insert into undos (operation_id, run_id, device_id, sealed, created_at) select id, run_id, device_id, '', now() from operations where run_id = $1",
			[run.run_id],
		);
	};
	const left = (run: Started) => lab.store.undosOf(run.run_id);

	test("is never one step too many", async () => {
		const run = await lab.start(
			[change("write", "x"), tell("bad", "bad", { with: { fails: 9 }, on_failure: "rollback" })],
			{ devices: 2, max_steps: 2, rollback: [tell("told", "told")] },
		);
		const claimed = await lab.takeUp(run.run_id);
		expect(await lab.walk(run, { claimed })).toBeInstanceOf(RollBack);
		await undo(run);
		expect(await lab.walk(run, { claimed, phase: "rollBack" })).toBeUndefined();
		expect(says(run).slice(-3)).toEqual([1, 1, "told"]);
		expect(await left(run)).toEqual([]);
	});

	test("begins with what was written, not with what was only kept before", async () => {
		const run = await lab.start([change("write", "x")], { devices: 1 });
		await lab.walk(run);
		await undo(run);
		expect(await left(run)).toHaveLength(1);
		await lab.db.query("update operations set write_started_at = null where run_id = $1", [run.run_id]);
		expect(await left(run)).toEqual([]);
	});

	test("by a run of its own begins nothing anew, and what the steps had saved is there for those after it", async () => {
		const steps = [
			tell("name", "saved-canary", { save_to_variable: "name" }),
			step(
				{ id: "each", type: "loop", with: { count: 2 } },
				{ steps: [[change("write", "x"), tell("bad", "bad", { with: { fails: 9 } })]] },
			),
			tell("never", "never"),
		];
		const rollback = [tell("told", "took back {{ name.said }}")];
		const run = await lab.start(steps, { devices: 1, rollback, secret_variables: ["name"] });
		expect(await lab.walk(run)).toMatchObject({ status: "failed" });
		const again = await lab.start(steps, { devices: 1, rollback, secret_variables: ["name"] });
		const moved = { run_id: again.run_id, carried_from: run.run_id };
		const kept = carriedBack(await lab.rows(run.run_id));
		await lab.db.orm.insert(runSteps).values(kept.map((row) => ({ ...row, ...moved, id: newId() })));
		await lab.db.query("update procedures set begun = $2 where run_id = $1", [again.run_id, kept.at(-1)?.seq]);
		const restarted = { run_id: run.run_id, what: "rollback" as const, path: null };
		const claimed = { ...(await lab.takeUp(again.run_id)), restarted };
		expect(await lab.walk(again, { claimed, phase: "both" })).toBeUndefined();
		expect(says(again)).toEqual(["took back saved-canary"]);
	});

	test("lets nothing else begin once it has begun, and makes no success of it", async () => {
		const run = await lab.start(
			[
				parallel("both", [
					[tell("bad", "bad", { with: { fails: 9, gate: "back-bad" }, on_failure: "rollback" })],
					[tell("slow", "slow", { with: { gate: "back-slow" } }), change("never", "never")],
				]),
			],
			{ devices: 1, rollback: [tell("told", "told", { on_success: "stop" })] },
		);
		const claimed = await lab.takeUp(run.run_id);
		const first = lab.walk(run, { claimed });
		await until(async () => (await statuses(run))["both:1/2/slow:1"] === "running");
		lab.open("back-bad");
		await until(async () => (await statuses(run))["both:1/1/bad:1"] === "failed");
		lab.open("back-slow");
		expect(await first).toBeInstanceOf(RollBack);
		expect(await lab.walk(run, { claimed, phase: "rollBack" })).toBeUndefined();
		expect(await lab.walk(run)).toBeInstanceOf(RollBack);
		expect(says(run)).not.toContain("never");
	});
});

test("devices that failed within a block take no further part where the block says so", async () => {
	const run = await lab.start(
		[
			step(
				{ id: "each", type: "loop", with: { count: 1 }, on_failure: "drop_devices" },
				{ steps: [[step({ id: "try", type: "ask", with: { says: "try", fails: 9 }, when: "device.name == 'd1'" })]] },
			),
			change("go", "go"),
		],
		{ devices: 2 },
	);
	expect(await lab.walk(run)).toBeUndefined();
	expect(
		lab
			.effects(run.run_id)
			.filter((effect) => effect.says === "go")
			.map(({ on }) => on),
	).toEqual(["d2"]);
});

test("a step that failed for no device in particular leaves none out: it ends the procedure", async () => {
	const run = await lab.start(
		[tell("bad", "bad", { with: { fails: 9 }, on_failure: "drop_devices" }), change("go", "go")],
		{ devices: 2 },
	);
	expect(await lab.walk(run)).toMatchObject({ status: "failed", message: expect.stringContaining("was to fail") });
	expect(says(run)).toEqual(["bad"]);
});

test("a block that counts as done by a person's word begins nothing more of what stands in it", async () => {
	const loop = step(
		{ id: "each", type: "loop", with: { count: 3 } },
		{ steps: [[tell("say", "round {{ item }}", { with: { fails: 1 } })]] },
	);
	const run = await lab.start([loop, tell("after", "after")]);
	expect(await lab.walk(run)).toMatchObject({ status: "failed" });
	const before = await lab.rows(run.run_id);
	const by = { action: "succeed" as const, by: "bob", at: "2026-03-01T00:00:00.000Z", reason: "done by hand" };
	const again = await lab.start([loop, tell("after", "after")]);
	const kept = carriedOver(before, before.find(({ key }) => key === "each:1") as (typeof before)[number], by);
	const moved = { run_id: again.run_id, carried_from: run.run_id };
	await lab.db.orm.insert(runSteps).values(kept.map((row) => ({ ...row, ...moved, id: newId() })));
	await lab.db.query("update procedures set begun = $2 where run_id = $1", [again.run_id, kept.at(-1)?.seq]);
	expect(await lab.walk(again)).toBeUndefined();
	expect(says(again)).toEqual(["after"]);
});

test("a template that cannot be read fails the step on its devices, as it says what comes then", async () => {
	const run = await lab.start(
		[
			step({ id: "bad", type: "ask", when: "((", on_failure: "continue" }),
			step({ id: "worse", type: "ask", with: { says: "{{ ((" }, on_failure: "continue" }),
			tell("after", "after"),
		],
		{ devices: 2 },
	);
	expect(await lab.walk(run)).toBeUndefined();
	expect(says(run)).toEqual(["after"]);
	expect(await statuses(run)).toMatchObject({ "bad:1": "failed", "worse:1": "failed" });
});

test("the journal keeps no secret, be it a number or an item of a loop", async () => {
	const run = await lab.start(
		[
			tell("say", "{{ key }}"),
			tell("pin", "{{ pin }}"),
			step(
				{ id: "each", type: "loop", with: { items: ["{{ key }}", "{{ pin }}"] } },
				{ steps: [[tell("inner", "{{ item }}")]] },
			),
		],
		{ variables: { key: "s3cr3t-canary", pin: 90_210 }, secret_variables: ["key", "pin"] },
	);
	expect(await lab.walk(run)).toBeUndefined();
	expect(says(run)).toEqual(["s3cr3t-canary", 90_210, "s3cr3t-canary", 90_210]);
	const stored = JSON.stringify(await lab.db.query("select * from run_steps where run_id = $1", [run.run_id]));
	expect(stored).toContain("<secret>");
	expect(stored).not.toMatch(/s3cr3t-canary|90210/);
});

test("what a step saved is sealed in the journal, and whoever takes the procedure up has its real value", async () => {
	const run = await lab.start(
		[
			tell("keep", "{{ key }}", { save_to_variable: "kept" }),
			step({ id: "device", type: "ask", with: { says: "of a device" }, save_to_variable: "answers" }),
			step(
				{ id: "each", type: "loop", with: { items: ["{{ kept.said }}"] } },
				{ steps: [[tell("inner", "{{ item }}", { with: { gate: "sealed" } })]] },
			),
			tell("after", "{{ kept.said }} {{ answers.d1.said }}"),
		],
		{ devices: 1, variables: { key: "s3cr3t-canary" }, secret_variables: ["key"] },
	);
	let dead = false;
	const first = lab.walk(run, { dies: () => (dead ? new LetGo() : undefined) });
	await until(async () => (await statuses(run))["each:1/1/inner:1"] === "running");
	dead = true;
	lab.open("sealed");
	expect(await first).toBeInstanceOf(LetGo);
	expect(await lab.walk(run)).toBeUndefined();
	expect(says(run).at(-1)).toBe("s3cr3t-canary of a device");
	const stored = JSON.stringify(await lab.db.query("select * from run_steps where run_id = $1", [run.run_id]));
	expect(stored).not.toContain("s3cr3t-canary");
	expect((await lab.rows(run.run_id)).map(({ output }) => output ?? "").join()).not.toMatch(/said|of a device/);
});

test("values that variables declared secret come by on the way are hidden, too, by whoever takes the procedure up as well", async () => {
	const run = await lab.start(
		[
			step(
				{ id: "sub", type: "run_mop", with: { mop: "x" }, locals: { inner: "{{ 'inner' ~ '-canary' }}" } },
				{ steps: [[tell("in", "{{ inner }}")]] },
			),
			tell("own", "{{ mine }}", { locals: { mine: "{{ 'own' ~ '-canary' }}" } }),
			step({ id: "on", type: "ask", locals: { mine: "{{ device.name ~ '-canary' }}" }, with: { says: "{{ mine }}" } }),
			tell("get", "{{ 'saved' ~ '-canary' }}", { save_to_variable: "token" }),
			step(
				{ id: "each", type: "loop", with: { items: ["{{ 'item' ~ '-canary' }}"], as: "mine" } },
				{ steps: [[tell("round", "{{ mine }}")]] },
			),
			tell("stop", "stop", { with: { gate: "hides" } }),
			...["inner", "own", "d1", "saved", "item"].map((of) => tell(`tells_${of}`, `{{ '${of}' ~ '-canary' }}`)),
		],
		{ devices: 1, secret_variables: ["inner", "mine", "token"] },
	);
	let dead = false;
	const first = lab.walk(run, { dies: () => (dead ? new LetGo() : undefined) });
	await until(async () => (await statuses(run))["stop:1"] === "running");
	dead = true;
	lab.open("hides");
	expect(await first).toBeInstanceOf(LetGo);
	expect(await lab.walk(run)).toBeUndefined();
	expect(says(run)).toContain("saved-canary");
	const stored = JSON.stringify(await lab.db.query("select * from run_steps where run_id = $1", [run.run_id]));
	const operations = JSON.stringify(await lab.db.query("select * from operations where run_id = $1", [run.run_id]));
	expect(stored).toContain("<secret>");
	expect(stored).not.toContain("-canary");
	expect(operations).not.toContain("-canary");
});

test("what is sealed for one time of a step opens for no other", async () => {
	const run = await lab.start([tell("one", "one", { save_to_variable: "a" }), tell("two", "two")]);
	expect(await lab.walk(run)).toBeUndefined();
	await lab.db.query(
		"update run_steps s set output = o.output from run_steps o where s.run_id = $1 and o.run_id = $1 and s.key = 'two:1' and o.key = 'one:1'",
		[run.run_id],
	);
	await expect(lab.walk(run)).rejects.toThrow();
});

/** Programs whose branches do not see each other's variables: nothing in them hangs on which is faster. */
function programs(): fc.Arbitrary<ProgramStep[]> {
	interface Shape {
		kind: "tell" | "change" | "ask" | "bad" | "back" | "condition" | "loop" | "while" | "parallel" | "sub";
		pick: number;
		waits: number;
		inner: Shape[][];
	}
	const { shapes } = fc.letrec<{ shapes: Shape[] }>((tie) => ({
		shapes: fc.array(
			fc.record({
				kind: fc.constantFrom(
					...(["tell", "change", "ask", "bad", "back", "condition", "loop", "while", "parallel", "sub"] as const),
				),
				pick: fc.nat(5),
				waits: fc.constantFrom(0, 0, 0, 1, 2),
				inner: fc.oneof(
					{ depthSize: "small", maxDepth: 3 },
					fc.constant<Shape[][]>([[], []]),
					fc.tuple(tie("shapes"), tie("shapes")),
				),
			}) as fc.Arbitrary<Shape>,
			{ minLength: 1, maxLength: 4 },
		),
	}));

	function build(list: readonly Shape[], at: string, outer: readonly string[]): ProgramStep[] {
		const own = [0, 1].map((n) => `v${at}_${n}`);
		const seen = [...outer, ...own];
		return list.flatMap(({ kind, pick, waits, inner }, index): ProgramStep[] => {
			const id = `s${at}_${index}`;
			const read = seen[pick % seen.length] ?? "";
			const save_to_variable = pick % 2 === 0 ? (own[pick % own.length] ?? null) : null;
			const value = `${id} {{ ${read}.said | default('-') if ${read} is defined and ${read} is mapping else '-' }}`;
			const lists = (n: number, same: boolean) => {
				const shapes = inner[n] ?? [];
				const name = `${at}${index}${"abc"[n]}`;
				return shapes.length === 0 ? [tell(`s${name}_e`, `${id} empty`)] : build(shapes, name, same ? seen : [...seen]);
			};
			switch (kind) {
				case "tell":
					return [tell(id, value, { save_to_variable, with: { waits } })];
				case "change":
					return [change(id, id, { save_to_variable })];
				case "ask":
					return [step({ id, type: "ask", with: { says: id } })];
				case "bad":
					return [
						tell(id, value, {
							with: { fails: 999, waits: waits % 2 },
							retries: { count: pick % 2, delay_s: 0, backoff: 1 },
							on_failure: "continue",
						}),
					];
				case "back": {
					const goto = `${id}_b`;
					return [
						tell(goto, value),
						tell(id, id, { when: `r${id} is not defined`, save_to_variable: `r${id}`, on_success: { goto } }),
					];
				}
				case "condition":
					return [
						step(
							{ id, type: "condition", with: { if: `${read} is defined` } },
							// biome-ignore lint/suspicious/noThenProperty: name of the block in documents
							{ then: [lists(0, true)], else: [lists(1, true)] },
						),
					];
				case "loop":
					return [step({ id, type: "loop", with: { items: [1, `${id}`], as: "it" } }, { steps: [lists(0, true)] })];
				case "while":
					return [
						step(
							{ id, type: "loop", with: { while: "loop is not defined or true", max: 2 }, on_failure: "continue" },
							{ steps: [lists(0, true)] },
						),
					];
				case "parallel":
					return [parallel(id, [lists(0, false), lists(1, false)])];
				default:
					return [step({ id, type: "run_mop", with: { mop: "x" }, save_to_variable }, { steps: [lists(0, false)] })];
			}
		});
	}
	return shapes.map((list) => [
		...build(list, "", []),
		tell("last", "{{ v_0.said | default('-') if v_0 is defined and v_0 is mapping else '-' }}"),
	]);
}

test("interrupted anywhere, any number of times, a procedure comes to the same as without", async () => {
	interface Fault {
		after: number;
		/** Its worker dies, or the database is away for the worker that goes on with it. */
		dies: boolean;
	}
	async function toEnd(run: Started, faults: readonly Fault[]): Promise<unknown> {
		let claimed = await lab.takeUp(run.run_id);
		for (let walk = 0; ; walk++) {
			const fault = faults[walk];
			const dies = fault && (fault.dies ? diesBefore(fault.after) : awayFrom(fault.after));
			const end = await lab.walk(run, { claimed, ...(dies && { dies }) });
			const goesOn = end instanceof Suspended || (fault !== undefined && (end instanceof LetGo || isAway(end)));
			if (!goesOn) return end;
			if (walk > 400) throw new Error("it never ends");
			if (!isAway(end)) claimed = await lab.takeUp(run.run_id);
		}
	}
	const shown = ({ type, on, says: what }: Effect) => `${type} ${on} ${JSON.stringify(what)}`;
	const writes = (run: Started) =>
		lab
			.effects(run.run_id)
			.filter(({ type }) => type === "change")
			.map(shown)
			.sort();
	const all = (run: Started) => [...new Set(lab.effects(run.run_id).map(shown))].sort();
	await fc.assert(
		fc.asyncProperty(
			programs(),
			fc.array(fc.record({ after: fc.integer({ min: 1, max: 25 }), dies: fc.boolean() }), {
				minLength: 1,
				maxLength: 8,
			}),
			async (steps, faults) => {
				const settings = { devices: 2, max_steps: 60 };
				const whole = await lab.start(steps, settings);
				const broken = await lab.start(steps, settings);
				const [expected, came] = [await toEnd(whole, []), await toEnd(broken, faults)];
				const keys = (await lab.rows(broken.run_id)).map(({ key }) => key);
				expect(new Set(keys).size).toBe(keys.length);
				if (came instanceof Stopped && came.status === "unknown") {
					const rest = writes(whole);
					for (const write of writes(broken)) {
						const found = rest.indexOf(write);
						expect(found, `${write} was not to be, or was made twice`).toBeGreaterThanOrEqual(0);
						rest.splice(found, 1);
					}
					return;
				}
				// Which of the branches came to the bound is not for them to say, nor how deep within others.
				const said = (end: unknown) => String(end).replace(/.*(?=It was to carry out more than)/, "");
				expect(said(came)).toBe(said(expected));
				if (expected !== undefined) return;
				expect(all(broken)).toEqual(all(whole));
				expect(writes(broken)).toEqual(writes(whole));
				expect(await statuses(broken)).toEqual(await statuses(whole));
			},
		),
		{ numRuns: 25, endOnFailure: true },
	);
});
