import { type Command, filterOutput, resolveCommand, splitPipe, splitWords } from "./command-table.ts";
import { applyConfigLine, type IndentedSyntax, isTopLevel } from "./indented-config.ts";
import type { Cli, SessionContext } from "./platform.ts";

/** Where a session is. */
export interface IndentedMode {
	privileged: boolean;
	/** `undefined` outside config mode; else the section lines that were opened, outermost first. */
	path: string[] | undefined;
	/** The text that config mode edits on systems with a candidate. */
	candidate: string | undefined;
	/** The name of an EOS config session. */
	session: string | undefined;
	/** Whether this stay in configuration mode changed something. */
	pushed: boolean;
}

/** The session of a Cisco-like system, as its commands see it. */
export interface IndentedSession extends SessionContext {
	mode: IndentedMode;
	/** Set by the command that ends the session. */
	closing: boolean;
	/** Prints an answer through the line's pipe and the pager. */
	answer(text: string): Promise<void>;
	/** The line's pipe as a function, for the config. */
	filter: ((text: string) => string) | undefined;
	error(text: string): Promise<void>;
}

/** What distinguishes one Cisco-like system from another. */
export interface IndentedDialect {
	syntax: IndentedSyntax;
	greeting(session: SessionContext): string;
	/** Whether login lands in privileged mode. */
	startsPrivileged: boolean;
	prompt(session: IndentedSession): string;
	/** Commands outside config mode; `unprivileged` ones also without enable. */
	exec: Command<IndentedSession>[];
	unprivileged: Command<IndentedSession>[];
	/** Commands of config mode that are not configuration: commit, abort, show. */
	config: Command<IndentedSession>[];
	/** First words of configuration lines at the top and inside sections. */
	configWords: RegExp;
	sectionWords: RegExp;
	invalid(prompt: string, at: number): string;
	incomplete(line: string): string;
	ambiguous(line: string, prompt: string, at: number): string;
	/** IOS and EOS take exec commands in config mode after `do`. */
	takesDo: boolean;
	/** Exec commands that config mode takes as they are (NX-OS, EOS). */
	execInConfig: boolean;
	/** Leaves config mode; a system with a candidate may ask first. */
	leaveConfig(session: IndentedSession): Promise<void>;
}

/** The engine behind IOS, NX-OS, IOS XR and EOS. */
export function startIndentedCli(context: SessionContext, dialect: IndentedDialect): Cli {
	const session: IndentedSession = {
		...context,
		mode: {
			privileged: dialect.startsPrivileged,
			path: undefined,
			candidate: undefined,
			session: undefined,
			pushed: false,
		},
		closing: false,
		filter: undefined,
		async answer(text) {
			await context.terminal.page(session.filter ? session.filter(text) : text);
		},
		error: (text) => context.terminal.print(text),
	};

	async function runExec(line: string, commands: Command<IndentedSession>[], offset = 0): Promise<boolean> {
		const { command: bare, pipe } = splitPipe(line);
		const found = resolveCommand(bare, commands);
		const prompt = dialect.prompt(session);
		if (found.kind === "invalid") return false;
		if (found.kind === "ambiguous") {
			await session.error(dialect.ambiguous(line, prompt, offset + found.at));
		} else if (found.kind === "incomplete") {
			await session.error(dialect.incomplete(line));
		} else if (pipe !== undefined && filterOutput("", pipe) === undefined) {
			await session.error(dialect.invalid(prompt, offset + line.indexOf(pipe)));
		} else {
			session.filter = pipe === undefined ? undefined : (text) => filterOutput(text, pipe) ?? text;
			await found.command.run(session, found.args);
			session.filter = undefined;
		}
		return true;
	}

	async function runConfig(line: string): Promise<void> {
		const { mode, device } = session;
		const path = mode.path ?? [];
		const prompt = dialect.prompt(session);
		const words = splitWords(line);
		const first = words[0]?.text ?? "";
		if (dialect.takesDo && /^do\s/.test(line)) {
			const at = words[1]?.at ?? 0;
			if (await runExec(line.slice(at), dialect.exec, at)) return;
			await session.error(dialect.invalid(prompt, at));
			return;
		}
		if (first === "exit" || first === "quit") {
			if (path.length > 0) mode.path = path.slice(0, -1);
			else await dialect.leaveConfig(session);
			return;
		}
		if (first === "end" || line === "\x1a") {
			await dialect.leaveConfig(session);
			return;
		}
		if (await runExec(line, dialect.config)) return;
		if (dialect.execInConfig && /^(show|sh|copy|ping)\b/.test(line) && (await runExec(line, dialect.exec))) return;
		const rejected = session.fault("reject_line");
		if (rejected !== undefined && line.includes(rejected.line)) {
			await session.error(rejected.text ?? dialect.invalid(prompt, 0));
			return;
		}
		const checked = checkConfigLine(line, spelledOut(words.map(({ text }) => text)), path, dialect);
		if (checked !== undefined) {
			await session.error(dialect.invalid(prompt, checked));
			return;
		}
		const bare = spelledOut(words.map(({ text }) => text));
		const opens = dialect.syntax.section.test(bare);
		const setting = bare.replace(/^(no|default) /, "");
		const insideWord = path.length > 0 && dialect.sectionWords.test(setting) && !isTopLevel(bare, path);
		// A section of the kind that is open already stands beside it, not inside: `neighbor` after `neighbor` in XR's BGP.
		const beside = opens ? path.findIndex((header) => header.split(" ")[0] === bare.split(" ")[0]) : -1;
		const target = beside > 0 ? path.slice(0, beside) : insideWord ? path : [];
		const text = applyConfigLine(mode.candidate ?? device.running, target, bare, dialect.syntax);
		if (mode.candidate !== undefined) mode.candidate = text;
		else if (text !== device.running) {
			device.change(text, session.username);
			if (!mode.pushed) device.pushes++;
			mode.pushed = true;
		}
		mode.path = opens ? [...target, bare] : target;
		if (mode.pushed) await session.changed();
	}

	return {
		greeting: dialect.greeting(context),
		prompt: () => dialect.prompt(session),
		async run(line) {
			const trimmed = line.trim();
			if (trimmed === "" || trimmed.startsWith("!")) return true;
			if (session.mode.path !== undefined) {
				await runConfig(trimmed);
				if (session.mode.path === undefined) session.mode.pushed = false;
			} else if (trimmed !== "\x1a") {
				const commands = session.mode.privileged ? dialect.exec : dialect.unprivileged;
				if (!(await runExec(trimmed, commands))) {
					const { command } = splitPipe(trimmed);
					const found = resolveCommand(command, commands);
					const at = found.kind === "invalid" ? found.at : 0;
					await session.error(dialect.invalid(dialect.prompt(session), at));
				}
			}
			return !session.closing;
		},
	};
}

