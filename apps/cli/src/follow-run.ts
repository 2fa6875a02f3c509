import { inNaturalOrder } from "@netconductor/contracts/kernel/natural-order";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { SingleBar } from "cli-progress";
import type { Cli } from "./cli.ts";
import { exitCodes, Failure, workFailure } from "./failure.ts";
import { followSteps } from "./follow-steps.ts";
import { hintFor } from "./output/hints.ts";
import { sanitiseLine } from "./output/sanitise.ts";
import { stepLine } from "./output/steps.ts";
import { type Column, renderTable } from "./output/table.ts";
import type { Style } from "./output/terminal.ts";
import { byteCount, count, duration } from "./output/words.ts";
import { waitingLines } from "./waiting.ts";
import { type RunNews, readOperations, watchRun } from "./watch-run.ts";

const endedOperation = new Set<RunOperation["status"]>(["succeeded", "skipped", "failed", "cancelled", "unknown"]);

/**
 * Waits for a run and shows how it goes: a bar on a terminal, plain lines otherwise, nothing with --json. When it waits for somebody, it says for
 * whom. Ctrl-C stops the waiting, never the run. `onPlanned` is called once, when the run has come to its gate or its end: what was planned is
 * there.
 */
export async function followRun(
	cli: Cli,
	run_id: string,
	onPlanned: () => Promise<void> = async () => undefined,
): Promise<{ run: Run; operations: RunOperation[] }> {
	const progress = createProgress(cli);
	let planned = false;
	let ended = false;
	let said = "";
	// One after the other, with no bar in between: what it waits for stands below what was planned.
	let written = Promise.resolve();
	const write = (work: () => Promise<void> | void) => {
		progress.hold();
		written = written.then(work);
		// It is thrown once the run has ended.
		written.catch(() => undefined);
	};
	const resume = () =>
		void written.then(
			() => {
				if (said === "" && !ended) progress.go();
			},
			() => undefined,
		);
	const hear = (run: Run) => {
		ended = run.finished_at !== null;
		if (ended) progress.hold();
		if (!planned && (ended || run.progress !== null)) {
			planned = true;
			write(onPlanned);
		}
		const lines = waitingLines(run);
		if (lines !== said && lines !== "") write(() => cli.note(lines));
		said = lines;
		resume();
	};
	const steps = followSteps(cli, run_id, (step) => {
		write(() => cli.noteSafe(stepLine(step, cli.terminal.paintErr)));
		resume();
	});
	const onNews = (news: RunNews) => {
		if (news.type === "steps") return cli.json ? undefined : steps.look();
		if (news.type === "run") hear(news.run);
		progress.show(news);
	};
	const run = await untilInterrupted(run_id, (signal) =>
		watchRun(cli, { run_id, signal, onNews }).finally(() => {
			ended = true;
			progress.hold();
		}),
	);
	if (run.kind === "mop" && !cli.json) await steps.finish();
	await written;
	return { run, operations: await readOperations(cli, run_id) };
}

/** Lets Ctrl-C end `watch`, or `signal`, and says how to come back. */
export async function untilInterrupted(
	run_id: string,
	watch: (signal: AbortSignal) => Promise<Run | undefined>,
	signal?: AbortSignal,
): Promise<Run> {
	const stopping = new AbortController();
	const interrupt = () => stopping.abort();
	process.once("SIGINT", interrupt);
	try {
		const run = await watch(AbortSignal.any([stopping.signal, ...(signal === undefined ? [] : [signal])]));
		if (run !== undefined) return run;
	} finally {
		process.removeListener("SIGINT", interrupt);
	}
	throw new Failure(
		{
			type: "about:blank",
			title: "Stopped watching; the run goes on",
			status: 499,
			code: "cli.interrupted",
			detail: `Run ${run_id} is still under way.`,
			details: { run_id },
		},
		exitCodes.interrupted,
		`Watch it again: \`netconductor runs watch ${run_id}\`\nCancel it: \`netconductor runs cancel ${run_id}\``,
	);
}

