import { configApi } from "@netconductor/contracts/config/api";
import type { DryRunStep, MopDocument, MopDryRun, MopExecution, Parameter } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { OverrideAction, type RunStep, StepId } from "@netconductor/contracts/tasks/procedure";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { notFoundFailure, usageFailure } from "../failure.ts";
import { assertSucceeded, followRun, renderOutcome, stateStyle } from "../follow-run.ts";
import { readSteps } from "../follow-steps.ts";
import { addListCommand } from "../list-command.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderSteps } from "../output/steps.ts";
import { renderFields } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { collected } from "../query-options.ts";
import { addSelectionOptions, type SelectionOptions, selectionOf } from "../selection.ts";
import { jsonOrText, namedValue, readText, readVariables } from "../variables.ts";
import { warnOfHold } from "../warn-of-hold.ts";
import { watchOutput } from "./runs.ts";

interface RunOptions extends SelectionOptions {
	var?: string[];
	varFile?: string[];
	vars?: string;
	device?: string[];
	stepByStep?: boolean;
	reason?: string;
	dryRun?: boolean;
	watch?: boolean;
	wait: boolean;
}

/** `mops run`, `watch` and what is done about runs of procedures. */
export function addMopRuns(mops: Command, open: Open): void {
	addRun(mops, open);
	mops
		.command("watch <run>")
		.description("Follow the run of a procedure step by step to its end; Ctrl-C leaves it running")
		.option("--output", "Also what devices say")
		.action(async (run_id: string, { output }: { output?: boolean }, self: Command) => {
			const cli = open(self);
			await cli.clients.tasks.getRun({ params: { id: run_id } });
			await report(cli, { run_id }, { wait: true, watch: output === true });
		});
	addExecutions(mops, open);
	addShowRun(mops, open);
	mops
		.command("steps <run>")
		.description("Steps of a procedure's run that have begun, with what they came to")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const items = await readSteps(cli, id);
			cli.print({ items }, () => (items.length === 0 ? "" : renderSteps(items, cli.terminal)));
			cli.note(count(items.length, "step"));
		});
	addOverride(mops, open);
	addRestart(mops, open);
}

function addRun(mops: Command, open: Open): void {
	const command = mops
		.command("run <mop>")
		.description("Start a procedure and follow it to its end; Ctrl-C leaves it running")
		.option("--var <name=value>", "Value of a variable; JSON or a text; again for another", collected)
		.option(
			"--var-file <name=file>",
			"Value of a variable, the text of a file: for secrets; - is standard input",
			collected,
		)
		.option("--vars <file>", "Values of variables as a YAML or JSON file; - reads standard input")
		.option(
			"--device <device>",
			"On this device (name or id) in place of the procedure's; again for another",
			collected,
		);
	addSelectionOptions(command)
		.option("--step-by-step", "Wait for a person's word before each step")
		.option("--reason <text>", "For those who approve, and for those who read it later")
		.option("--dry-run", "Only show what each step would do; no device is asked")
		.option("--watch", "Show also what devices say while it goes on")
		.option("--no-wait", "Only start it")
		.action(async (id: string, options: RunOptions, self: Command) => {
			const cli = open(self);
			const { document } = await cli.clients.config.getMop({ params: { id } });
			const started = {
				variables: await variablesOf(cli, document, options),
				...(await targetsOf(cli, options)),
			};
			if (options.dryRun) {
				const dry = await cli.clients.config.dryRunMop({ params: { id }, body: started });
				cli.print(dry, () => renderDryRun(cli, dry));
				for (const { message } of dry.warnings) cli.warn(message);
				return;
			}
			const body = {
				...started,
				mode: options.stepByStep ? ("step_by_step" as const) : ("run" as const),
				...(options.reason !== undefined && { reason: options.reason }),
			};
			// Values of secrets go where they must, and nowhere else.
			const params = { mop: id, variables: withoutSecrets(document, started.variables), targets: started.targets };
			await warnOfHold(cli, { kind: "mop", params });
			await report(cli, await cli.clients.config.executeMop({ params: { id }, body }), options);
		});
}

