import type {
	LoginMethod,
	LoginMethodChange,
	MethodTestStep,
	NewLoginMethod,
} from "@netconductor/contracts/auth/login-methods";
import type { Command } from "commander";
import { stringify } from "yaml";
import type { z } from "zod";
import { parseMapping } from "../apply/parse-mapping.ts";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { notFoundFailure, usageFailure, workFailure } from "../failure.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { count, localTime } from "../output/words.ts";
import { addSecretOption, readSecret } from "../secret-options.ts";
import { readText } from "../variables.ts";

const secret = { flag: "secret", label: "Bind password or client secret" };
const password = { flag: "password", label: "Password" };
const kinds = { ldap: "LDAP", oidc: "OpenID Connect" };

/** `login-methods`: where people sign in who are no local users. One is named by id or name. */
export function addLoginMethodCommands(program: Command, open: Open): void {
	const methods = program
		.command("login-methods")
		.description("Ways to sign in beside local users: LDAP directories and identity providers");
	methods
		.command("list")
		.description("Ways to sign in, in the order in which they are asked")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const all = await cli.clients.auth.listLoginMethods({});
			cli.print({ items: all }, () => (all.length === 0 ? "Only local users sign in.\n" : renderList(cli, all)));
		});
	methods
		.command("show <method>")
		.description("One way to sign in with its configuration, without its secret")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const method = await findMethod(cli, given);
			cli.print(method, () => `${fieldsOf(cli, method)}\n${shown(cli, fileOf(method))}`);
		});
	methods
		.command("export <method>")
		.description("The YAML that add and edit take, without the secret")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const source = fileOf(await findMethod(cli, given));
			cli.print({ source }, () => shown(cli, source));
		});
	addAdd(methods, open);
	addEdit(methods, open);
	addToggle(methods, open, true);
	addToggle(methods, open, false);
	addOrder(methods, open);
	addTest(methods, open);

	methods
		.command("delete <method>")
		.description("Delete a way to sign in that nobody signs in by")
		.option("--yes", "Do not ask")
		.action(async (given: string, { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findMethod(cli, given);
			if (!(await confirmed(cli, yes, `Delete the way to sign in ${name}?`))) return;
			await cli.clients.auth.deleteLoginMethod({ params: { id } });
			cli.print({ id, deleted: true }, () => `Deleted the way to sign in ${name}.\n`);
		});
}

function addAdd(methods: Command, open: Open): void {
	const command = methods
		.command("add <file>")
		.description("Add a way to sign in from YAML, asked last; - is standard input")
		.addHelpText(
			"after",
			`
  name: corp                       kind: oidc instead, with issuer, client_id and redirect_uri in config
  kind: ldap
  enabled: true
  config:
    servers: [ldaps://ldap.example.com]
    bind_dn: cn=netconductor,dc=example,dc=com      (its password: --ask-secret or --secret-stdin)
    user_base: ou=people,dc=example,dc=com
    group_base: ou=groups,dc=example,dc=com
    role_map: [{ group: network-operators, role: operator }]
`,
		);
	addSecretOption(command, secret);
	command.action(async (file: string, options: Record<string, unknown>, self: Command) => {
		const cli = open(self);
		refuseBothFromInput(file, options);
		const given = await readMethodFile(file);
		const value = await readSecret(cli, options, secret);
		// The client holds it against the contract before it is sent, field by field.
		const body = { ...given, ...(value !== undefined && { secret: value }) } as z.input<typeof NewLoginMethod>;
		const method = await cli.clients.auth.createLoginMethod({ body });
		const then = method.enabled
			? ""
			: `; try it with \`netconductor login-methods test ${method.name}\`, then enable it`;
		cli.print(method, () => `Added the way to sign in ${method.name}, as number ${method.position}${then}.\n`);
	});
}

function addEdit(methods: Command, open: Open): void {
	const command = methods
		.command("edit <method> [file]")
		.description("Change a way to sign in from YAML; what is not named stays, a config is given whole")
		.option("--no-secret", "Take the stored secret away");
	addSecretOption(command, secret);
	command.action(async (name: string, file: string | undefined, options: Record<string, unknown>, self: Command) => {
		const cli = open(self);
		if (file !== undefined) refuseBothFromInput(file, options);
		const given = file === undefined ? {} : await readMethodFile(file);
		// Commander says true where --no-secret was not given.
		const value = options.secret === false ? null : await readSecret(cli, options, secret);
		if (file === undefined && value === undefined) throw usageFailure("Nothing to change was given.");
		const { id, kind } = await findMethod(cli, name);
		const body = { kind, ...given, ...(value !== undefined && { secret: value }) } as z.input<typeof LoginMethodChange>;
		const method = await cli.clients.auth.updateLoginMethod({ params: { id }, body });
		cli.print(method, () => `Changed the way to sign in ${method.name}.\n`);
	});
}

function addToggle(methods: Command, open: Open, enabled: boolean): void {
	methods
		.command(`${enabled ? "enable" : "disable"} <method>`)
		.description(enabled ? "Let people sign in by it" : "Let nobody sign in by it; the sessions of its users end")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const { id, kind } = await findMethod(cli, given);
			const method = await cli.clients.auth.updateLoginMethod({ params: { id }, body: { kind, enabled } });
			cli.print(method, () => `People ${enabled ? "can" : "cannot"} sign in by ${method.name} now.\n`);
		});
}

