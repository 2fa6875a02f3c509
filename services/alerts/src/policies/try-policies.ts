import { findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import type { Database } from "@netconductor/runtime/db/database";
import { assessRisk } from "../approvals/risk.ts";
import type { AlertsOperation } from "../operation.ts";
import { evaluatePolicies } from "./evaluate.ts";
import { readRules } from "./policy-store.ts";

interface Needs {
	db: Database;
	/** Time to decide where a policy sets none. */
	expiry_minutes: number;
}

/** What a plan would need, by the same rules as a real one. */
export function evaluateApprovalPolicies({ db, expiry_minutes }: Needs): AlertsOperation<"evaluateApprovalPolicies"> {
	return async ({ body }) => {
		const device_count = body.devices.reduce((sum, { count }) => sum + count, 0);
		const risk = assessRisk(
			{
				writes: body.writes,
				without_rollback: unnamed(body.without_rollback),
				emulated_rollback: unnamed(body.emulated_rollback),
				dangerous_commands: findDangerousCommands(body.commands, body.device_type).map((found) => ({
					...found,
					device: "",
				})),
				unknown_commands: [],
			},
			device_count,
		);
		const { kind, writes, devices } = body;
		const { stages, expires_in_minutes, verdicts } = evaluatePolicies(
			await readRules(db.orm),
			{ kind, writes, risk: risk.level, devices },
			expiry_minutes,
		);
		const reasons = risk.reasons.map((reason) => ({ ...reason, devices: [] }));
		return {
			needed: stages.length > 0,
			risk: { ...risk, reasons },
			stages,
			expires_in_minutes,
			policies: verdicts,
		};
	};
}

/** So many devices of which nobody gave the names. */
function unnamed(count: number): string[] {
	return Array.from({ length: count }, () => "");
}