function withoutSecrets({ variables = {} }: MopDocument, values: Record<string, unknown>): Record<string, unknown> {
	const isSecret = (name: string) => {
		const declared = Object.hasOwn(variables, name) ? variables[name] : undefined;
		return typeof declared === "object" && declared !== null && "secret" in declared && declared.secret === true;
	};
	return Object.fromEntries(Object.entries(values).filter(([name]) => !isSecret(name)));
}

async function targetsOf(cli: Cli, options: RunOptions): Promise<{ targets?: Selection }> {
	const { device = [], group, tag, all } = options;
	if (device.length === 0 && group === undefined && tag === undefined && !all) return {};
	return { targets: await selectionOf(cli, device, options) };
}

/** What was given of the variables, and what somebody at a terminal is asked for: required secrets, without echo. */
async function variablesOf(cli: Cli, { variables = {} }: MopDocument, options: RunOptions) {
	const declared = (name: string): Parameter | undefined => {
		const one = Object.hasOwn(variables, name) ? variables[name] : undefined;
		return typeof one === "object" && one !== null && !Array.isArray(one) ? one : undefined;
	};
	const values: Record<string, unknown> = options.vars === undefined ? {} : await readVariables(options.vars);
	for (const given of options.varFile ?? []) {
		const [name, file] = namedValue(given);
		values[name] = (await readText(file)).replace(/\r?\n$/, "");
	}
	for (const given of options.var ?? []) {
		const [name, text] = namedValue(given);
		if (declared(name)?.secret) {
			cli.warn(`other users of this machine can see ${name} in the process list; --var-file or a question is safer`);
		}
		// `--var asn=65001` is a text where a text is due.
		values[name] = declared(name)?.type === "string" ? text : jsonOrText(text);
	}
	for (const name of Object.keys(variables)) {
		const { secret, required } = declared(name) ?? {};
		if (!secret || !required || Object.hasOwn(values, name)) continue;
		if (!cli.prompts.interactive) {
			throw usageFailure(`The procedure needs the secret ${name}: give it with --var-file ${name}=FILE.`);
		}
		values[name] = await cli.prompts.askSecret(`${name}: `);
	}
	return values;
}

/** Follows a run with its steps, prints what came of it, and throws when it did not succeed. */
async function report(
	cli: Cli,
	started: { run_id: string },
	{ wait, watch }: { wait: boolean; watch?: boolean },
): Promise<void> {
	const { run_id } = started;
	if (!wait) {
		return cli.print(started, () => `Run ${run_id} has started. Watch it: \`netconductor mops watch ${run_id}\`\n`);
	}
	if (watch) {
		const run = await watchOutput(cli, run_id);
		if (!cli.json) cli.terminal.out(`\n${renderOutcome(cli, run, [])}`);
		return assertSucceeded(run);
	}
	const { run, operations } = await followRun(cli, run_id);
	const steps = await readSteps(cli, run_id);
	cli.print({ ...started, run, steps, operations }, () => renderProcedure(cli, run, steps, operations));
	assertSucceeded(run);
}

// Of a longer procedure only what did not go as it should is listed.
const mostListed = 200;

/** Its steps, then what failed on devices with the reason and what to do, then the sum. */
function renderProcedure(cli: Cli, run: Run, steps: readonly RunStep[], operations: readonly RunOperation[]): string {
	const bad = operations.filter(({ status }) => status === "failed" || status === "unknown");
	const listed = steps.length <= mostListed ? steps : steps.filter(({ status }) => status !== "succeeded");
	const table = listed.length === 0 ? "" : renderSteps(listed, cli.terminal);
	return `${table}${renderOutcome(cli, run, bad)}`;
}

