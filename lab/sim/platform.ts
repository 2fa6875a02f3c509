import type { FaultFinder } from "./fault.ts";
import type { Random } from "./random.ts";
import type { Terminal, TerminalTraits } from "./terminal.ts";

/** What a config is made from. */
export interface ConfigRecipe {
	name: string;
	username: string;
	/** Appears in the config as the platform stores it; a backup must mask it. */
	password: string;
	enable_password: string;
	/** The config gets at least this long, and not much longer. */
	bytes: number;
	random: Random;
}

export interface Revision {
	text: string;
	at: Date;
	by: string;
	comment: string;
}

/** One device as its command lines see it: shared by all sessions. */
export interface DeviceState {
	name: string;
	username: string;
	password: string;
	enable_password: string;
	serial: string;
	booted_at: Date;
	/** The running (or active) configuration, without what the device adds when it prints it. */
	readonly running: string;
	/** The saved one, on systems that keep two. */
	startup: string;
	changed_at: Date;
	changed_by: string;
	saved_at: Date;
	/** What was committed before, newest first; at most 50. */
	readonly history: Revision[];
	/** Checkpoints (NX-OS) and config sessions (EOS), by name. */
	readonly checkpoints: Map<string, string>;
	readonly sessions: Map<string, { base: string; text: string }>;
	/** Replaces the running configuration and remembers the old one. */
	change(text: string, by: string, comment?: string): void;
	/** The pending automatic rollback of a `commit confirmed` or a revert timer, if any. `revert` does at once what it would do later. */
	confirm: { cancel(): void; revert(): void } | undefined;
	/** Files in its flash, by name. */
	readonly files: Map<string, string>;
	/** Changes that sessions made: commits, and stays in configuration mode with at least one line that changed something. */
	pushes: number;
	/** Times that a session or a timer put an earlier configuration back. */
	rollbacks: number;
}

/** One session's side of the device. */
export interface SessionContext {
	device: DeviceState;
	terminal: Terminal;
	username: string;
	/** Prints a configuration: here the faults that spoil one take hold. `after` is printed when it was complete. */
	showConfig(text: string, filter?: (text: string) => string): Promise<void>;
	fault: FaultFinder;
	/** To be called when the session changed the running configuration: here the faults of changing take hold. */
	changed(): Promise<void>;
}

/** One user's command line. */
export interface Cli {
	/** Printed after login, before the first prompt. */
	greeting: string;
	prompt(): string;
	/** Answers a line; `false` ends the session. */
	run(line: string): Promise<boolean>;
}

/** One simulated operating system. */
export interface SimPlatform {
	id: string;
	/** Starts the names of numbered devices: `ios-1`. */
	short_name: string;
	terminal: TerminalTraits;
	/** Whether the first prompt is preceded by a pager of its own: systems that page by default. */
	pages: boolean;
	/** The identification string of its SSH server. */
	ssh_ident: string;
	login_banner: string;
	/** What the config command says when it is refused. */
	config_error: string;
	createConfig(recipe: ConfigRecipe): string;
	/** Applies config lines from outside any session, as another administrator would. */
	applyLines(config: string, lines: string[]): string;
	/** Settings from the user name that RouterOS takes (`admin+ct`); others keep it whole. */
	parseUsername?(username: string): { username: string; options: string };
	/** Puts lines into a config where a person could have put them: descriptions, banner text. */
	withText(config: string, lines: string[]): string;
	start(session: SessionContext, options: string): Cli;
}
