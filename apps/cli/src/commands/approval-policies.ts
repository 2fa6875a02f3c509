import { readFile } from "node:fs/promises";
import { alertsApi } from "@netconductor/contracts/alerts/api";
import {
	type ApprovalPolicy,
	type EvaluationResult,
	RiskLevel,
	type Stage,
} from "@netconductor/contracts/alerts/approvals";
import { type Command, Option } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";
import { collected, wholeNumber } from "../query-options.ts";
import { findApprovalPolicy } from "../resolve.ts";

interface PolicyOptions {
	name?: string;
	description?: string;
	kind?: string[];
	group?: string[];
	risk?: RiskLevel;
	reads?: boolean;
	approvals?: number;
	user?: string[];
	role?: string[];
	expires?: number;
	enabled?: string;
	file?: string;
}

/** `approvals policies`: which changes need whose approval. */
export function addPolicyCommands(approvals: Command, open: Open): void {
	const policies = approvals.command("policies").description("Which changes need whose approval");
	addListCommand<ApprovalPolicy>(policies, open, {
		description:
			"Policies in the order in which they are looked through; the first that matches a device decides for it",
		operation: alertsApi.operations.listApprovalPolicies,
		read: (cli, query) => cli.clients.alerts.listApprovalPolicies({ query }),
		noun: "policy",
		plural: "policies",
		columns: [
			{ title: "#", value: ({ position }) => position, align: "right" },
			{ title: "NAME", value: ({ name, enabled }) => (enabled ? name : `${name} (off)`) },
			{ title: "FOR", value: scopeOf },
			{ title: "NEEDS", value: ({ stages }) => needsOf(stages) },
			{ title: "EXPIRES", value: ({ expires_in_minutes: minutes }) => (minutes === null ? "" : `${minutes} min`) },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});

	policies
		.command("show <policy>")
		.description("One policy (name or id)")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const policy = await findApprovalPolicy(cli, given);
			cli.print(policy, () => renderPolicy(cli, policy));
		});

	addPolicyOptions(policies.command("add <name>"))
		.description("Add a policy, last before the built-in one")
		.action(async (name: string, options: PolicyOptions, self: Command) => {
			const cli = open(self);
			const body = { ...(await policyOf(options)), name };
			const policy = await cli.clients.alerts.createApprovalPolicy({ body });
			cli.print(policy, () => `Added the policy ${sanitiseLine(policy.name)} as number ${policy.position}.\n`);
		});

	addPolicyOptions(policies.command("edit <policy>"))
		.description("Change a policy; approvals already asked for stay as they are")
		.option("--name <name>", "Its name")
		.addOption(new Option("--enabled <yes|no>", "Switch it on or off").choices(["yes", "no"]))
		.action(async (given: string, options: PolicyOptions, self: Command) => {
			const cli = open(self);
			const { id } = await findApprovalPolicy(cli, given);
			const body = {
				...(await policyOf(options)),
				...(options.name !== undefined && { name: options.name }),
				...(options.enabled !== undefined && { enabled: options.enabled === "yes" }),
			};
			if (Object.keys(body).length === 0) throw usageFailure("Say what to change.");
			const policy = await cli.clients.alerts.updateApprovalPolicy({ params: { id }, body });
			cli.print(policy, () => renderPolicy(cli, policy));
		});

	policies
		.command("delete <policy>")
		.description("Delete a policy; approvals already asked for stay as they are")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findApprovalPolicy(cli, given);
			if (!(await confirmed(cli, yes, `Delete the policy ${sanitiseLine(name)}?`))) return;
			await cli.clients.alerts.deleteApprovalPolicy({ params: { id } });
			cli.print({ id }, () => `Deleted the policy ${sanitiseLine(name)}.\n`);
		});

	policies
		.command("order <policies...>")
		.description("Set the order: every policy but the built-in one, by name or id, first looked at first")
		.action(async (given: string[], _options: unknown, self: Command) => {
			const cli = open(self);
			const ids: string[] = [];
			for (const one of given) ids.push((await findApprovalPolicy(cli, one)).id);
			await cli.clients.alerts.orderApprovalPolicies({ body: { ids } });
			cli.print({ ids }, () => `Set the order of ${count(ids.length, "policy", "policies")}.\n`);
		});

	policies
		.command("try")
		.description("What a plan would need, policy by policy; nothing is kept")
		.option("--kind <kind>", "Kind of change", "deploy")
		.option("--reads", "It only reads")
		.option("--devices <number>", "How many devices", wholeNumber(0, 50_000), 1)
		.option("--group <name>", "A group that all of them are in; may be given several times", collected)
		.option("--without-rollback <number>", "How many cannot take a change back", wholeNumber(0, 50_000), 0)
		.option(
			"--emulated-rollback <number>",
			"How many only our worker could, which must reach them again",
			wholeNumber(0, 50_000),
			0,
		)
		.option("--device-type <type>", "By the rules of this device type the commands are looked at")
		.option("--command <line>", "A command of the plan; may be given several times", collected)
		.action(
			async (
				options: {
					kind: string;
					reads?: boolean;
					devices: number;
					group?: string[];
					withoutRollback: number;
					emulatedRollback: number;
					deviceType?: string;
					command?: string[];
				},
				self: Command,
			) => {
				const cli = open(self);
				const body = {
					kind: options.kind,
					writes: options.reads !== true,
					devices: [{ count: options.devices, groups: options.group ?? [] }],
					without_rollback: options.withoutRollback,
					emulated_rollback: options.emulatedRollback,
					...(options.deviceType !== undefined && { device_type: options.deviceType }),
					commands: options.command ?? [],
				};
				const result = await cli.clients.alerts.evaluateApprovalPolicies({ body });
				cli.print(result, () => renderEvaluation(cli, result));
			},
		);
}

