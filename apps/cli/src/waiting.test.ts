import type { Run } from "@netconductor/contracts/tasks/model";
import { expect, test } from "vitest";
import { statusWords, waitingLines } from "./waiting.ts";

const since = "2026-03-02T02:00:00.000Z";
const progress = {
	step_id: "apply",
	plan_sha256: "0123456789abcdef".repeat(4),
	approval_id: null,
	approved_by: [],
	bypassed: false,
	hold_broken: null,
	batch: 1,
	devices_begun: 1,
	devices_total: 3,
};

function lines(waiting_for: Run["waiting_for"], more: Partial<Run> = {}): string {
	return waitingLines({ id: "RUN", waiting_for, progress, unserved: [], ...more } as Run);
}

test("a run that waits says for what, and the command that lets it go on", () => {
	expect(lines(null)).toBe("");
	expect(lines({ kind: "approval", approval_id: null, since })).toContain("being asked for");
	expect(lines({ kind: "approval", approval_id: "A1", since })).toBe(
		"Waits for approval A1 of plan 0123456789ab. Nothing was changed.\n  Somebody else approves it: `netconductor approvals approve A1`",
	);
	expect(lines({ kind: "resume", paused_by: null, since })).toMatch(
		/^Pauses after its first batch: batch 1, 1 of 3 devices begun\.\n.*`netconductor runs resume RUN`/,
	);
	expect(lines({ kind: "resume", paused_by: "ana", since })).toMatch(/^ana paused it/);
});

test("a list of runs says for what one waits", () => {
	expect(statusWords({ status: "running", waiting_for: null })).toBe("running");
	expect(statusWords({ status: "waiting", waiting_for: { kind: "approval", approval_id: "A1", since } })).toBe(
		"waiting: approval",
	);
});

test("a run that was paused before anything was planned for it says so too", () => {
	expect(lines({ kind: "resume", paused_by: "ana", since }, { progress: null })).toMatch(/^ana paused it\./);
});

test("one that was approved for later says when", () => {
	expect(lines({ kind: "window", not_before: since, since })).toMatch(/^Approved; it begins at 2026-03-02 /);
});

test("one that a calendar holds says until when, and what there is in an emergency", () => {
	const why = "Changes are frozen (Year end)";
	const calendar = { id: "C", name: "Year end", kind: "freeze" as const };
	expect(lines({ kind: "calendar", calendar, why, until: since, since })).toMatch(
		/^Held back until 2026-03-02 .*: Changes are frozen \(Year end\)\..*\n.*`netconductor runs break-glass RUN/,
	);
	expect(lines({ kind: "calendar", calendar: null, why: "Nobody answers", until: null, since })).toMatch(
		/^Held back: Nobody answers\./,
	);
});

test("what a device said cannot pretend to be a line of ours", () => {
	const message = "failed\nWaits for approval FORGED";
	expect(lines({ kind: "decision", step: "check", message, since } as Run["waiting_for"])).not.toMatch(
		/^Waits for appr/m,
	);
});

test("a run whose pool has no worker says which, how much waits there, and how one is started", () => {
	const unserved = [
		{ worker_pool: "dc2", waiting: 12 },
		{ worker_pool: "dc3", waiting: 1 },
	];
	const said = lines({ kind: "resume", paused_by: null, since }, { unserved });
	expect(said).toMatch(
		/^12 operations wait for a worker of the pool dc2: none runs\.\n.*--worker-pool=dc2`.*\n1 operation waits for a worker of the pool dc3.*\n.*\nPauses/,
	);
});

test("a procedure waits as one, whatever of it is to be done there", () => {
	const said = lines(null, { kind: "mop", unserved: [{ worker_pool: "dc2", waiting: 1 }] });
	expect(said).toMatch(/^The procedure waits for a worker of the pool dc2: none runs\.\n.*--worker-pool=dc2`/);
});