/** The offset of what is wrong with a configuration line, `undefined` when nothing is. */
function checkConfigLine(line: string, full: string, path: string[], dialect: IndentedDialect): number | undefined {
	const words = splitWords(line);
	const negated = words[0]?.text === "no" || words[0]?.text === "default";
	const head = words[negated ? 1 : 0];
	if (head === undefined) return line.length;
	const rest = negated ? full.slice(full.indexOf(" ") + 1) : full;
	const known = dialect.configWords.test(rest) || (path.length > 0 && dialect.sectionWords.test(rest));
	if (!known) return head.at;
	if (/^(description|banner|remark|snmp-server (location|contact)|name)\b/.test(rest)) return undefined;
	for (const { text, at } of words) {
		const quad = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(\/\d+)?$/.exec(text);
		if (quad?.slice(1, 5).some((octet) => Number(octet) > 255)) return at;
	}
	return undefined;
}

/** Words that people abbreviate in config mode. */
const abbreviated =
	"interface description shutdown hostname router neighbor network switchport address-family logging username".split(
		" ",
	);

const interfaceKinds = [
	"GigabitEthernet",
	"TenGigabitEthernet",
	"FastEthernet",
	"Ethernet",
	"Loopback",
	"Vlan",
	"Management",
];

/** `int gi1/0/1` as the device stores it: `interface GigabitEthernet1/0/1`. */
function spelledOut(words: string[]): string {
	const full = [...words];
	const at = full[0] === "no" ? 1 : 0;
	const word = full[at] ?? "";
	const meant = word.length < 3 ? [] : abbreviated.filter((known) => known.startsWith(word.toLowerCase()));
	if (meant.length === 1) full[at] = meant[0] ?? word;
	const port = /^([a-z]{2,})(\d.*)$/i.exec(full[at] === "interface" ? (full[at + 1] ?? "") : "");
	const kind = interfaceKinds.find((known) => known.toLowerCase().startsWith(port?.[1]?.toLowerCase() ?? "-"));
	if (kind !== undefined) full[at + 1] = `${kind}${port?.[2]}`;
	return full.join(" ");
}

/** Commands that raise and lower privileges, as IOS and EOS have them. */
export function enableCommands(options: { attempts: number; refusal: string }): Command<IndentedSession>[] {
	return [
		{
			words: "enable",
			async run({ mode, device, terminal }) {
				if (mode.privileged) return;
				for (let attempt = 0; attempt < options.attempts; attempt++) {
					if ((await terminal.readLine("Password: ", { echo: false })) === device.enable_password) {
						mode.privileged = true;
						return;
					}
				}
				await terminal.print(options.refusal);
			},
		},
		{
			words: "disable",
			run({ mode }) {
				mode.privileged = false;
			},
		},
	];
}

/** `exit`, `logout`, `quit`. */
export function closingCommands(): Command<IndentedSession>[] {
	return ["exit", "logout", "quit"].map((words) => ({
		words,
		run(session: IndentedSession) {
			session.closing = true;
		},
	}));
}

/** `terminal length` and `terminal width`. */
export function terminalCommands(): Command<IndentedSession>[] {
	return [
		{
			words: "terminal length WORD",
			run({ terminal }, [rows]) {
				if (!terminal.always_pages) terminal.page_rows = Number(rows) || 0;
			},
		},
		{
			words: "terminal width WORD",
			run({ terminal }, [columns]) {
				terminal.columns = Number(columns) || 0;
			},
		},
	];
}

/** The caret line under a command that a prompt precedes. */
export function caret(prompt: string, at: number): string {
	return `${" ".repeat(prompt.length + at)}^`;
}
