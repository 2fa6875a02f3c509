import { Command, CommanderError } from "commander";
import { createOpen } from "./cli.ts";
import { addAccountCommands } from "./commands/account.ts";
import { addApplyCommands } from "./commands/apply.ts";
import { addApprovalCommands } from "./commands/approvals.ts";
import { addAuditCommands } from "./commands/audit.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addCredentialCommands } from "./commands/credentials.ts";
import { addDeviceTypeCommands } from "./commands/device-types.ts";
import { addDeviceCommands } from "./commands/devices.ts";
import { addGroupCommands } from "./commands/groups.ts";
import { addInstanceCommands } from "./commands/instances.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addLoginMethodCommands } from "./commands/login-methods.ts";
import { addMopCommands } from "./commands/mops.ts";
import { addRoleCommands } from "./commands/roles.ts";
import { addRunCommands } from "./commands/runs.ts";
import { addScheduleCommands } from "./commands/schedules.ts";
import { addSchemaCommand } from "./commands/schema.ts";
import { addServerCommands } from "./commands/server.ts";
import { addServiceAccountCommands } from "./commands/service-accounts.ts";
import { addSessionCommands } from "./commands/session.ts";
import { addSessionsCommands } from "./commands/sessions.ts";
import { addSettingsCommands } from "./commands/settings.ts";
import { addSnapshotCommands } from "./commands/snapshots.ts";
import { addStackTemplateCommands } from "./commands/stack-templates.ts";
import { addStackCommands } from "./commands/stacks.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addStepTypeCommands } from "./commands/step-types.ts";
import { addSystemCommands } from "./commands/system.ts";
import { addTemplateCommands } from "./commands/templates.ts";
import { addTokenCommands } from "./commands/tokens.ts";
import { addUserCommands } from "./commands/users.ts";
import { addWorkerCommands } from "./commands/workers.ts";
import { exitCodes, type Failure, isFailure, usageFailure } from "./failure.ts";
import { renderProblem } from "./output/problem.ts";
import { safeJson } from "./output/sanitise.ts";
import { createTerminal, type System } from "./output/terminal.ts";
import { version } from "./version.ts";

const afterHelp = `
Devices, credentials, groups, users, snapshots, templates, stacks and procedures are named by name or id.

Environment:
  NETCONDUCTOR_URL       address of the server, in place of --url
  NETCONDUCTOR_TOKEN     API token, in place of signing in
  NETCONDUCTOR_PASSWORD  password for \`login\`
  NO_COLOR               no colours

Exit codes: 0 done · 1 failed (also a run that ended partial or failed) · 2 wrong usage ·
3 not signed in, or not permitted · 4 the server cannot be reached · 130 interrupted
`;

/** The command tree over the given streams. Actions throw `Failure`. */
export function createProgram(system: System): Command {
	const program = new Command("netconductor")
		.description("Back up a fleet of network devices and see what changed.")
		.version(version)
		.option("--json", "JSON on standard output and nothing else; errors as problem JSON on standard error")
		.option("--url <url>", "Address of the server (default: where you signed in last, or http://127.0.0.1:8000)")
		.option("--token <token>", "API token for this command; NETCONDUCTOR_TOKEN is safer")
		.configureHelp({ showGlobalOptions: true })
		.configureOutput({
			writeOut: (text) => void system.stdout.write(text),
			writeErr: (text) => void system.stderr.write(text),
			// Errors of the command line are written once, with all others, by `run`.
			outputError: () => undefined,
		})
		.addHelpText("after", afterHelp)
		.exitOverride();
	const open = createOpen(system);

	program.commandsGroup("The server:");
	addServerCommands(program);
	addSessionCommands(program, open);
	addStatusCommand(program, open);
	program.commandsGroup("Inventory:");
	addDeviceCommands(program, open);
	addCredentialCommands(program, open);
	addDeviceTypeCommands(program, open);
	addGroupCommands(program, open);
	program.commandsGroup("Backups and runs:");
	addBackupCommands(program, open);
	addSnapshotCommands(program, open);
	addRunCommands(program, open);
	addWorkerCommands(program, open);
	program.commandsGroup("Change:");
	addTemplateCommands(program, open);
	addStackCommands(program, open);
	addMopCommands(program, open);
	addStepTypeCommands(program, open);
	addStackTemplateCommands(program, open);
	addInstanceCommands(program, open);
	addApprovalCommands(program, open);
	addApplyCommands(program, open);
	addSchemaCommand(program, open);
	addScheduleCommands(program, open);
	program.commandsGroup("Administration:");
	addAccountCommands(program, open);
	addUserCommands(program, open);
	addServiceAccountCommands(program, open);
	addRoleCommands(program, open);
	addLoginMethodCommands(program, open);
	addSessionsCommands(program, open);
	addTokenCommands(program, open);
	addKeyCommands(program, open);
	addAuditCommands(program, open);
	addSettingsCommands(program, open);
	addSystemCommands(program, open);
	addCompletionCommands(program, open, (text) => void system.stdout.write(text));
	return program;
}

/** Runs one command line and answers the exit code. Everything that goes wrong is said on standard error, once. */
export async function run(argv: readonly string[], system: System): Promise<number> {
	try {
		await createProgram(system).parseAsync(argv, { from: "user" });
		return exitCodes.ok;
	} catch (error) {
		if (error instanceof CommanderError) {
			// Help that was asked for is an answer; help shown because a sub-command is missing is not.
			if (error.exitCode === 0) return exitCodes.ok;
			if (error.code === "commander.help") return exitCodes.usage;
			const message = error.message.replace(/^error: /, "");
			return report(usageFailure(message, "Add --help to see what the command takes."), argv, system);
		}
		if (isFailure(error)) return await report(error, argv, system);
		throw error;
	}
}

async function report(failure: Failure, argv: readonly string[], system: System): Promise<number> {
	const hint = typeof failure.hint === "function" ? await failure.hint() : failure.hint;
	// Told by the words themselves: a command line that cannot be parsed has no options yet.
	if (argv.includes("--json")) {
		const problem = hint === undefined ? failure.problem : { ...failure.problem, hint };
		system.stderr.write(`${safeJson(problem)}\n`);
	} else {
		system.stderr.write(renderProblem(failure.problem, hint, createTerminal(system).paintErr));
	}
	return failure.exit_code;
}