interface Progress {
	show(news: RunNews): void;
	/** Takes the bar away until `go`: something else is written. */
	hold(): void;
	go(): void;
}

function createProgress(cli: Cli): Progress {
	const nothing = () => undefined;
	if (cli.json) return { show: nothing, hold: nothing, go: nothing };
	const ended = new Set<string>();
	let failed = 0;
	let total = 0;
	// Of a procedure its steps are said, with how many devices each was for.
	let isProcedure = false;
	const note = (operation: RunOperation): boolean => {
		if (!endedOperation.has(operation.status) || ended.has(operation.id)) return false;
		ended.add(operation.id);
		if (operation.status === "failed" || operation.status === "unknown") failed += 1;
		return true;
	};
	if (!cli.terminal.err_is_terminal) {
		return {
			show: (news) => {
				if (news.type === "run") {
					total = news.run.total;
					isProcedure = news.run.kind === "mop";
				}
				if (news.type !== "operation" || !note(news.operation) || isProcedure) return;
				cli.note(`[${ended.size}/${Math.max(total, ended.size)}] ${operationLine(news.operation)}`);
			},
			hold: nothing,
			go: nothing,
		};
	}
	const bar = new SingleBar({
		format: "{bar} {value}/{total}  {failed}{device}",
		barCompleteChar: "█",
		barIncompleteChar: "░",
		barsize: 30,
		stream: process.stderr,
		clearOnComplete: true,
		hideCursor: true,
		linewrap: true,
		// Ctrl-C is ours: the run goes on, and we say so.
		gracefulExit: false,
	});
	let held = false;
	let drawn = false;
	let begun = false;
	const shown = { failed: "", device: "waiting for a worker" };
	const draw = () => {
		if (held || !begun) return;
		if (drawn) return bar.update(ended.size, shown);
		drawn = true;
		bar.start(total, ended.size, shown);
	};
	return {
		show: (news) => {
			if (news.type === "operation") {
				if (note(news.operation)) shown.failed = failed === 0 ? "" : `${failed} failed  `;
				if (news.operation.status === "running") shown.device = sanitiseLine(news.operation.device_name);
			}
			if (news.type === "run") {
				total = news.run.total;
				begun = true;
			}
			draw();
		},
		hold: () => {
			held = true;
			if (drawn) bar.stop();
			drawn = false;
		},
		go: () => {
			held = false;
			draw();
		},
	};
}

function operationLine({ device_name, status, error, skip_reason }: RunOperation): string {
	const why = error?.message ?? skip_reason;
	return sanitiseLine(`${device_name}: ${status}${why ? ` (${why})` : ""}`);
}

const stateStyles: Partial<Record<RunOperation["status"] | Run["status"], Style>> = {
	succeeded: "good",
	failed: "bad",
	unknown: "bad",
	partial: "warning",
	needs_attention: "bad",
	skipped: "warning",
	cancelled: "warning",
};

/** Colour of a run's or operation's state. */
export function stateStyle(status: RunOperation["status"] | Run["status"]): Style | undefined {
	return stateStyles[status];
}

// Of a larger run only what changed or went wrong is listed.
const mostListed = 50;

/** What a run did, device by device, then what failed with the reason and what to do, then the sum. */
export function renderOutcome(cli: Cli, run: Run, operations: readonly RunOperation[]): string {
	const { paint } = cli.terminal;
	const listed =
		operations.length <= mostListed
			? operations
			: operations.filter(({ status, result }) => status !== "succeeded" || result?.changed === true);
	const order = new Map(run.steps.map(({ id }, at) => [id, at]));
	const rows = [...listed].sort(
		(a, b) => inNaturalOrder(a.device_name, b.device_name) || (order.get(a.step_id) ?? 0) - (order.get(b.step_id) ?? 0),
	);
	const several = new Set(operations.map(({ step_id }) => step_id)).size > 1;
	const columns: Column<RunOperation>[] = [
		{ title: "DEVICE", value: (row) => row.device_name },
		...(several ? [{ title: "STEP", value: (row: RunOperation) => row.step_id }] : []),
		{ title: "STATUS", value: (row) => row.status, style: (row) => stateStyle(row.status) },
		{ title: "RESULT", value: resultOf },
		{ title: "TIME", value: (row) => duration(row.duration_ms), align: "right" },
	];
	const parts = [listed.length === 0 ? "" : renderTable(columns, rows, cli.terminal)];
	for (const operation of operations) {
		const { error, device_name } = operation;
		if (error === null || operation.status === "succeeded") continue;
		const where = error.phase === undefined ? "" : ` (${error.phase})`;
		const todo = hintFor(error.code, device_name);
		parts.push(
			`\n${paint("bad", sanitiseLine(device_name))}${where}: ${sanitiseLine(error.message)}\n`,
			todo === undefined ? "" : `  ${sanitiseLine(todo)}\n`,
		);
	}
	parts.push(`\n${renderSum(cli, run, operations)}\n`);
	return parts.join("");
}

