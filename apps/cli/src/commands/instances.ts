import { configApi } from "@netconductor/contracts/config/api";
import {
	InstanceState,
	type ServiceInstance,
	type ServiceInstanceSummary,
} from "@netconductor/contracts/config/instances";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type Command, Option } from "commander";
import { allOf } from "../apply/world.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { assertSucceeded, followRun, renderOutcome } from "../follow-run.ts";
import { addListCommand } from "../list-command.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { reportDrift } from "../output/stack-drift.ts";
import { renderFields } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";
import { findDevice } from "../resolve.ts";
import { addRolloutOptions, type RolloutOptions, reportStackRun, rolloutOf } from "./stack-runs.ts";

const stateStyles: Record<InstanceState, Style> = { deployed: "good", failed: "bad", unknown: "warning" };

interface Choice {
	stack?: string;
	service?: string;
	device?: string;
	state?: InstanceState;
}

type ChangeOptions = Choice & RolloutOptions & { wait: boolean; commands?: boolean; yes?: boolean };

/** `instances`: services of stacks on devices. They are named by ids, or by stack, service, device and state. */
export function addInstanceCommands(program: Command, open: Open): void {
	const instances = program
		.command("instances")
		.description("Service instances: services of stacks on devices, as they were last deployed");
	addListCommand<ServiceInstanceSummary>(instances, open, {
		description: "Services of stacks on devices",
		operation: configApi.operations.listServiceInstances,
		read: (cli, query) => cli.clients.config.listServiceInstances({ query }),
		noun: "instance",
		columns: [
			{ title: "DEVICE", value: ({ device_name }) => device_name },
			{ title: "STACK", value: ({ stack_name }) => stack_name },
			{ title: "SERVICE", value: ({ service }) => service },
			{ title: "STATE", value: ({ state }) => state, style: ({ state }) => stateStyles[state] },
			{ title: "CHANGED", value: ({ outdated }) => (outdated ? "since" : "") },
			{ title: "VERSION", value: ({ stack_version }) => stack_version ?? "", align: "right" },
			{ title: "DEPLOYED", value: ({ deployed_at }) => localTime(deployed_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	addShow(instances, open);

	addRun(
		addRolloutOptions(instances.command("redeploy [ids...]")),
		"Deploy services again on their devices, in one run",
	)
		.option("--commands", "Show also what would be sent")
		.action(async (ids: string[], options: ChangeOptions, self: Command) => {
			const cli = open(self);
			const chosen = await choose(cli, ids, options);
			const body = { ids: chosen.map(({ id }) => id), ...(await rolloutOf(cli, chosen[0]?.stack_id ?? "", options)) };
			await reportStackRun(cli, await cli.clients.config.redeployInstances({ body }), options);
		});

	addRun(
		addRolloutOptions(instances.command("delete [ids...]")),
		"Take services off their devices, in one run; then they are gone",
	)
		.option("--commands", "Show also what would be sent")
		.option("--yes", "Do not ask")
		.action(async (ids: string[], options: ChangeOptions, self: Command) => {
			const cli = open(self);
			const chosen = await choose(cli, ids, options);
			if (!(await confirmed(cli, options.yes, `Take ${words(chosen)} off?`))) return;
			const body = { ids: chosen.map(({ id }) => id), ...(await rolloutOf(cli, chosen[0]?.stack_id ?? "", options)) };
			await reportStackRun(cli, await cli.clients.config.deleteInstances({ body }), options);
		});

	addRun(
		instances.command("check [ids...]"),
		"Ask the stack's checks on the devices of services; nothing is changed",
	).action(async (ids: string[], options: Choice & { wait: boolean }, self: Command) => {
		const cli = open(self);
		const body = { ids: (await choose(cli, ids, options)).map(({ id }) => id) };
		const started = await cli.clients.config.checkInstances({ body });
		if (!options.wait) {
			const { run_id } = started;
			return cli.print(started, () => `Run ${run_id} has started. Watch it: \`netconductor runs watch ${run_id}\`\n`);
		}
		const { run, operations } = await followRun(cli, started.run_id, async () => {});
		cli.print({ ...started, run, operations }, () => `\n${renderOutcome(cli, run, operations)}`);
		assertSucceeded(run);
	});

	addRun(
		instances.command("validate [ids...]"),
		"Compare services with the newest backups of their devices; ends with 1 when something drifted",
	)
		.option("--live", "Ask the devices themselves, by a run that changes nothing")
		.action(async (ids: string[], options: Choice & { wait: boolean; live?: boolean }, self: Command) => {
			const cli = open(self);
			const chosen = (await choose(cli, ids, options)).map(({ id }) => id);
			const source = options.live ? ("live" as const) : ("backup" as const);
			const answer = await cli.clients.config.validateInstances({ body: { ids: chosen, source } });
			if (answer.run_id !== null) return reportStackRun(cli, { run_id: answer.run_id }, options);
			if (answer.validation === null) return;
			const hint = "Deploy them again: `netconductor instances redeploy`";
			reportDrift(cli, answer.validation, hint, answer);
		});

	addChoice(instances.command("forget [ids...]"))
		.description("Forget that services stand on their devices, and leave what stands there")
		.option("--yes", "Do not ask")
		.action(async (ids: string[], options: Choice & { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const chosen = await choose(cli, ids, options, { ofOneStack: false });
			if (!(await confirmed(cli, options.yes, `Forget ${words(chosen)}, and leave what stands there?`))) return;
			const answer = await cli.clients.config.forgetInstances({ body: { ids: chosen.map(({ id }) => id) } });
			cli.print(answer, () => `Forgot ${count(answer.forgotten, "instance")}.\n`);
		});
}

function addShow(instances: Command, open: Open): void {
	instances
		.command("show <id>")
		.description("One service on one device, with the lines that were sent")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const instance = await cli.clients.config.getServiceInstance({ params: { id } });
			cli.print(instance, () => renderInstance(cli, instance));
		});
}

function renderInstance(cli: Cli, one: ServiceInstance): string {
	const fields = renderFields(
		[
			["Id", one.id],
			["Stack", one.stack_name],
			["Service", one.service],
			["Device", one.device_name],
			["State", one.state],
			["Why", one.error ?? undefined],
			["Template", `${one.template_name}, version ${one.template_version}`],
			["Stack version", one.stack_version ?? "never deployed"],
			["Changed since", one.outdated ? "yes" : undefined],
			["Deployed", one.deployed_at === null ? undefined : localTime(one.deployed_at)],
			["Run", one.run_id],
		],
		cli.terminal.paint,
	);
	const text = cli.terminal.out_is_terminal ? visibleText(one.text) : one.text;
	return `${fields}\n${text}${text === "" || text.endsWith("\n") ? "" : "\n"}`;
}

function addRun(command: Command, description: string): Command {
	return addChoice(command).description(description).option("--no-wait", "Only start it");
}

function addChoice(command: Command): Command {
	return command
		.option("--stack <stack>", "Those of this stack (name or id)")
		.option("--service <service>", "Those of this service")
		.option("--device <device>", "Those on this device (name or id)")
		.addOption(new Option("--state <state>", "Those in this state").choices(InstanceState.options));
}

/** Instances by their ids, or by what they are of. @throws cli.usage — none was chosen, or of several stacks */
async function choose(
	cli: Cli,
	ids: readonly string[],
	{ stack, service, device, state }: Choice,
	{ ofOneStack = true } = {},
): Promise<Pick<ServiceInstanceSummary, "id" | "stack_id" | "service" | "device_name">[]> {
	const says = [stack, service, device, state].some((option) => option !== undefined);
	if (ids.length > 0 === says) {
		throw usageFailure("Say which: ids of instances, or --stack, --service, --device, --state.");
	}
	const device_id = device === undefined ? undefined : (await findDevice(cli, device)).id;
	const chosen = says
		? await allOf((query) =>
				cli.clients.config.listServiceInstances({
					query: { ...query, ...(stack !== undefined && { stack }), device_id, state: state && [state] },
				}),
			)
		: await Promise.all(ids.map((id) => cli.clients.config.getServiceInstance({ params: { id } })));
	const meant = chosen.filter((one) => service === undefined || one.service === service);
	if (meant.length === 0) throw usageFailure("No service instance is of that.", "`netconductor instances list`");
	if (ofOneStack && new Set(meant.map(({ stack_id }) => stack_id)).size > 1) {
		throw usageFailure("These are of several stacks; each stack has a run of its own.", "Add --stack.");
	}
	return meant;
}

function words(chosen: readonly { service: string; device_name: string }[]): string {
	const [first] = chosen;
	if (first === undefined || chosen.length > 1) return count(chosen.length, "service instance");
	return `${sanitiseLine(first.service)} on ${sanitiseLine(first.device_name)}`;
}
