import { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Approval, ApprovalStatus, ApprovalSummary, RiskLevel } from "@netconductor/contracts/alerts/approvals";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { hasProblem, isNotForRole, usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderPlan } from "../output/change-plan.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";
import { pointInTime } from "../query-options.ts";
import { readOperations } from "../watch-run.ts";
import { addPolicyCommands } from "./approval-policies.ts";

const statusStyles: Record<ApprovalStatus, Style> = {
	waiting: "warning",
	approved: "good",
	rejected: "bad",
	expired: "dim",
	lapsed: "dim",
	bypassed: "bad",
};
const riskStyles: Record<RiskLevel, Style> = { low: "dim", medium: "warning", high: "bad", critical: "bad" };

/** Fewer digits of a plan's hash would be too easy to mistake. */
const fewestDigits = 12;

interface VoteOptions {
	plan?: string;
	reason?: string;
	yes?: boolean;
}

/** `approvals`: changes that wait for somebody else's word. */
export function addApprovalCommands(program: Command, open: Open): void {
	const approvals = program.command("approvals").description("Approvals: changes that wait for somebody else's word");
	addListCommand<ApprovalSummary>(approvals, open, {
		description: "Approvals, newest first; `--mine to_decide` shows those that wait for you",
		operation: alertsApi.operations.listApprovals,
		read: (cli, query) => cli.clients.alerts.listApprovals({ query }),
		noun: "approval",
		columns: [
			{ title: "ID", value: ({ id }) => id, whole: true },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => statusStyles[status] },
			{ title: "RISK", value: ({ risk_level }) => risk_level, style: ({ risk_level }) => riskStyles[risk_level] },
			{ title: "TITLE", value: ({ title }) => title },
			{ title: "BY", value: ({ requested_by }) => requested_by.name },
			{ title: "DEVICES", value: ({ device_count }) => device_count, align: "right" },
			{ title: "VOTES", value: ({ approved, needed }) => `${approved}/${needed}`, align: "right" },
			{ title: "EXPIRES", value: (one) => (one.status === "waiting" ? localTime(one.expires_at) : ""), whole: true },
			{ title: "PLAN", value: ({ plan_sha256 }) => plan_sha256.slice(0, fewestDigits), whole: true },
		],
	});

	approvals
		.command("show <approval>")
		.description("One approval: what is bound, its risk, who decides and how they did")
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const approval = await cli.clients.alerts.getApproval({ params: { id } });
			cli.print(approval, () => renderApproval(cli, approval));
		});

	addVoteCommand(approvals, "approve", "Approve a plan that somebody else asked for")
		.option("--reason <text>", "For those who read it later")
		.option("--not-before <time>", "The run begins at this time or later", pointInTime)
		.option("--not-after <time>", "The run begins before this time", pointInTime)
		.action(async (id: string, options: VoteOptions & { notBefore?: string; notAfter?: string }, self: Command) => {
			const cli = open(self);
			const plan_sha256 = await planSeen(cli, id, options, "Approve this plan?");
			if (plan_sha256 === undefined) return;
			const body = {
				plan_sha256,
				...(options.reason !== undefined && { reason: options.reason }),
				...(options.notBefore !== undefined && { not_before: options.notBefore }),
				...(options.notAfter !== undefined && { not_after: options.notAfter }),
			};
			say(cli, await cli.clients.alerts.approve({ params: { id }, body }));
		});

	addVoteCommand(approvals, "reject", "Reject a plan")
		.requiredOption("--reason <text>", "Why")
		.action(async (id: string, options: VoteOptions & { reason: string }, self: Command) => {
			const cli = open(self);
			const plan_sha256 = await planSeen(cli, id, options, "Reject this plan?");
			if (plan_sha256 === undefined) return;
			say(cli, await cli.clients.alerts.reject({ params: { id }, body: { plan_sha256, reason: options.reason } }));
		});

	addVoteCommand(approvals, "delegate", "Have somebody else decide in your place")
		.requiredOption("--to <user>", "Who decides in your place (user name or id)")
		.requiredOption("--until <time>", "Until when", pointInTime)
		.requiredOption("--reason <text>", "Why")
		.action(async (id: string, options: VoteOptions & { to: string; until: string; reason: string }, self: Command) => {
			const cli = open(self);
			const plan_sha256 = await planSeen(cli, id, options, `Have ${options.to} decide in your place?`);
			if (plan_sha256 === undefined) return;
			const body = { plan_sha256, to: options.to, until: options.until, reason: options.reason };
			say(cli, await cli.clients.alerts.delegate({ params: { id }, body }));
		});

	addVoteCommand(
		approvals,
		"bypass",
		"Break the glass: let the run begin without approval. Everybody sees who did and why",
	)
		.requiredOption("--reason <text>", "Why it cannot wait, in ten characters or more")
		.action(async (id: string, options: VoteOptions & { reason: string }, self: Command) => {
			const cli = open(self);
			const plan_sha256 = await planSeen(cli, id, options, "Let it begin WITHOUT approval?");
			if (plan_sha256 === undefined) return;
			say(cli, await cli.clients.alerts.bypass({ params: { id }, body: { plan_sha256, reason: options.reason } }));
		});

	addPolicyCommands(approvals, open);
}

