import type { Passkey } from "@netconductor/contracts/auth/passkeys";
import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { hasProblem, notFoundFailure, usageFailure } from "../failure.ts";
import { renderFields } from "../output/table.ts";
import { localTime } from "../output/words.ts";
import { addSecretOption, readSecret } from "../secret-options.ts";

const password = { flag: "password", label: "Password" };

interface ProofOptions extends Record<string, unknown> {
	code?: string;
}

/** `account`: what is one's own to change. */
export function addAccountCommands(program: Command, open: Open): void {
	const account = program.command("account").description("Your own account");
	const factor = account
		.command("second-factor")
		.description("What is asked for after your password: codes of an authenticator app, or passkeys");

	factor
		.command("show")
		.description("Your authenticator app, your passkeys, and how many recovery codes are left")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const { factors, passkeys, recovery_codes_left } = await cli.clients.auth.listMySecondFactors({});
			cli.print({ factors, passkeys, recovery_codes_left }, () => {
				const [app] = factors;
				if (app === undefined && passkeys.length === 0)
					return "None: your password is enough. `netconductor account second-factor enable` adds one.\n";
				return renderFields(
					[
						["Authenticator app", app === undefined ? undefined : `since ${localTime(app.created_at)}`],
						["Last used", app === undefined ? undefined : localTime(app.last_used_at)],
						...passkeys.map((passkey): [string, string] => [
							"Passkey",
							`${passkey.name}, since ${localTime(passkey.created_at)}${lastUse(passkey)}`,
						]),
						["Recovery codes", `${recovery_codes_left} left`],
					],
					cli.terminal.paint,
				);
			});
		});

	const enable = factor
		.command("enable")
		.description(
			"Add an authenticator app, at a terminal; shows ten recovery codes with the first second factor, once",
		);
	addSecretOption(enable, password);
	enable.action(async (options: Record<string, unknown>, self: Command) => enableFactor(open(self), options));

	const disable = factor.command("disable").description("Remove your authenticator app").option("--yes", "Do not ask");
	addProofOptions(disable);
	disable.action(async (options: ProofOptions & { yes?: boolean }, self: Command) => {
		const cli = open(self);
		const { factors, passkeys } = await cli.clients.auth.listMySecondFactors({});
		const [one] = factors;
		if (one === undefined) {
			throw notFoundFailure(
				"second_factors.not_found",
				"You have no authenticator app.",
				passkeys.length === 0
					? "There is nothing to remove."
					: "`account second-factor remove-passkey` removes a passkey.",
			);
		}
		const left = passkeys.length === 0 ? "Your password alone will do." : "Your passkeys stay.";
		if (!(await confirmed(cli, options.yes, `Remove your authenticator app? ${left}`))) return;
		await cli.clients.auth.removeSecondFactor({ params: { id: one.id }, body: await readProof(cli, options) });
		cli.print({ id: one.id, removed: true }, () => "Your authenticator app is removed.\n");
	});

	const removePasskey = factor
		.command("remove-passkey <name>")
		.description("Remove one of your passkeys, by name or id; they are added in the web app")
		.option("--yes", "Do not ask");
	addProofOptions(removePasskey);
	removePasskey.action(async (name: string, options: ProofOptions & { yes?: boolean }, self: Command) => {
		const cli = open(self);
		const { factors, passkeys } = await cli.clients.auth.listMySecondFactors({});
		const found = passkeys.filter((passkey) => passkey.id === name || passkey.name === name);
		const [one] = found;
		if (one === undefined) {
			throw notFoundFailure(
				"passkeys.not_found",
				`You have no passkey ${name}.`,
				"`account second-factor show` lists those that you have.",
			);
		}
		if (found.length > 1)
			throw usageFailure(`Several of your passkeys are named ${name}: give the id (--json shows it).`);
		const isLast = factors.length === 0 && passkeys.length === 1;
		const left = isLast ? " Your password alone will do." : "";
		if (!(await confirmed(cli, options.yes, `Remove your passkey ${one.name}?${left}`))) return;
		await cli.clients.auth.removePasskey({ params: { id: one.id }, body: await readProof(cli, options) });
		cli.print({ id: one.id, removed: true }, () => `Your passkey ${one.name} is removed.\n`);
	});

	const codes = factor.command("codes").description("Make ten new recovery codes; the old ones are void");
	addProofOptions(codes);
	codes.action(async (options: ProofOptions, self: Command) => {
		const cli = open(self);
		showCodes(cli, await cli.clients.auth.createRecoveryCodes({ body: await readProof(cli, options) }));
	});
}

function addProofOptions(command: Command): void {
	command.option("--code <code>", "A code of your app or a recovery code, in place of the password");
	addSecretOption(command, password);
}

async function readProof(cli: Cli, options: ProofOptions): Promise<OwnerProof> {
	if (options.code !== undefined) return { code: options.code };
	return { password: (await readSecret(cli, options, { ...password, ask: true })) ?? "" };
}

async function enableFactor(cli: Cli, options: Record<string, unknown>): Promise<void> {
	// Found out before anything is begun: a code can only be given after the secret was seen.
	if (!cli.prompts.interactive)
		throw usageFailure("A second factor is added at a terminal, where the first code is asked for.");
	const given = (await readSecret(cli, options, { ...password, ask: true })) ?? "";
	const { id, secret, uri } = await cli.clients.auth.beginSecondFactor({ body: { password: given } });
	cli.note(`Add this to your authenticator app:\n\n  ${secret}\n\nor as an address, for a QR code:\n\n  ${uri}\n`);
	for (;;) {
		const code = await cli.prompts.ask("First code of the app: ");
		try {
			return showCodes(cli, await cli.clients.auth.confirmSecondFactor({ params: { id }, body: { code } }));
		} catch (error) {
			if (!hasProblem(error, "auth.wrong_code", "request.invalid")) throw error;
			cli.warn("that is not its code of this moment; is the clock of the phone right?");
		}
	}
}

function lastUse({ last_used_at, last_used_from }: Passkey): string {
	if (last_used_at === null) return ", never used";
	return `, last used ${localTime(last_used_at)}${last_used_from === null ? "" : ` from ${last_used_from}`}`;
}

function showCodes(cli: Cli, { recovery_codes }: { recovery_codes: string[] }): void {
	if (recovery_codes.length === 0) {
		cli.print({ recovery_codes }, () => "The recovery codes that you have stay as they are.\n");
		return;
	}
	// The codes alone on standard output, so that they can be kept in a file.
	cli.print({ recovery_codes }, () => `${recovery_codes.join("\n")}\n`);
	cli.note("Shown this once: each of these recovery codes signs you in once, in place of a code of your app.");
}
