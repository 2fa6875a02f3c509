import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describePlan } from "./plan-round.ts";
import type { RoundResult } from "./run-round.ts";

const ends = { one: "<!-- end of rounds -->", distributed: "<!-- end of distributed rounds -->" };

/** Adds a row about a round to the table of its topology, which ends with a mark. @throws where the file has no such mark */
export function appendRecord(file: string, { plan, seconds, sessions, made_again, violations }: RoundResult): void {
	const end = ends[plan.topology];
	const text = readFileSync(file, "utf8");
	if (!text.includes(end)) throw new Error(`${file} has no line ${end}`);
	const verdict =
		violations.length === 0 ? "held" : [...new Set(violations.map(({ invariant }) => invariant))].join("; ");
	const row = [plan.seed, describePlan(plan), commit(), Math.round(seconds), sessions, made_again, verdict];
	writeFileSync(file, text.replace(end, `| ${row.join(" | ")} |\n${end}`));
}

function commit(): string {
	return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
}
