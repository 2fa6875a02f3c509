import { writeFile } from "node:fs/promises";
import { type AuditRecord, auditApi } from "@netconductor/contracts/audit/api";
import type { Command } from "commander";
import type { Open } from "../cli.ts";
import { usageFailure, workFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";
import { addQueryOptions, filtersOf } from "../query-options.ts";

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

	const { query } = auditApi.operations.exportAudit;
	const exporting = audit
		.command("export")
		.description(
			"Audit trail as CSV, newest first: all records of the filters, or none where they are more than 50,000",
		)
		.option("-o, --output <file>", "File to write (default: standard output)");
	addQueryOptions(exporting, query);
	exporting.action(async (options: Record<string, unknown> & { output?: string }, self: Command) => {
		const cli = open(self);
		if (cli.json) throw usageFailure("An export is CSV.", "`netconductor audit list --all --json` shows every field.");
		const text = await cli.clients.audit.exportAudit({ query: filtersOf(query, options) });
		if (options.output === undefined) return cli.print(text, () => text);
		await writeFile(options.output, text, { mode: 0o600 });
		cli.note(`Wrote ${options.output}.`);
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