function addOrder(methods: Command, open: Open): void {
	methods
		.command("order <methods...>")
		.description("Say in which order they are asked: every one, first asked first")
		.action(async (given: string[], _options: unknown, self: Command) => {
			const cli = open(self);
			const all = await cli.clients.auth.listLoginMethods({});
			const ids = given.map((one) => pick(all, one).id);
			const ordered = await cli.clients.auth.orderLoginMethods({ body: { ids } });
			cli.print({ items: ordered }, () => renderList(cli, ordered));
		});
}

function addTest(methods: Command, open: Open): void {
	const command = methods
		.command("test <method>")
		.description("Try a way to sign in step by step; nobody is signed in, and it ends with 1 when a step fails")
		.option("--username <name>", "Look this person up as well (LDAP); with a password, sign them in");
	addSecretOption(command, password);
	command.action(async (given: string, options: Record<string, unknown> & { username?: string }, self: Command) => {
		const cli = open(self);
		const { username } = options;
		const value = await readSecret(cli, options, password);
		if (value !== undefined && username === undefined) throw usageFailure("Whose password is it? Give --username.");
		const { id, name } = await findMethod(cli, given);
		const body = { ...(username !== undefined && { username }), ...(value !== undefined && { password: value }) };
		const result = await cli.clients.auth.testLoginMethod({ params: { id }, body });
		cli.print(result, () => renderSteps(cli, result.steps));
		if (result.passed) return;
		const failed = result.steps.find(({ outcome }) => outcome === "failed");
		throw workFailure("cli.not_passed", `${name} does not work`, `The step “${failed?.name}” failed.`);
	});
}

/** Standard input holds one of them. */
function refuseBothFromInput(file: string, options: Record<string, unknown>): void {
	if (file === "-" && options.secretStdin === true) {
		throw usageFailure("Standard input cannot hold both; put the way to sign in into a file.");
	}
}

/** @throws cli.usage — it is no YAML, or holds the secret, which is for no file that lies around */
async function readMethodFile(file: string): Promise<Record<string, unknown>> {
	const text = await readText(file);
	let given: Record<string, unknown>;
	try {
		given = parseMapping(text);
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
	if ("secret" in given) throw usageFailure(`${file} holds the secret. Take it out, and give it with --secret-stdin.`);
	return given;
}

async function findMethod(cli: Cli, given: string): Promise<LoginMethod> {
	return pick(await cli.clients.auth.listLoginMethods({}), given);
}

/** There are few, and they come in one answer. */
function pick(all: readonly LoginMethod[], given: string): LoginMethod {
	const found = all.find(({ id, name }) => id === given || name === given.toLowerCase());
	if (found !== undefined) return found;
	const names = all.map(({ name }) => name).join(", ");
	throw notFoundFailure(
		"login_methods.not_found",
		`There is no way to sign in named ${given}.`,
		names === "" ? "There is none yet; only local users sign in." : `There are: ${names}.`,
	);
}

function renderList(cli: Cli, all: readonly LoginMethod[]): string {
	return renderTable<LoginMethod>(
		[
			{ title: "#", value: ({ position }) => position, align: "right" },
			{ title: "NAME", value: ({ name }) => name, whole: true },
			{ title: "KIND", value: ({ kind }) => kinds[kind] },
			{ title: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no") },
			{ title: "ASKS", value: asked },
			{ title: "USERS", value: ({ users }) => users, align: "right" },
			{ title: "CHANGED", value: ({ updated_at }) => localTime(updated_at), whole: true },
		],
		all,
		cli.terminal,
	);
}

function asked({ kind, config }: LoginMethod): string {
	return kind === "ldap" ? config.servers.join(", ") : config.issuer;
}

function fieldsOf(cli: Cli, method: LoginMethod): string {
	return renderFields(
		[
			["Id", method.id],
			["Position", method.position],
			["Kind", kinds[method.kind]],
			["Users", method.users],
			["Secret", method.has_secret ? "stored" : "none"],
			["Register", method.kind === "oidc" ? backChannelOf(method) : undefined],
			["Changed", localTime(method.updated_at)],
		],
		cli.terminal.paint,
	);
}

/** Where a provider tells of sign-outs; the other address that is registered there stands in the configuration. */
function backChannelOf({ name, config }: Extract<LoginMethod, { kind: "oidc" }>): string {
	const { origin, pathname } = new URL(config.redirect_uri);
	const installed_at = `${origin}${pathname.replace(/\/sign-in\/callback$/, "")}`;
	return `${installed_at}/api/auth/oidc/${name}/back-channel-logout for back-channel logout`;
}

function fileOf({ name, kind, enabled, provision, config }: LoginMethod): string {
	return stringify({ name, kind, enabled, provision, config }, { lineWidth: 0 });
}

/** A file or pipe gets the text as it is, a terminal what cannot harm it. */
function shown(cli: Cli, text: string): string {
	return cli.terminal.out_is_terminal ? text.split("\n").map(sanitiseLine).join("\n") : text;
}

const outcomes: Record<MethodTestStep["outcome"], Style> = { passed: "good", failed: "bad", skipped: "dim" };

/** Not a table: what a server says of itself is what one came to read, however long it is. */
function renderSteps(cli: Cli, steps: readonly MethodTestStep[]): string {
	const { paint } = cli.terminal;
	const width = Math.max(...steps.map(({ name }) => name.length), 0);
	const lines = steps.map(
		({ name, outcome, detail, duration_ms }) =>
			`${paint(outcomes[outcome], outcome.padEnd(7))}  ${name.padEnd(width)}  ${sanitiseLine(detail)} ${paint("dim", `(${duration_ms} ms)`)}\n`,
	);
	return `${lines.join("")}${count(steps.length, "step")}.\n`;
}
