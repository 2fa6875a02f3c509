import { expect, test } from "vitest";
import { checkClock, checkMemory, checkNode, checkOpenFiles } from "./machine.ts";

const MiB = 2 ** 20;

test("a Node that cannot run TypeScript is refused", () => {
	expect(checkNode("24.13.0")).toMatchObject({ status: "failed", detail: expect.stringContaining("24.13.0") });
	expect(checkNode("26.0.0").status).toBe("ok");
	expect(checkNode().status).toBe("ok");
});

test("memory is too little for what is started, scarce at the moment, or enough", () => {
	const judged = (limit: number, available: number, options = { workers: 1, isRunning: false }) =>
		checkMemory(options, { limit: limit * MiB, available: available * MiB }).status;
	expect(judged(400, 400)).toBe("failed");
	expect(judged(1_024, 200)).toBe("warning");
	expect(judged(1_024, 900)).toBe("ok");
	expect(judged(1_024, 900, { workers: 8, isRunning: false })).toBe("failed");
	// What it uses itself is no longer available.
	expect(judged(1_024, 200, { workers: 1, isRunning: true })).toBe("ok");
	expect(checkMemory({ workers: 1, isRunning: true }).detail).toMatch(/^\d+ [GM]iB of \d+ [GM]iB available/);
});

test("open files are judged by the sessions that a worker holds", () => {
	expect(checkOpenFiles(50, 240).status).toBe("failed");
	expect(checkOpenFiles(50, 1_024).status).toBe("warning");
	expect(checkOpenFiles(50, 4_096).status).toBe("ok");
	expect(checkOpenFiles(2_000, 2_100).status).toBe("failed");
	expect(checkOpenFiles(50, Number.POSITIVE_INFINITY)).toMatchObject({
		status: "ok",
		detail: "at most any number a process",
	});
});

test("a clock that jumps, or stands before the installation, is told", () => {
	const now = Date.parse("2026-11-21T12:00:00Z");
	expect(checkClock({ now, expected: now + 40, earliest: now - 1_000 }).status).toBe("ok");
	expect(checkClock({ now, expected: now - 3_600_000, earliest: 0 })).toMatchObject({
		status: "warning",
		detail: expect.stringContaining("jumped 3600 s"),
	});
	expect(checkClock({ now: 0, expected: 0, earliest: now })).toMatchObject({
		status: "failed",
		detail: expect.stringContaining("1970-01-01"),
	});
	expect(checkClock().status).toBe("ok");
});