function addPolicyOptions(command: Command): Command {
	return command
		.option("--description <text>", "What it is for")
		.option("--kind <kind>", "Only this kind of change: deploy, delete, mop, …; may be given several times", collected)
		.option("--group <name>", "Only devices of this group; may be given several times", collected)
		.addOption(new Option("--risk <level>", "Only from this risk on").choices(RiskLevel.options))
		.option("--reads", "For what only reads, too")
		.option("--approvals <number>", "How many have to approve; 0: none", wholeNumber(0, 10))
		.option("--user <name>", "Who may approve; may be given several times (default: anybody permitted)", collected)
		.option("--role <name>", "Whose role may approve; may be given several times", collected)
		.option("--expires <minutes>", "Time to decide", wholeNumber(1, 43_200))
		.option("--file <file>", "The policy as JSON, for several stages; options go before it");
}

/** What the options say of a policy; nothing of what they leave out. */
async function policyOf(options: PolicyOptions) {
	const { description, kind, group, risk, reads, approvals, user, role, expires, file } = options;
	const people = user !== undefined || role !== undefined;
	const stages =
		approvals === 0
			? []
			: approvals !== undefined || people
				? [{ name: "Approval", needed: approvals ?? 1, users: user ?? [], roles: role ?? [] }]
				: undefined;
	return {
		...(file !== undefined && (await readPolicy(file))),
		...(description !== undefined && { description }),
		...(kind !== undefined && { kinds: kind }),
		...(group !== undefined && { groups: group }),
		...(risk !== undefined && { risk_at_least: risk }),
		...(reads !== undefined && { writes_only: false }),
		...(stages !== undefined && { stages }),
		...(expires !== undefined && { expires_in_minutes: expires }),
	};
}

/** The client checks it against the contract before it is sent, field by field. */
async function readPolicy(file: string): Promise<Record<string, never>> {
	try {
		const read: unknown = JSON.parse(await readFile(file, "utf8"));
		if (typeof read !== "object" || read === null || Array.isArray(read)) throw new Error("it holds no JSON object");
		return read as Record<string, never>;
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
}

function scopeOf({ kinds, groups, risk_at_least, writes_only }: ApprovalPolicy): string {
	const what = `${kinds.length === 0 ? "all" : kinds.join(", ")}${writes_only ? " that write" : ""}`;
	const where = groups.length === 0 ? "" : ` on ${groups.join(", ")}`;
	return `${what}${where}${risk_at_least === "low" ? "" : `, ${risk_at_least} risk or more`}`;
}

function needsOf(stages: readonly Stage[]): string {
	if (stages.length === 0) return "no approval";
	return stages
		.map(({ needed, users, roles }) => {
			const whom = [...users.map(({ name }) => name), ...roles.map((role) => `role ${role}`)].join(", ");
			return `${needed} of ${whom || "anybody else"}`;
		})
		.join(", then ");
}

function renderPolicy(cli: Cli, policy: ApprovalPolicy): string {
	return renderFields(
		[
			["Name", policy.name],
			["Id", policy.id],
			["Description", policy.description || undefined],
			["Kind", policy.built_in ? "built-in" : "custom"],
			["Enabled", policy.enabled],
			["Position", policy.position],
			["For", scopeOf(policy)],
			["Needs", needsOf(policy.stages)],
			["Time to decide", policy.expires_in_minutes === null ? undefined : `${policy.expires_in_minutes} min`],
			["Changed", localTime(policy.updated_at)],
		],
		cli.terminal.paint,
	);
}

function renderEvaluation(cli: Cli, result: EvaluationResult): string {
	const { risk, needed, stages, expires_in_minutes } = result;
	const fields = renderFields(
		[
			["Needs", needsOf(stages)],
			["Time to decide", needed ? `${expires_in_minutes} min` : undefined],
			["Risk", `${risk.level} (${count(risk.points, "point")})`],
			...risk.reasons.map(({ points, text }) => ["", `${points}: ${text}`] as const),
		],
		cli.terminal.paint,
	);
	const table = renderTable(
		[
			{ title: "POLICY", value: ({ name }) => name },
			{ title: "DECIDES", value: ({ matches }) => (matches ? "yes" : "no") },
			{ title: "WHY", value: ({ why }) => why },
		],
		result.policies,
		cli.terminal,
	);
	return `${fields}\n${table}`;
}
