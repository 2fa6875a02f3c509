import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { topologies } from "./plan-round.ts";
import { recordedSeeds } from "./record.ts";

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "netconductor-record-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const play = `
	const { planRound } = await import(${JSON.stringify(join(import.meta.dirname, "plan-round.ts"))});
	const { appendRecord } = await import(${JSON.stringify(join(import.meta.dirname, "record.ts"))});
	const [file, topology] = process.argv.slice(1);
	for (let seed = 0; seed < 15; seed++) {
		const plan = planRound(seed, { devices: 60, topology });
		appendRecord(file, { plan, violations: [], seconds: 1, sessions: 1, made_again: 0, pushes: 0, unknown: 0, timeline: [] });
	}`;

test("the rounds of programs that play side by side are all recorded", async () => {
	const file = join(folder, "reliability.md");
	writeFileSync(file, topologies.map((topology) => `<!-- end of rounds: ${topology} -->\n`).join("\n"));
	await Promise.all(
		topologies.map((topology) =>
			promisify(execFile)(process.execPath, ["--input-type=module", "-e", play, file, topology]),
		),
	);
	for (const topology of topologies) expect(recordedSeeds(file, topology).size, topology).toBe(15);
});
