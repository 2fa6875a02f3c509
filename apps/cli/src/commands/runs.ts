import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { Decision, type OperationGroup, type OutputChunk, type Run } from "@netconductor/contracts/tasks/model";
import { Argument, type Command, Option } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { notFoundFailure } from "../failure.ts";
import { assertSucceeded, followRun, renderOutcome, stateStyle, untilInterrupted } from "../follow-run.ts";
import { followSteps, readSteps } from "../follow-steps.ts";
import { addListCommand } from "../list-command.ts";
import { planGroups, renderPlan } from "../output/change-plan.ts";
import { safeJson, sanitiseLine } from "../output/sanitise.ts";
import { renderSteps, stepLine } from "../output/steps.ts";
import { renderFields } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { progressWords, statusWords, waitingLines } from "../waiting.ts";
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
			{ title: "STATUS", value: statusWords, style: ({ status }) => stateStyle(status) },
			{ title: "TITLE", value: ({ title }) => title },
			{
				title: "APPROVAL",
				value: ({ progress }) => (progress?.bypassed ? "BYPASSED" : " "),
				style: ({ progress }) => (progress?.bypassed ? "bad" : undefined),
			},
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
			const steps = run.kind === "mop" ? await readSteps(cli, id) : undefined;
			cli.print({ run, operations, ...(steps !== undefined && { steps }) }, () => {
				const waiting = waitingLines(run);
				const plan = planGroups(operations).length === 0 ? "" : `${renderPlan(operations, cli.terminal)}\n`;
				const procedure = steps === undefined || steps.length === 0 ? "" : `${renderSteps(steps, cli.terminal)}\n`;
				const sum = `${renderRun(cli, run)}\n${plan}${procedure}${renderOutcome(cli, run, operations)}`;
				return waiting === "" ? sum : `${sum}\n${waiting}\n`;
			});
		});

	addListCommand<OperationGroup>(runs, open, {
		name: "groups <run>",
		description: "What a run did, devices with an identical result together",
		operation: tasksApi.operations.listOperationGroups,
		read: (cli, query, _options, [id = ""]) => cli.clients.tasks.listOperationGroups({ params: { id }, query }),
		noun: "group",
		columns: [
			{ title: "COUNT", value: ({ count: size }) => size, align: "right" },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => stateStyle(status) },
			{ title: "STEP", value: ({ step_id }) => step_id },
			{
				title: "RESULT",
				value: ({ error, skip_reason, outcome, sample_output }) =>
					error?.message ?? skip_reason ?? outcome ?? sample_output.split("\n", 1)[0] ?? "",
			},
			{
				title: "DEVICES",
				value: ({ device_names, count: size }) => `${device_names.slice(0, 3).join(", ")}${size > 3 ? ", …" : ""}`,
			},
			{ title: "KEY", value: ({ key }) => key, whole: true },
		],
	});

	runs
		.command("output <run>")
		.description("What a run printed, as it is stored")
		.option("--tail <pieces>", "Only the last so many pieces", wholeNumber(1, 5000))
		.action(async (id: string, { tail }: { tail?: number }, self: Command) => {
			const cli = open(self);
			if (tail !== undefined) {
				const answer = await cli.clients.tasks.readOutput({ params: { id }, query: { tail } });
				return cli.print(answer, () => answer.items.map((chunk) => renderChunk(cli, chunk)).join(""));
			}
			const all: OutputChunk[] = [];
			for (let after = 0; ; ) {
				const { items, next_after } = await cli.clients.tasks.readOutput({ params: { id }, query: { after } });
				if (items.length === 0) break;
				after = next_after;
				if (cli.json) all.push(...items);
				else for (const chunk of items) cli.terminal.out(renderChunk(cli, chunk));
			}
			if (cli.json) cli.print({ items: all }, () => "");
		});

	runs
		.command("decide <run>")
		.description(
			"Say what became of operations of which nobody knows whether they changed their device. verified: the change was made. failed: it was not, or not whole. skip: leave it out. retry: run it again in this run",
		)
		.addArgument(new Argument("<decision>", "What to decide").choices(Decision.options))
		.requiredOption("--reason <text>", "What you saw on the device")
		.option(
			"--device <name>",
			"Only on this device; may be given several times (default: all that are unknown)",
			collected,
		)
		.option("--yes", "Do not ask")
		.action(
			async (
				id: string,
				decision: Decision,
				{ reason, device, yes }: { reason: string; device?: string[]; yes?: boolean },
				self: Command,
			) => {
				const cli = open(self);
				const body = { decision, reason };
				const operation_ids = device && (await unknownOperationsOn(cli, id, device));
				const where = device === undefined ? "all operations that are unknown" : device.join(", ");
				if (!(await confirmed(cli, yes, `Decide ${decision} on ${where}?`))) return;
				if (operation_ids === undefined) {
					const answer = await cli.clients.tasks.decideRun({ params: { id }, body });
					return cli.print(answer, () => decidedLine(answer.decided, answer.run));
				}
				for (const operation_id of operation_ids) {
					await cli.clients.tasks.decideOperation({ params: { id, operation_id }, body });
				}
				const run = await cli.clients.tasks.getRun({ params: { id } });
				cli.print({ decided: operation_ids.length, run }, () => decidedLine(operation_ids.length, run));
			},
		);

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
		.command("pause <run>")
		.description("Let a run finish the batch or step under way and begin no other until it is resumed")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const run = await cli.clients.tasks.pauseRun({ params: { id } });
			cli.print(
				run,
				() =>
					`Run ${run.id} pauses after the ${run.kind === "mop" ? "step" : "batch"} under way. Let it go on: \`netconductor runs resume ${run.id}\`\n`,
			);
		});

	runs
		.command("resume <run>")
		.description("Let a paused run go on with its next batch, or a procedure with its next step")
		.addOption(
			new Option("--until <point>", "How far a procedure goes on").choices(["end", "next-step"]).default("end"),
		)
		.action(async (id: string, { until }: { until: "end" | "next-step" }, self: Command) => {
			const cli = open(self);
			const body = { until: until === "end" ? ("end" as const) : ("next_step" as const) };
			const run = await cli.clients.tasks.resumeRun({ params: { id }, body });
			cli.print(run, () => `Run ${run.id} goes on. Watch it: \`netconductor runs watch ${run.id}\`\n`);
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
		.command("break-glass <run>")
		.description("Let a run begin that a calendar holds back; everybody sees who did, and why")
		.requiredOption("--reason <text>", "Why it cannot wait; 10 characters or more")
		.action(async (id: string, { reason }: { reason: string }, self: Command) => {
			const cli = open(self);
			const run = await cli.clients.tasks.breakGlass({ params: { id }, body: { reason } });
			cli.print(run, () => `Run ${run.id} begins. Watch it: \`netconductor runs watch ${run.id}\`\n`);
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

/** Follows a run to its end, or until nobody reads it any more, and writes what devices say and what each step came to; with --json each message on a line of its own. */
export async function watchOutput(cli: Cli, run_id: string): Promise<Run> {
	const { paint } = cli.terminal;
	let said = "";
	const steps = followSteps(cli, run_id, (step) => {
		if (cli.json) cli.terminal.out(`${safeJson({ type: "step", step }, 0)}\n`);
		else cli.noteSafe(stepLine(step, cli.terminal.paintErr));
	});
	const watch = (signal: AbortSignal) =>
		watchRun(cli, {
			run_id,
			signal,
			output: true,
			onNews: (news) => {
				if (news.type === "steps") {
					steps.look();
				} else if (cli.json) {
					cli.terminal.out(`${safeJson(news, 0)}\n`);
				} else if (news.type === "output") {
					cli.terminal.out(renderChunk(cli, news.chunk));
				} else if (news.type === "run") {
					const waiting = waitingLines(news.run);
					if (waiting !== said && waiting !== "") cli.note(waiting);
					said = waiting;
				} else if (news.type === "operation" && !["pending", "running"].includes(news.operation.status)) {
					const { device_name, step_id, status, error } = news.operation;
					const state = paint(stateStyle(status) ?? "dim", status);
					cli.terminal.out(
						`${sanitiseLine(device_name)} ${step_id} ${state}${error ? `: ${sanitiseLine(error.message)}` : ""}\n`,
					);
				}
			},
		});
	// What devices say is for who reads it: there may be hours of it.
	const run = await untilInterrupted(run_id, watch, cli.terminal.unread);
	if (run.kind === "mop") await steps.finish();
	return run;
}

/** Each line after the name of its device. */
function renderChunk({ terminal: { out_is_terminal, paint } }: Cli, { device_name, text }: OutputChunk): string {
	const shown = (out_is_terminal ? visibleText(text) : text).replace(/\n$/, "");
	const device = paint("dim", `${sanitiseLine(device_name)} |`);
	return `${shown.replace(/^/gm, () => `${device} `)}\n`;
}

async function unknownOperationsOn(cli: Cli, run_id: string, devices: readonly string[]): Promise<string[]> {
	const unknown = (await readOperations(cli, run_id)).filter(({ status }) => status === "unknown");
	return devices.flatMap((name) => {
		const found = unknown.filter(({ device_name, device_id }) => device_name === name || device_id === name);
		if (found.length === 0) {
			throw notFoundFailure(
				"operations.not_found",
				`No operation on ${name} in this run waits for a decision.`,
				`\`netconductor runs show ${run_id}\` lists them.`,
			);
		}
		return found.map(({ id }) => id);
	});
}

function decidedLine(decided: number, run: Run): string {
	const goes_on = run.finished_at === null ? ` Watch it: \`netconductor runs watch ${run.id}\`` : "";
	return `Decided on ${count(decided, "operation")}. The run is ${run.status} now.${goes_on}\n`;
}

function approvalWords({ progress }: Run): string | undefined {
	if (progress === null) return undefined;
	const { approval_id, approved_by, bypassed, hold_broken } = progress;
	if (hold_broken !== null) return `BYPASSED by ${hold_broken.by} (${hold_broken.why}): ${hold_broken.reason}`;
	if (bypassed) return `${approval_id}, BYPASSED`;
	const by = approved_by.length === 0 ? "" : `approved by ${approved_by.join(", ")}`;
	return [approval_id, by].filter(Boolean).join(", ") || undefined;
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
			["Ended because", run.end_reason ?? undefined],
			["Progress", run.progress === null || run.kind === "mop" ? undefined : progressWords(run.progress)],
			["Plan", run.progress?.plan_sha256 ?? undefined],
			["Approval", approvalWords(run)],
			["Belongs to", run.subject === null ? undefined : `${run.subject.type} ${run.subject.id}`],
		],
		cli.terminal.paint,
	);
}
