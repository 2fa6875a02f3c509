/** What can be wrong with a device. Several may hold at once; `times` limits one to the next so many connections. */
export type Fault = { times?: number } & (
	| /** The port is closed. */ { kind: "refuse" }
	| /** TCP is accepted and nothing is ever said, as behind a firewall that swallows packets. */ { kind: "silent" }
	| /** Goes quiet for good: during login, before the first prompt, or after half of the config. */ {
			kind: "hang";
			at: "login" | "prompt" | "output";
	  }
	| /** The connection breaks: at once, after login, or after half of the config. */ {
			kind: "drop";
			at: "connect" | "prompt" | "output";
	  }
	| /** Output comes `bytes` (1) at a time, `delay_ms` (5) apart. */ { kind: "drip"; bytes?: number; delay_ms?: number }
	| /** `bytes` (64) of noise before every answer: terminal escapes, control characters, invalid UTF-8. */ {
			kind: "garbage";
			bytes?: number;
	  }
	| /** Descriptions in the config are ISO 8859-1, which is not valid UTF-8. */ { kind: "non_utf8" }
	| /** The config contains lines that are the device's own prompt; each is followed by a pause of `pause_ms` (0). */ {
			kind: "prompt_in_config";
			pause_ms?: number;
	  }
	| /** Pages long output whatever the session asked for. */ { kind: "always_paging" }
	| /** The config command answers an error: the platform's own, or `text`. */ { kind: "error_answer"; text?: string }
	| { kind: "empty_config" }
	| /** The config stops after two thirds, without its end marker, and the prompt follows. */ {
			kind: "truncated_config";
	  }
	| /** No login is accepted. */ { kind: "wrong_password" }
	| /** Presents another host key than the inventory says. */ { kind: "changed_host_key" }
	| /** The config is this long. */ { kind: "huge_output"; bytes: number }
	| /** Login is answered after `delay_ms`. */ { kind: "slow_auth"; delay_ms: number }
	| { kind: "keyboard_interactive_only" }
	| { kind: "public_key_only" }
	| /** Group 14 with SHA-1, `ssh-rsa`, AES-128-CBC and nothing newer. */ { kind: "legacy_algorithms" }
	| /** The login banner and the message of the day contain lines that look like prompts and password questions. */ {
			kind: "prompt_like_banner";
	  }
	| /** Rejects a configuration line that contains `line`, with the platform's words or `text`. */ {
			kind: "reject_line";
			line: string;
			text?: string;
	  }
	| /** Nothing can be written to its flash. */ { kind: "no_space" }
	| /** No candidate can be committed. */ { kind: "commit_fails" }
	| /** The connection breaks right after a change took force: a commit, or the `lines`-th (1) line where lines act at once. */ {
			kind: "drop_after_change";
			lines?: number;
	  }
	| /** A change cuts the device off: as long as its configuration is not the one of when the fault was set, it answers nobody new; those who are in stay only with `keeps_sessions`. */ {
			kind: "cut_off_by_change";
			keeps_sessions?: boolean;
	  }
	| /** Refuses a connection while `sessions` others are open. */ { kind: "session_limit"; sessions: number }
);

export type FaultKind = Fault["kind"];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

/** The faults that hold for one connection; fixed when it opens. */
export type FaultFinder = <K extends FaultKind>(kind: K) => FaultOf<K> | undefined;
