import type { Rollout } from "@netconductor/contracts/tasks/model";
import { type Command, InvalidArgumentError } from "commander";
import type { Cli, Open } from "../cli.ts";
import { assertSucceeded, followRun, renderOutcome } from "../follow-run.ts";
import { planGroups, renderPlan } from "../output/change-plan.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { findDevice } from "../resolve.ts";
import { warnOfHold } from "../warn-of-hold.ts";
import { readOperations } from "../watch-run.ts";

interface RunOptions {
	device?: string[];
	commands?: boolean;
	wait: boolean;
}

interface ChangeOptions extends RunOptions, RolloutOptions {}

export interface RolloutOptions {
	reason?: string;
	batch?: number[];
	mostFailures?: number;
	pauseAfterFirst?: boolean;
}

/** `stacks plan`, `deploy` and `remove`: runs that are followed. */
export function addStackRuns(stacks: Command, open: Open): void {
	addRunOptions(stacks.command("plan <stack>"))
		.description(
			"Find out on each device what a deployment would change and how it would be undone; nothing is changed",
		)
		.action(async (id: string, options: RunOptions, self: Command) => {
			const cli = open(self);
			const started = await cli.clients.config.planStack({ params: { id }, body: await only(cli, options) });
			await reportStackRun(cli, started, options);
		});

	addChangeOptions(stacks.command("deploy <stack>"))
		.description("Deploy a stack: plan, approval where one is needed, batch after batch, each verified or taken back")
		.action(async (id: string, options: ChangeOptions, self: Command) => {
			const cli = open(self);
			const body = await changeOf(cli, id, options);
			await warnOfStackHold(cli, "deploy", id, body);
			await reportStackRun(cli, await cli.clients.config.deployStack({ params: { id }, body }), options);
		});

	addChangeOptions(stacks.command("remove <stack>"))
		.description(
			"Take a stack off its devices with the delete templates of its services, in the same way; its definition stays (`stacks delete`)",
		)
		.action(async (id: string, options: ChangeOptions, self: Command) => {
			const cli = open(self);
			const body = await changeOf(cli, id, options);
			await warnOfStackHold(cli, "delete", id, body);
			await reportStackRun(cli, await cli.clients.config.removeStack({ params: { id }, body }), options);
		});
}

function addRunOptions(command: Command): Command {
	return command
		.option("--device <device>", "Only on this device of the stack (name or id); may be given several times", collected)
		.option("--commands", "Show also what would be sent")
		.option("--no-wait", "Only start it");
}

function addChangeOptions(command: Command): Command {
	return addRolloutOptions(addRunOptions(command));
}

/** How a change spreads, and why it is made. */
export function addRolloutOptions(command: Command): Command {
	return command
		.option("--reason <text>", "For those who approve, and for those who read it later")
		.option("--batch <sizes>", "Devices of each batch, such as 1,10: the last number repeats", batchSizes)
		.option(
			"--most-failures <number>",
			"When more devices than this have failed, no further batch begins",
			wholeNumber(0, 50_000),
		)
		.option("--pause-after-first", "Wait for a person's word after the first batch");
}

function batchSizes(text: string): number[] {
	const sizes = text.split(",").map((size) => Number(size.trim()));
	if (sizes.length > 20 || !sizes.every((size) => Number.isSafeInteger(size) && size >= 1 && size <= 50_000)) {
		throw new InvalidArgumentError("Whole numbers with commas between them, such as 1,10.");
	}
	return sizes;
}

/** Devices that were named; all of the stack's where none were. */
export async function only(cli: Cli, { device }: { device?: string[] }): Promise<{ device_ids?: string[] }> {
	if (device === undefined) return {};
	const found = await Promise.all(device.map((name) => findDevice(cli, name)));
	return { device_ids: found.map(({ id }) => id) };
}

async function changeOf(cli: Cli, id: string, options: ChangeOptions) {
	return { ...(await only(cli, options)), ...(await rolloutOf(cli, id, options)) };
}

function warnOfStackHold(
	cli: Cli,
	kind: "deploy" | "delete",
	stack: string,
	{ device_ids }: { device_ids?: string[] },
) {
	return warnOfHold(cli, { kind, params: { stack }, select: device_ids && { device_ids } });
}

/** Reason and rollout of a run on a stack, where they are said. */
export async function rolloutOf(cli: Cli, id: string, options: RolloutOptions) {
	const { reason, batch, mostFailures, pauseAfterFirst } = options;
	const said: Partial<Rollout> = {
		...(batch !== undefined && { batch_sizes: batch }),
		...(mostFailures !== undefined && { most_failures: mostFailures }),
		...(pauseAfterFirst && { pause_after_first: true }),
	};
	// What is not said is as the stack has it.
	const rollout =
		Object.keys(said).length === 0
			? undefined
			: { ...(await cli.clients.config.getStack({ params: { id } })).rollout, ...said };
	return {
		...(reason !== undefined && { reason }),
		...(rollout !== undefined && { rollout }),
	};
}

/** Follows a run with its plan, prints what came of it, and throws when it did not succeed. */
export async function reportStackRun(
	cli: Cli,
	started: { run_id: string },
	{ wait, commands = false }: { wait: boolean; commands?: boolean },
): Promise<void> {
	const { run_id } = started;
	if (!wait) {
		return cli.print(started, () => `Run ${run_id} has started. Watch it: \`netconductor runs watch ${run_id}\`\n`);
	}
	const { run, operations } = await followRun(cli, run_id, async () => {
		if (cli.json) return;
		const planned = await readOperations(cli, run_id);
		cli.print(undefined, () => renderPlan(planned, cli.terminal, { commands }));
	});
	cli.print(
		{ ...started, run, plan: planGroups(operations), operations },
		() => `\n${renderOutcome(cli, run, operations)}`,
	);
	assertSucceeded(run);
}