function resultOf({ status, result, error, skip_reason }: RunOperation): string {
	if (error !== null) return error.code;
	if (skip_reason !== null) return skip_reason;
	if (status !== "succeeded" || result === null) return "";
	if ("backup_id" in result) {
		const changed = result.changed === null ? "first backup" : result.changed ? "changed" : "unchanged";
		return typeof result.size_bytes === "number" ? `${changed}, ${byteCount(result.size_bytes)}` : changed;
	}
	if (typeof result.unchanged === "boolean") return result.unchanged ? "nothing to change" : "would change";
	if (typeof result.outcome === "string") return result.outcome.replaceAll("_", " ");
	const facts = (typeof result.facts === "object" && result.facts !== null ? result.facts : result) as Record<
		string,
		unknown
	>;
	return ["hostname", "model", "os_version"]
		.map((name) => facts[name])
		.filter((value) => typeof value === "string")
		.join(", ");
}

function renderSum(cli: Cli, run: Run, operations: readonly RunOperation[]): string {
	const parts = (["succeeded", "failed", "unknown", "cancelled", "skipped"] as const)
		.filter((status) => run.counts[status] > 0)
		.map((status) => `${run.counts[status]} ${status}`);
	const changed = operations.filter(({ result }) => result?.changed === true).length;
	if (run.kind === "backup") parts.push(`${changed} changed`);
	const status = cli.terminal.paint(stateStyle(run.status) ?? "dim", run.status);
	// A procedure may have steps alone that ask no device.
	if (parts.length === 0) return `${status}  (run ${run.id})`;
	return `${status}: ${count(run.total, "operation")}: ${parts.join(", ")}  (run ${run.id})`;
}

/** @throws cli.run_failed when the run did not succeed as a whole, so that the exit code says so */
export function assertSucceeded(run: Run): void {
	if (run.status === "succeeded") return;
	const { counts } = run;
	const bad = counts.failed + counts.unknown;
	throw workFailure(
		"cli.run_failed",
		`The run ended ${run.status}`,
		run.end_reason ?? (bad > 0 ? `${count(bad, "operation")} of ${run.total} failed.` : `Run ${run.id}: ${run.title}`),
		retryHint(run),
	);
}

function retryHint({ id, status, kind, progress }: Run): string | undefined {
	if (kind === "mop") {
		const unknown = status === "needs_attention" ? "Look at the devices first. " : "";
		return `${unknown}See its steps: \`netconductor mops steps ${id}\`\nBegin anew: \`netconductor mops restart ${id} --from STEP --reason "..."\`   Take back what it changed: \`netconductor mops restart ${id} --rollback --reason "..."\``;
	}
	if (status === "needs_attention")
		return `Look at the devices, then: \`netconductor runs decide ${id} verified|failed|skip|retry --reason "..."\``;
	// A change is planned anew: what failed may have left the device other than it was planned against.
	if (kind !== "plan" && progress !== null) return `See what it did: \`netconductor runs show ${id}\``;
	const once = status === "cancelled" ? "To do the rest" : "Once the reasons are mended";
	return `${once}: \`netconductor runs retry ${id}\``;
}
