import { configApi } from "@netconductor/contracts/config/api";
import type { RenderedDevice, Stack, StackRun, StackState, StackSummary } from "@netconductor/contracts/config/stacks";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type Command, Option } from "commander";
import type { StackDocument } from "../apply/documents.ts";
import { documentText } from "../apply/export-documents.ts";
import { stackDocumentOf } from "../apply/kinds/stack.ts";
import { doStep, planDocuments } from "../apply/plan.ts";
import { readDocuments } from "../apply/read-documents.ts";
import { createWorld } from "../apply/world.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { notFoundFailure, usageFailure, workFailure } from "../failure.ts";
import { stateStyle } from "../follow-run.ts";
import { addListCommand } from "../list-command.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { reportDrift } from "../output/stack-drift.ts";
import { renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { addStackRuns, only, reportStackRun } from "./stack-runs.ts";
import { addStackUpgrade } from "./stack-templates.ts";

const stateStyles: Record<StackState, Style> = {
	pending: "dim",
	deploying: "warning",
	deployed: "good",
	partial: "warning",
	failed: "bad",
	deleting: "warning",
};

/** `stacks`: templates on devices, deployed as one. A stack is named by id or name. */
export function addStackCommands(program: Command, open: Open): void {
	const stacks = program.command("stacks").description("Service stacks: templates on devices, deployed as one");
	addListCommand<StackSummary>(stacks, open, {
		description: "Service stacks",
		operation: configApi.operations.listStacks,
		read: (cli, query) => cli.clients.config.listStacks({ query }),
		noun: "stack",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "STATE", value: ({ state }) => state, style: ({ state }) => stateStyles[state] },
			{ title: "CHANGES", value: (one) => (one.pending_changes ? "not deployed" : "") },
			{ title: "SERVICES", value: ({ services }) => services, align: "right" },
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "DEPLOYED", value: ({ deployed_at }) => localTime(deployed_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	addShow(stacks, open);
	addCreate(stacks, open);
	addEdit(stacks, open);
	addDelete(stacks, open);
	addRender(stacks, open);
	addStackRuns(stacks, open);
	addStackUpgrade(stacks, open);
	addValidate(stacks, open);
	addListCommand<StackRun>(stacks, open, {
		name: "runs <stack>",
		description: "What was planned, deployed and removed of a stack, newest first",
		operation: configApi.operations.listStackRuns,
		read: (cli, query, _options, [id = ""]) => cli.clients.config.listStackRuns({ params: { id }, query }),
		noun: "run",
		columns: [
			{ title: "RUN", value: ({ run_id }) => run_id, whole: true },
			{ title: "KIND", value: ({ kind }) => kind },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => stateStyle(status) },
			{ title: "VERSION", value: ({ version }) => version, align: "right" },
			{ title: "BY", value: ({ started_by }) => started_by },
			{
				title: "APPROVAL",
				value: ({ bypassed_by }) => (bypassed_by === null ? " " : `BYPASSED by ${bypassed_by}`),
				style: ({ bypassed_by }) => (bypassed_by === null ? undefined : "bad"),
			},
			{ title: "REASON", value: ({ reason }) => reason },
			{ title: "STARTED", value: ({ started_at }) => localTime(started_at), whole: true },
		],
	});
}

function addShow(stacks: Command, open: Open): void {
	stacks
		.command("show <stack>")
		.description("One stack; --yaml writes it as a file that `stacks edit` and `apply` take")
		.option("--yaml", "As a document")
		.action(async (id: string, { yaml }: { yaml?: boolean }, self: Command) => {
			const cli = open(self);
			const stack = await cli.clients.config.getStack({ params: { id } });
			if (cli.json) return cli.print(stack, () => "");
			const document = await stackDocumentOf(createWorld(cli.clients), stack);
			cli.print(stack, () => (yaml ? shown(cli, documentText(document)) : renderStack(cli, stack, document)));
		});
}

/** A file or pipe gets the text as it is, a terminal what cannot harm it. */
function shown(cli: Cli, text: string): string {
	return cli.terminal.out_is_terminal ? visibleText(text) : text;
}

function renderStack(cli: Cli, stack: Stack, { services, device_variables }: StackDocument): string {
	const { rollout, pre_checks, pre_state_checks, checks, state_checks } = stack;
	const fields = renderFields(
		[
			["Id", stack.id],
			["Name", stack.name],
			["Description", stack.description || undefined],
			["State", stack.state],
			[
				"Made from",
				stack.made_from === null
					? undefined
					: `${stack.made_from.name}, version ${stack.made_from.version} of ${stack.made_from.newest_version}`,
			],
			["Not deployed yet", stack.pending_changes ? "changes since the deployment" : undefined],
			["Version", stack.version],
			[
				"Deployed",
				stack.deployed_at === null ? undefined : `version ${stack.deployed_version} ${localTime(stack.deployed_at)}`,
			],
			["Last run", stack.last_run_id ?? undefined],
			["Variables", Object.keys(stack.variables).join(", ") || undefined],
			["Devices with own", Object.keys(device_variables).join(", ") || undefined],
			["Checks before", checkWords(pre_checks, pre_state_checks)],
			["Checks after", checkWords(checks, state_checks)],
			["Batches", `${rollout.batch_sizes.join(", ")}${rollout.pause_after_first ? ", a pause after the first" : ""}`],
			["Most failures", rollout.most_failures],
			["Changed", `${localTime(stack.updated_at)} by ${stack.updated_by}`],
		],
		cli.terminal.paint,
	);
	const table = renderTable(
		[
			{ title: "SERVICE", value: ({ name }) => name },
			{ title: "TEMPLATE", value: ({ template }) => template },
			{ title: "DEVICES", value: ({ targets }) => targetWords(targets) },
			{ title: "AFTER", value: ({ depends_on }) => depends_on.join(", ") || " " },
		],
		services,
		cli.terminal,
	);
	return services.length === 0 ? fields : `${fields}\n${table}`;
}

function checkWords(checks: Stack["checks"], states: Stack["state_checks"]): string | undefined {
	return [...checks.map(({ name }) => name), ...states.map(({ kind }) => kind)].join(", ") || undefined;
}

function targetWords({
	names = [],
	groups = [],
	tags = [],
	all,
}: StackDocument["services"][number]["targets"]): string {
	if (all) return "all";
	return [...names, ...groups.map((group) => `group ${group}`), ...tags.map((tag) => `tag ${tag}`)].join(", ");
}

function addCreate(stacks: Command, open: Open): void {
	stacks
		.command("create")
		.description("Add the stack that a file describes, as `apply` takes it")
		.requiredOption("--file <file>", "YAML or JSON with one document of the kind Stack; - reads standard input")
		.action(async ({ file }: { file: string }, self: Command) => {
			const cli = open(self);
			const { world, step } = await stackIn(cli, file);
			if (step.existing !== undefined) {
				throw usageFailure(
					`There is a stack ${step.document.name} already.`,
					`Change it: \`netconductor stacks edit ${step.document.name} --file ${file}\``,
				);
			}
			await doStep(world, step);
			const stack = await cli.clients.config.getStack({ params: { id: step.document.name } });
			cli.print(stack, () => `Added the stack ${sanitiseLine(stack.name)}.\n`);
		});
}

function addEdit(stacks: Command, open: Open): void {
	stacks
		.command("edit <stack>")
		.description("Make a stack what a file says; what stands on devices changes when it is deployed")
		.requiredOption("--file <file>", "YAML or JSON with one document of the kind Stack; - reads standard input")
		.option("--base <version>", "Version that the change began from; the newest unless told", wholeNumber(1))
		.action(async (id: string, { file, base }: { file: string; base?: number }, self: Command) => {
			const cli = open(self);
			const before = await cli.clients.config.getStack({ params: { id } });
			const { world, step } = await stackIn(cli, file, before.name);
			if (step.existing === undefined) {
				throw notFoundFailure("stacks.not_found", `${file} describes ${step.document.name}, not ${before.name}.`);
			}
			await doStep(world, { ...step, existing: { ...step.existing, seen: base ?? step.existing.seen } });
			const stack = await cli.clients.config.getStack({ params: { id: before.id } });
			cli.print(stack, () =>
				step.action === "none"
					? `${sanitiseLine(stack.name)} is so already.\n`
					: `Changed the stack ${sanitiseLine(stack.name)}; it is version ${stack.version} now.\n`,
			);
		});
}

/** The one stack of a file and what has to be done for it. @throws cli.usage, cli.bad_documents */
async function stackIn(cli: Cli, file: string, expected?: string) {
	const documents = await readDocuments(file);
	const [first] = documents;
	if (documents.length !== 1 || first?.document.kind !== "Stack") {
		throw usageFailure(
			`${file} must hold one document, of the kind Stack.`,
			"Several are made with `netconductor apply`.",
		);
	}
	if (expected !== undefined && first.document.name.toLowerCase() !== expected.toLowerCase()) {
		throw usageFailure(`${file} describes ${first.document.name}, not ${expected}.`);
	}
	const world = createWorld(cli.clients, documents);
	const [step] = await planDocuments(world, documents);
	if (step === undefined) throw new TypeError("a document makes a step");
	return { world, step };
}

function addDelete(stacks: Command, open: Open): void {
	stacks
		.command("delete <stack>")
		.description(
			"Delete the definition of a stack that stands on no device any more; `stacks remove` takes it off them",
		)
		.option("--keep-configuration", "Also of one that stands on devices: its lines stay there")
		.option("--yes", "Do not ask")
		.action(async (given: string, options: { keepConfiguration?: boolean; yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await cli.clients.config.getStack({ params: { id: given } });
			if (!(await confirmed(cli, options.yes, `Delete the stack ${sanitiseLine(name)}?`))) return;
			const keep_configuration = options.keepConfiguration ? "true" : "false";
			await cli.clients.config.deleteStack({ params: { id }, query: { keep_configuration } });
			cli.print({ id, deleted: true }, () => `Deleted the stack ${sanitiseLine(name)}.\n`);
		});
}

function addRender(stacks: Command, open: Open): void {
	stacks
		.command("render <stack>")
		.description("What a stack comes to on each device, without asking any of them")
		.addOption(
			new Option("--action <action>", "Which templates").choices(["deploy", "delete", "validation"]).default("deploy"),
		)
		.option("--device <device>", "Only on this device (name or id); may be given several times", collected)
		.action(
			async (id: string, options: { action: "deploy" | "delete" | "validation"; device?: string[] }, self: Command) => {
				const cli = open(self);
				const { device_ids } = await only(cli, options);
				const items: RenderedDevice[] = [];
				for (let page = 1; ; page++) {
					const query = { action: options.action, page, page_size: 100 };
					const answer = await cli.clients.config.renderStack({ params: { id }, query });
					items.push(...answer.items.filter(({ device_id }) => device_ids?.includes(device_id) ?? true));
					if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
				}
				cli.print({ items }, () => items.map((device) => renderDevice(cli, device)).join("\n"));
				const bad = items.filter(({ services }) => services.some(({ error }) => error !== null)).length;
				if (bad === 0) return;
				throw workFailure(
					"stacks.not_rendered",
					"The stack cannot be rendered everywhere",
					`${count(bad, "device")} of ${items.length}.`,
				);
			},
		);
}

function renderDevice(cli: Cli, { device_name, device_type, left_out, services }: RenderedDevice): string {
	const { paint } = cli.terminal;
	const head = `${sanitiseLine(device_name)} (${sanitiseLine(device_type)})${left_out === null ? "" : `, left out: ${sanitiseLine(left_out)}`}`;
	return [
		`${paint("heading", head)}\n`,
		...services.map(({ name, template, text, error }) =>
			error === null
				? `${paint("dim", `! ${name}: ${sanitiseLine(template)}`)}\n${shown(cli, text)}${text === "" || text.endsWith("\n") ? "" : "\n"}`
				: `${paint("bad", `! ${name}: ${sanitiseLine(error.message)}`)}\n`,
		),
	].join("");
}

function addValidate(stacks: Command, open: Open): void {
	stacks
		.command("validate <stack>")
		.description(
			"Compare the latest backup of each device with what the stack says; ends with 1 when something drifted",
		)
		.option("--device <device>", "Only this device (name or id); may be given several times", collected)
		.option("--live", "Compare with what each device says now, as a run")
		.action(async (id: string, options: { device?: string[]; live?: boolean }, self: Command) => {
			const cli = open(self);
			if (options.live) {
				const body = { source: "live" as const, ...(await only(cli, options)) };
				const started = await cli.clients.config.startValidation({ params: { id }, body });
				return reportStackRun(cli, started, { wait: true });
			}
			const validation = await cli.clients.config.validateStack({ params: { id }, body: await only(cli, options) });
			reportDrift(cli, validation, `See what a deployment would change: \`netconductor stacks plan ${id}\``);
		});
}