function addVoteCommand(parent: Command, name: string, description: string): Command {
	return parent
		.command(`${name} <approval>`)
		.description(description)
		.option(
			"--plan <hash>",
			`The plan that you looked at: its SHA-256 or the first ${fewestDigits} digits; for another the vote is refused`,
		)
		.option("--yes", "Do not show it and ask; needs --plan");
}

/**
 * The plan that the person decides on: the one they name, or the one they are shown now. Undefined when they think better of it.
 * @throws cli.usage
 */
async function planSeen(
	cli: Cli,
	id: string,
	{ plan, yes }: VoteOptions,
	question: string,
): Promise<string | undefined> {
	if (plan !== undefined && !/^[0-9a-f]{12,64}$/i.test(plan)) {
		throw usageFailure(`--plan takes ${fewestDigits} to 64 hexadecimal digits.`);
	}
	if (yes && plan === undefined) {
		throw usageFailure(
			"--yes needs --plan: what you decide on must be a plan that you looked at.",
			`\`netconductor approvals show ${id}\` shows it.`,
		);
	}
	const wanted = plan?.toLowerCase();
	if (yes && wanted?.length === 64) return wanted;
	const approval = await cli.clients.alerts.getApproval({ params: { id } });
	if (wanted !== undefined && !approval.plan_sha256.startsWith(wanted)) {
		throw usageFailure(
			`What waits is plan ${approval.plan_sha256}, not ${wanted}.`,
			`\`netconductor approvals show ${id}\` shows it.`,
		);
	}
	// With nobody to ask, what is said is that, and nothing else.
	if (!yes && cli.prompts.interactive) {
		cli.noteSafe(`${renderApproval(cli, approval)}\n${await planOf(cli, approval)}`);
	}
	return (await confirmed(cli, yes, question)) ? approval.plan_sha256 : undefined;
}

/** What would be sent and changed, as far as the person may see the run; of a procedure where to see it. */
async function planOf(cli: Cli, { run_id }: Approval): Promise<string> {
	try {
		const plan = renderPlan(await readOperations(cli, run_id), cli.terminal, { commands: true });
		return plan === "" ? `What it would do: \`netconductor runs show ${run_id}\`\n` : plan;
	} catch (error) {
		if (isNotForRole(error)) return "You may not see the run with its plan.\n";
		if (hasProblem(error, "runs.not_found")) return "The run is not there any more.\n";
		throw error;
	}
}

function say(cli: Cli, approval: Approval): void {
	const { status, approved, needed, title } = approval;
	cli.print(approval, () => {
		const votes = status === "waiting" ? `: ${approved} of ${count(needed, "approval")}` : "";
		return `${sanitiseLine(title)} is ${cli.terminal.paint(statusStyles[status], status)}${votes}.\n`;
	});
}

function renderApproval(cli: Cli, approval: Approval): string {
	const { paint } = cli.terminal;
	const fields = renderFields(
		[
			["Approval", approval.id],
			["Title", approval.title],
			["Status", approval.status],
			["Kind", approval.kind],
			["Run", approval.run_id],
			["Asked by", approval.requested_by.name],
			["Asked", localTime(approval.created_at)],
			["Reason", approval.reason ?? undefined],
			["Plan", approval.plan_sha256],
			["Devices", approval.device_count],
			["Risk", `${approval.risk.level} (${count(approval.risk.points, "point")})`],
			...approval.risk.reasons.map(({ points, text }) => ["", `${points}: ${text}`] as const),
			["Policies", approval.policies.map(({ name }) => name).join(", ")],
			...approval.stages.map(
				({ name, needed, approved, users, roles }, index) =>
					[
						index === approval.stage ? `Stage ${index + 1}, open` : `Stage ${index + 1}`,
						`${name}: ${approved} of ${needed} by ${
							[...users.map((user) => user.name), ...roles.map((role) => `role ${role}`)].join(", ") || "anybody else"
						}`,
					] as const,
			),
			["Begins from", approval.not_before === null ? undefined : localTime(approval.not_before)],
			["Begins before", approval.not_after === null ? undefined : localTime(approval.not_after)],
			["Expires", approval.status === "waiting" ? localTime(approval.expires_at) : undefined],
			["Decided", approval.decided_at === null ? undefined : localTime(approval.decided_at)],
			["Because", approval.decision_reason ?? undefined],
			["You", approval.mine.why_not ?? (approval.mine.can_decide ? "may decide" : undefined)],
		],
		paint,
	);
	if (approval.votes.length === 0) return fields;
	const votes = renderTable(
		[
			{ title: "VOTE", value: ({ decision }) => decision },
			{ title: "BY", value: (vote) => (vote.for === null ? vote.by.name : `${vote.by.name} for ${vote.for.name}`) },
			{ title: "AT", value: ({ at }) => localTime(at), whole: true },
			{ title: "COUNTS", value: ({ counts, why_not }) => (counts ? "yes" : `no: ${why_not ?? ""}`) },
			{ title: "REASON", value: ({ reason }) => reason },
		],
		approval.votes,
		cli.terminal,
	);
	return `${fields}\n${votes}`;
}