function addExecutions(mops: Command, open: Open): void {
	addListCommand<MopExecution>(mops, open, {
		name: "executions [mop]",
		description: "Runs of procedures, or of one, newest first",
		operation: configApi.operations.listExecutions,
		read: (cli, query, _options, [id]) =>
			id === undefined
				? cli.clients.config.listExecutions({ query })
				: cli.clients.config.listMopExecutions({ params: { id }, query }),
		noun: "run",
		columns: [
			{ title: "RUN", value: ({ run_id }) => run_id, whole: true },
			{ title: "PROCEDURE", value: ({ mop_name }) => mop_name },
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => stateStyle(status) },
			{ title: "BY", value: ({ started_by }) => started_by },
			{
				title: "APPROVAL",
				value: ({ bypassed_by }) => (bypassed_by === null ? " " : `BYPASSED by ${bypassed_by}`),
				style: ({ bypassed_by }) => (bypassed_by === null ? undefined : "bad"),
			},
			{ title: "REASON", value: ({ reason }) => reason || " " },
			{ title: "STARTED", value: ({ started_at }) => localTime(started_at), whole: true },
		],
	});
}

function addShowRun(mops: Command, open: Open): void {
	mops
		.command("show-run <run>")
		.description("One run of a procedure: which version of it, why, how far it is, and its steps")
		.action(async (run_id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const execution = await cli.clients.config.getExecution({ params: { run_id } });
			const steps = await readSteps(cli, run_id);
			cli.print({ execution, steps }, () => {
				const { bypassed_by } = execution;
				const fields = renderFields(
					[
						["Run", execution.run_id],
						["Procedure", execution.mop_name],
						["Version", execution.version === 0 ? undefined : execution.version],
						["Status", execution.status],
						["Reason", execution.reason || undefined],
						["Started by", execution.started_by],
						["Approval", bypassed_by === null ? undefined : `BYPASSED by ${bypassed_by}`],
						["Started", localTime(execution.started_at)],
						["Finished", execution.finished_at === null ? undefined : localTime(execution.finished_at)],
					],
					cli.terminal.paint,
				);
				return steps.length === 0 ? fields : `${fields}\n${renderSteps(steps, cli.terminal)}`;
			});
		});
}

function addOverride(mops: Command, open: Open): void {
	mops
		.command("override <run>")
		.description("Decide on a step of a procedure that waits for a person's word")
		.requiredOption("--action <action>", "retry, succeed, rollback, stop, or goto:STEP", overrideAction)
		.requiredOption("--reason <text>", "For those who read it later")
		.option("--step <key>", "Which step, by its key or path; the one that waits unless told")
		.action(async (id: string, options: { action: OverrideAction; reason: string; step?: string }, self: Command) => {
			const cli = open(self);
			const { action, reason } = options;
			const step = await waitingStep(cli, id, options.step);
			const decided = await cli.clients.tasks.overrideStep({
				params: { id, step_id: step.id },
				body: { action, reason },
			});
			cli.print(
				decided,
				() => `Decided on ${sanitiseLine(step.key)}. Watch the run: \`netconductor mops watch ${id}\`\n`,
			);
		});
}

function overrideAction(text: string): OverrideAction {
	const to = /^goto:(.*)$/.exec(text)?.[1];
	const read = OverrideAction.safeParse(to === undefined ? text : { goto: to });
	if (read.success) return read.data;
	throw usageFailure(
		to === undefined || StepId.safeParse(to).success
			? "--action takes retry, succeed, rollback, stop, or goto:STEP."
			: `${to} is not the id of a step.`,
	);
}

async function waitingStep(cli: Cli, run_id: string, given: string | undefined): Promise<RunStep> {
	const steps = await readSteps(cli, run_id);
	const named = steps.filter(({ key, path }) => given === undefined || key === given || path === given);
	const waiting = named.filter(({ status }) => status === "waiting");
	const { waiting_for } = await cli.clients.tasks.getRun({ params: { id: run_id } });
	const meant = waiting_for?.kind === "decision" ? waiting_for.step : undefined;
	const step =
		(given === undefined ? named.findLast(({ key, path }) => key === meant || path === meant) : undefined) ??
		waiting.at(-1) ??
		(given === undefined ? undefined : named.at(-1));
	if (step !== undefined) return step;
	throw notFoundFailure(
		"runs.no_such_step",
		given === undefined ? "No step of this run waits for a decision." : `The run has no step ${given}.`,
		`Its steps: \`netconductor mops steps ${run_id}\``,
	);
}

