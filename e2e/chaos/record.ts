import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describePlan, type Topology } from "./plan-round.ts";
import type { RoundResult } from "./run-round.ts";

const endOf = (topology: Topology) => `<!-- end of rounds: ${topology} -->`;

/** Adds a row about a round to the table of its topology, which ends with a mark. @throws where the file has no such mark */
export function appendRecord(file: string, { plan, violations, ...told }: RoundResult): void {
	const end = endOf(plan.topology);
	const text = readFileSync(file, "utf8");
	if (!text.includes(end)) throw new Error(`${file} has no line ${end}`);
	const verdict =
		violations.length === 0 ? "held" : [...new Set(violations.map(({ invariant }) => invariant))].join("; ");
	const { seconds, sessions, made_again, pushes, unknown } = told;
	const counts = [Math.round(seconds), sessions, made_again, pushes, unknown];
	const row = [plan.seed, describePlan(plan), plan.devices, commit(file), ...counts, verdict];
	writeFileSync(file, text.replace(end, `| ${row.join(" | ")} |\n${end}`));
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
	const changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", `:(exclude)${file}`);
	return git("rev-parse", "--short", "HEAD") + (changed === "" ? "" : "-dirty");
}
