import type { ProgramStep, RunStep } from "@netconductor/contracts/tasks/procedure";
import { expect, test } from "vitest";
import { firstToRead, withSteps } from "./known-steps.ts";
import { type StepNode, siblingsOf, treeOf, undecidedStep } from "./step-tree.ts";

function step(path: string, type = "log", ...blocks: ProgramStep["blocks"]): ProgramStep {
	return {
		path,
		id: path.split(".").at(-1) ?? path,
		name: null,
		type,
		with: {},
		locals: {},
		targets: null,
		when: null,
		retries: { count: 0, delay_s: 5, backoff: 1 },
		timeout_s: null,
		parallelism: 1,
		save_to_variable: null,
		on_success: "next",
		on_failure: "stop",
		blocks,
	};
}

let seq = 0;
function done(key: string, status: RunStep["status"] = "succeeded", more: Partial<RunStep> = {}): RunStep {
	seq += 1;
	return {
		id: `id of ${key}`,
		run_id: "run",
		seq,
		key,
		path: key.split("/").at(-1)?.split(":")[0] ?? "",
		name: null,
		type: "log",
		phase: "main",
		status,
		attempts: 1,
		devices: null,
		result: null,
		error: null,
		skip_reason: null,
		saved_variable: null,
		decision: null,
		carried_from: null,
		started_at: null,
		finished_at: null,
		duration_ms: null,
		...more,
	};
}

/** The tree as lines: indented, with the state of each. */
function lines(nodes: readonly StepNode[], indent = ""): string[] {
	return nodes.flatMap(({ step: planned, done: begun, time, blocks }) => [
		`${indent}${begun?.path ?? planned?.path}${time === undefined ? "" : ` #${time}`} ${begun?.status ?? "-"}`,
		...blocks.flatMap(({ label, steps }) => [
			...(label === "" ? [] : [`${indent}  [${label}]`]),
			...lines(steps, `${indent}    `),
		]),
	]);
}

test("what has not begun stands where it will be carried out, with all that is within it", () => {
	const steps = [
		step("before"),
		step("decide", "condition", { name: "then", steps: [step("yes")] }, { name: "else", steps: [step("no")] }),
	];
	expect(lines(treeOf({ steps, rollback: [step("tell")] }, [done("before:1")]).main)).toEqual([
		"before succeeded",
		"decide -",
		"  [If it holds]",
		"    yes -",
		"  [If it does not hold]",
		"    no -",
	]);
	expect(treeOf({ steps, rollback: [step("tell")] }, []).rollback).toEqual([]);
});

test("rounds of a loop stand one after the other as people count, each with its own steps", () => {
	const steps = [step("each", "loop", { name: "steps", steps: [step("check"), step("say")] })];
	const rounds = Array.from({ length: 10 }, (_, at) => done(`each:1/${at + 1}/check:1`));
	const { main } = treeOf({ steps, rollback: [] }, [
		done("each:1", "running"),
		...rounds,
		done("each:1/10/say:1", "waiting"),
	]);
	const [loop] = main;
	expect(loop?.blocks.map(({ label, good }) => [label, good])).toEqual([
		...Array.from({ length: 9 }, (_, at) => [`Round ${at + 1}`, true]),
		["Round 10", false],
	]);
	expect(lines(loop?.blocks[0]?.steps ?? [])).toEqual(["check succeeded", "say -"]);
	expect(lines(loop?.blocks[9]?.steps ?? [])).toEqual(["check succeeded", "say waiting"]);
});

test("of a condition only the way that was taken is shown; of branches side by side all", () => {
	const steps = [
		step("decide", "condition", { name: "then", steps: [step("yes")] }, { name: "else", steps: [step("no")] }),
		step("both", "parallel", { name: "branches", steps: [step("x")] }, { name: "branches", steps: [step("y")] }),
	];
	const run = [
		done("decide:1", "running"),
		done("decide:1/else/no:1"),
		done("both:1", "running"),
		done("both:1/2/y:1", "running"),
	];
	expect(lines(treeOf({ steps, rollback: [] }, run).main)).toEqual([
		"decide running",
		"  [If it does not hold]",
		"    no succeeded",
		"both running",
		"  [Branch 2]",
		"    y running",
		"  [Branch 1]",
		"    x -",
	]);
});

test("each time that a step was jumped to is shown, and what another procedure did within it", () => {
	const steps = [step("check"), step("sub", "run_mop", { name: "steps", steps: [step("sub.say")] })];
	const run = [
		done("check:1", "failed"),
		done("check:2"),
		done("sub:1"),
		done("sub:1/say:1", "succeeded", { path: "sub.say" }),
	];
	expect(lines(treeOf({ steps, rollback: [] }, run).main)).toEqual([
		"check #1 failed",
		"check #2 succeeded",
		"sub succeeded",
		"    sub.say succeeded",
	]);
});

test("what is taken back is told apart from what was done, steps that no list has included", () => {
	const run = [
		done("change:1"),
		done("~rollback:1", "succeeded", { phase: "rollback" }),
		done("rollback/tell:1", "running", { phase: "rollback" }),
	];
	const { main, rollback } = treeOf({ steps: [step("change")], rollback: [step("tell")] }, run);
	expect(lines(main)).toEqual(["change succeeded"]);
	expect(lines(rollback)).toEqual(["~rollback succeeded", "tell running"]);
});

test("a jump may go to steps of the same list only", () => {
	const inner = [step("a"), step("b")];
	const steps = [step("first"), step("each", "loop", { name: "steps", steps: inner })];
	expect(siblingsOf(steps, "b")).toEqual(inner);
	expect(siblingsOf(steps, "each")).toEqual(steps);
	expect(siblingsOf(steps, "gone")).toEqual([]);
});

test("of many steps those are read again that may have changed: what is open, and the last ones", () => {
	const known = Array.from({ length: 1_000 }, (_, at) => done(`s:${at}`, "succeeded", { seq: at + 1 }));
	expect(firstToRead([])).toBe(0);
	expect(firstToRead(known.slice(0, 50))).toBe(0);
	expect(firstToRead(known)).toBe(800);
	const open = known.map((one) => (one.seq === 300 ? { ...one, status: "waiting" as const } : one));
	expect(firstToRead(open)).toBe(299);
	const news = [{ ...done("s:299"), id: "id of s:299", seq: 300 }];
	expect(withSteps(open, news).find((one) => one.seq === 300)?.status).toBe("succeeded");
	expect(withSteps(open, news)).toHaveLength(1_000);
});

test("what waits for a decision is the last time that the step was carried out, where it failed or waits", () => {
	const since = "2026-11-21T21:00:00.000Z";
	const run = [done("check:1", "failed"), done("check:2", "failed"), done("say:1")];
	const waiting_for = { kind: "decision", step: "check", message: "", since } as const;
	expect(undecidedStep({ waiting_for }, run)?.key).toBe("check:2");
	expect(undecidedStep({ waiting_for: { ...waiting_for, step: "say" } }, run)).toBeUndefined();
	expect(undecidedStep({ waiting_for: { kind: "next_step", step: "check", since } }, run)).toBeUndefined();
	expect(undecidedStep({ waiting_for: null }, run)).toBeUndefined();
	const waits = [done("deploy:1", "waiting")];
	expect(undecidedStep({ waiting_for: { kind: "time", step: "deploy", until: since, since } }, waits)?.key).toBe(
		"deploy:1",
	);
	expect(undecidedStep({ waiting_for: { kind: "run", step: "deploy", run_id: "r", since } }, waits)).toBeUndefined();
});
