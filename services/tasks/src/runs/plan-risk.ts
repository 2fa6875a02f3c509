import type { RiskFacts } from "@netconductor/contracts/alerts/approvals";
import { z } from "zod";
import type { Planned } from "./gate.ts";

/** What a step that plans a change says of its risk, in its result. */
const RiskOfChange = z.object({
	undo: z.object({ kind: z.enum(["native", "emulated", "none"]) }),
	dangerous: z
		.array(z.object({ command: z.string(), why: z.string(), level: z.enum(["high", "critical"]).default("high") }))
		.default([]),
});

const mostCommands = 100;

/** The facts of which a plan's risk is computed, from what was planned on each device. Steps behind the gate write. */
export function riskOf(planned: readonly Planned[], names: ReadonlyMap<string, string>): RiskFacts {
	const facts: RiskFacts = {
		writes: true,
		without_rollback: [],
		emulated_rollback: [],
		dangerous_commands: [],
		unknown_commands: [],
	};
	for (const { device_id, result } of planned) {
		const change = RiskOfChange.safeParse(result);
		if (!change.success) continue;
		const device = names.get(device_id) ?? device_id;
		const { undo, dangerous } = change.data;
		if (undo.kind === "none") facts.without_rollback.push(device);
		if (undo.kind === "emulated") facts.emulated_rollback.push(device);
		facts.dangerous_commands.push(...dangerous.map((found) => ({ device, ...found })));
	}
	// The worst are told; an approval says of how many devices they are.
	facts.dangerous_commands = facts.dangerous_commands
		.sort((one, other) => Number(other.level === "critical") - Number(one.level === "critical"))
		.slice(0, mostCommands);
	return facts;
}
