import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Run } from "@netconductor/contracts/tasks/model";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { assertSucceeded, followRun, renderOutcome, stateStyle, untilInterrupted } from "../follow-run.ts";
import { addListCommand } from "../list-command.ts";
import { safeJson, sanitiseLine } from "../output/sanitise.ts";
import { renderFields } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { readOperations, watchRun } from "../watch-run.ts";

/** `runs`: everything that touches devices, past and present. */
export function addRunCommands(program: Command, open: Open): void {
	const runs = program.command("runs").description("Runs: everything that touches devices");

	addListCommand<Run>(runs, open, {
		description: "Runs, newest first",
		operation: tasksApi.operations.listRuns,
		read: (cli, query) => cli.clients.tasks.listRuns({ query }),
		noun: "run",
		columns: [
			{ title: "ID", value: ({ id }) => id, whole: true },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => stateStyle(status) },
			{ title: "TITLE", value: ({ title }) => title },
			{
				title: "DONE",
				value: (run) => `${run.total - run.counts.pending - run.counts.running}/${run.total}`,
				align: "right",
			},
			{ title: "FAILED", value: ({ counts }) => counts.failed + counts.unknown, align: "right" },
			{ title: "BY", value: ({ started_by }) => started_by.name },
			{ title: "CREATED", value: ({ created_at }) => localTime(created_at), whole: true },
		],
	});

	runs
		.command("show <run>")
		.description("One run with what it did on each device")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const run = await cli.clients.tasks.getRun({ params: { id } });
			const operations = await readOperations(cli, id);
			cli.print({ run, operations }, () => `${renderRun(cli, run)}\n${renderOutcome(cli, run, operations)}`);
		});

	runs
		.command("watch <run>")
		.description("Follow a run to its end, with its output; Ctrl-C leaves it running. With --json: one message a line")
		.option("--no-output", "Only the progress")
		.action(async (id: string, { output }: { output: boolean }, self: Command) => {
			const cli = open(self);
			await cli.clients.tasks.getRun({ params: { id } });
			if (!output && !cli.json) {
				const { run, operations } = await followRun(cli, id);
				cli.print(run, () => renderOutcome(cli, run, operations));
				return assertSucceeded(run);
			}
			const run = await watchOutput(cli, id);
			if (!cli.json) cli.terminal.out(`\n${renderOutcome(cli, run, await readOperations(cli, id))}`);
			assertSucceeded(run);
		});

	runs
		.command("cancel <run>")
		.description("Cancel a run: what has not started is not started, open sessions are closed")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const run = await cli.clients.tasks.cancelRun({ params: { id } });
			cli.print(run, () => `Run ${run.id} is being cancelled. Watch it: \`netconductor runs watch ${run.id}\`\n`);
		});

	runs
		.command("retry <run>")
		.description("Run again what failed or was cancelled, as a new run, and wait for it")
		.option("--no-wait", "Only start it")
		.action(async (id: string, { wait }: { wait: boolean }, self: Command) => {
			const cli = open(self);
			const { run_id } = await cli.clients.tasks.retryRun({ params: { id } });
			await reportRun(cli, { run_id }, wait);
		});
}

/** Waits for a run just started (or not), prints what came of it, and throws when it did not succeed. */
export async function reportRun(
	cli: Cli,
	started: { run_id: string; snapshot_id?: string | undefined },
	wait: boolean,
): Promise<void> {
	if (!wait) {
		cli.print(
			started,
			() => `Run ${started.run_id} has started. Watch it: \`netconductor runs watch ${started.run_id}\`\n`,
		);
		return;
	}
	const { run, operations } = await followRun(cli, started.run_id);
	cli.print({ ...started, run, operations }, () => renderOutcome(cli, run, operations));
	assertSucceeded(run);
}

function watchOutput(cli: Cli, run_id: string): Promise<Run> {
	const safe = cli.terminal.out_is_terminal;
	const { paint } = cli.terminal;
	return untilInterrupted(run_id, (signal) =>
		watchRun(cli, {
			run_id,
			signal,
			output: true,
			onNews: (news) => {
				if (cli.json) {
					cli.terminal.out(`${safeJson(news, 0)}\n`);
				} else if (news.type === "output") {
					const { device_name, text } = news.chunk;
					const shown = (safe ? visibleText(text) : text).replace(/\n$/, "");
					const device = paint("dim", `${sanitiseLine(device_name)} |`);
					cli.terminal.out(`${shown.replace(/^/gm, () => `${device} `)}\n`);
				} else if (news.type === "operation" && !["pending", "running"].includes(news.operation.status)) {
					const { device_name, step_id, status, error } = news.operation;
					const state = paint(stateStyle(status) ?? "dim", status);
					cli.terminal.out(
						`${sanitiseLine(device_name)} ${step_id} ${state}${error ? `: ${sanitiseLine(error.message)}` : ""}\n`,
					);
				}
			},
		}),
	);
}

function renderRun(cli: Cli, run: Run): string {
	return renderFields(
		[
			["Run", run.id],
			["Title", run.title],
			["Kind", run.kind],
			["Status", run.status],
			["Started by", run.started_by.name],
			["Created", localTime(run.created_at)],
			["Started", localTime(run.started_at)],
			["Finished", localTime(run.finished_at)],
			["Repeats", run.retry_of ?? undefined],
			["Cancelled by", run.cancel_requested_by ?? undefined],
			["Belongs to", run.subject === null ? undefined : `${run.subject.type} ${run.subject.id}`],
		],
		cli.terminal.paint,
	);
}