interface RestartOptions {
	from?: string;
	after?: string;
	rollback?: boolean;
	stepByStep?: boolean;
	reason: string;
	wait: boolean;
	watch?: boolean;
}

function addRestart(mops: Command, open: Open): void {
	mops
		.command("restart <run>")
		.description("Begin a procedure anew from one of its steps, or take back what it changed, as a new run")
		.option("--from <step>", "That step is carried out again, by its key or path")
		.option("--after <step>", "That step counts as done: the next one is the first")
		.option("--rollback", "Take back what the run changed, and nothing else")
		.option("--step-by-step", "Wait for a person's word before each step")
		.requiredOption("--reason <text>", "For those who approve, and for those who read it later")
		.option("--watch", "Show also what devices say while it goes on")
		.option("--no-wait", "Only start it")
		.action(async (id: string, options: RestartOptions, self: Command) => {
			const cli = open(self);
			const { from, after, rollback, stepByStep, reason } = options;
			if ([from, after, rollback].filter((one) => one !== undefined).length > 1) {
				throw usageFailure("Give one of --from, --after and --rollback.");
			}
			const step = from ?? after;
			if (step === undefined && !rollback) {
				throw usageFailure(
					"From which step? Give --from STEP, --after STEP or --rollback.",
					`Its steps: \`netconductor mops steps ${id}\``,
				);
			}
			const body = {
				what: rollback ? ("rollback" as const) : after === undefined ? ("from_step" as const) : ("after_step" as const),
				...(step !== undefined && { step }),
				mode: stepByStep ? ("step_by_step" as const) : ("run" as const),
				reason,
			};
			await report(cli, await cli.clients.config.restartExecution({ params: { run_id: id }, body }), options);
		});
}

function renderDryRun(cli: Cli, { devices, skipped, steps }: MopDryRun): string {
	const { paint } = cli.terminal;
	const left_out = skipped.map(({ name, reason }) => `Left out: ${sanitiseLine(name)}: ${sanitiseLine(reason)}\n`);
	return [
		`On ${count(devices.length, "device")}${devices.length === 0 ? "" : `: ${namesOf(devices.map(({ name }) => name))}`}\n`,
		...left_out,
		"\n",
		...steps.map((step, at) => {
			const begins = step.phase === "rollback" && steps[at - 1]?.phase !== "rollback";
			return `${begins ? `${paint("heading", "After taking back:")}\n` : ""}${renderDryStep(cli, step)}`;
		}),
	].join("");
}

function renderDryStep(cli: Cli, step: DryRunStep): string {
	const { paint } = cli.terminal;
	const { path, name, type, depth, writes, when, devices, resolved, depends_on } = step;
	const indent = "  ".repeat(depth);
	const on = devices === null ? "" : ` on ${count(devices.length, "device")}`;
	const lines = [
		`${paint("heading", sanitiseLine(name ?? path))} ${paint("dim", `${sanitiseLine(path)}, ${type}${on}`)}${writes ? ` ${paint("warning", "writes")}` : ""}`,
		...(when === null ? [] : [`  when ${sanitiseLine(when)}`]),
		...(depends_on.length === 0 ? [] : [`  with what earlier steps save: ${sanitiseLine(depends_on.join(", "))}`]),
		...resolved.flatMap(({ devices: same, commands, error, with: given }) => [
			...(same.length === 0 || resolved.length === 1 ? [] : [`  ${namesOf(same)}:`]),
			...(error === null ? [] : [`  ${paint("bad", sanitiseLine(error))}`]),
			...(commands.length > 0
				? commands.flatMap((command) => visibleText(command).trimEnd().split("\n")).map((line) => `    ${line}`)
				: error === null && Object.keys(given).length > 0
					? [`    ${sanitiseLine(JSON.stringify(given))}`]
					: []),
		]),
	];
	return lines.map((line) => `${indent}${line}\n`).join("");
}

const mostNames = 10;

function namesOf(names: readonly string[]): string {
	const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
	return sanitiseLine(`${names.slice(0, mostNames).join(", ")}${more}`);
}
