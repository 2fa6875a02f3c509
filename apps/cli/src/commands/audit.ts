import { type AuditRecord, auditApi } from "@netconductor/contracts/audit/api";
import type { Command } from "commander";
import type { Open } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";

const styles: Record<AuditRecord["outcome"], Style> = {
	succeeded: "good",
	failed: "bad",
	denied: "warning",
	unknown: "bad",
};

/** `audit`: who did what. */
export function addAuditCommands(program: Command, open: Open): void {
	const audit = program.command("audit").description("Audit trail: who did what");
	addListCommand<AuditRecord>(audit, open, {
		description: "Audit trail, newest first; --json shows every field",
		operation: auditApi.operations.listAudit,
		read: (cli, query) => cli.clients.audit.listAudit({ query }),
		noun: "record",
		columns: [
			{ title: "TIME", value: ({ occurred_at }) => localTime(occurred_at), whole: true },
			{ title: "WHO", value: ({ actor }) => actor.name },
			{ title: "OPERATION", value: ({ operation }) => operation },
			{
				title: "ON",
				value: ({ resource_type, resource_name, resource_id }) =>
					[resource_type, resource_name ?? resource_id].filter(Boolean).join(" "),
			},
			{ title: "OUTCOME", value: ({ outcome }) => outcome, style: ({ outcome }) => styles[outcome] },
			{ title: "ERROR", value: ({ error_code }) => error_code ?? "" },
			{ title: "FROM", value: ({ actor }) => actor.ip },
			{ title: "#", value: ({ position }) => position, align: "right" },
		],
	});

	audit
		.command("verify")
		.description("Recompute the hash chain; ends with 1 when it does not hold")
		.option("--expected-head <hash>", "Hash that was the newest once: proves that nothing was cut off since")
		.action(async ({ expectedHead }: { expectedHead?: string }, self: Command) => {
			const cli = open(self);
			const result = await cli.clients.audit.verifyAudit({ query: { expected_head: expectedHead } });
			cli.print(result, () =>
				result.intact
					? `The chain of ${count(result.records, "record")} is intact.\nHead: ${result.head}\n`
					: `The chain is broken${result.broken_at === null ? "" : ` at record ${result.broken_at}`}.\n`,
			);
			if (!result.intact) {
				throw workFailure(
					"audit.broken",
					"The audit trail does not hold",
					result.reason ?? `Record ${result.broken_at}`,
				);
			}
		});
}
