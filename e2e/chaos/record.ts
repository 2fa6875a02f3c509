import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describePlan, type Topology } from "./plan-round.ts";
import type { RoundResult } from "./run-round.ts";

const endOf = (topology: Topology) => `<!-- end of rounds: ${topology} -->`;

/** Adds a row about a round to the table of its topology, which ends with a mark. @throws where the file has no such mark */
export function appendRecord(file: string, { plan, violations, ...told }: RoundResult): void {
	const end = endOf(plan.topology);
	const verdict =
		violations.length === 0 ? "held" : [...new Set(violations.map(({ invariant }) => invariant))].join("; ");
	const { seconds, sessions, made_again, pushes, unknown } = told;
	const counts = [Math.round(seconds), sessions, made_again, pushes, unknown];
	const row = [plan.seed, describePlan(plan), plan.devices, commit(file), ...counts, verdict];
	alone(file, () => {
		const text = readFileSync(file, "utf8");
		if (!text.includes(end)) throw new Error(`${file} has no line ${end}`);
		writeFileSync(file, text.replace(end, `| ${row.join(" | ")} |\n${end}`));
	});
}

const longest_ms = 10_000;

/** Programs of both topologies write to one file. @throws where another one does not end */
function alone(file: string, write: () => void): void {
	const lock = `${file}.lock`;
	const until = performance.now() + longest_ms;
	for (;;) {
		try {
			closeSync(openSync(lock, "wx"));
			break;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST" || performance.now() > until) throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
		}
	}
	try {
		write();
	} finally {
		rmSync(lock, { force: true });
	}
}

/** Seeds that the table of this topology has. */
export function recordedSeeds(file: string, topology: Topology): Set<number> {
	const lines = readFileSync(file, "utf8").split("\n");
	const seeds = new Set<number>();
	for (let at = lines.indexOf(endOf(topology)) - 1; at >= 0; at--) {
		const seed = /^\| (\d+) \|/.exec(lines[at] ?? "")?.[1];
		if (seed === undefined) break;
		seeds.add(Number(seed));
	}
	return seeds;
}

/** With a mark where what was played is not what was committed; the record itself is not played. */
function commit(file: string): string {
	const git = (...args: string[]) => execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
	const root = git("rev-parse", "--show-toplevel");
	const changed = git("diff", "--name-only", "HEAD", "--", ":/").split("\n");
	const others = changed.filter((name) => name !== "" && join(root, name) !== resolve(file));
	return git("rev-parse", "--short", "HEAD") + (others.length === 0 ? "" : "-dirty");
}
