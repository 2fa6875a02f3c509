import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

/** For a device without a definition of its own: a prompt that ends in `>`, `#`, `$` or `%`, and `show running-config`. */
export const genericCli = definePlatform({
	id: "generic_cli",
	label: "Any command line",
	prompt: {
		exec: "^(?:\\S.{0,100})?[>$%] ?$",
		enable: "^(?:\\S.{0,100})?# ?$",
		config: "^\\S.{0,60}\\([^)]{1,60}\\) ?# ?$",
	},
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0"],
	pager: [
		{ pattern: "(?i)^\\s*[-<(]*\\s*-{0,3}\\(?more(?: \\d+%)?\\)?\\s*-*[->)]*\\s*$", send: " " },
		{ pattern: "(?i)^.{0,20}-- ?more ?--.{0,80}$", send: " " },
		{ pattern: "^(?:lines \\d+-\\d+.*|\\(END\\))\\s*$", send: " " },
	],
	login_questions: [{ pattern: "(?i)^press (?:any key|return|enter) ", send: "\r" }],
	errors: [
		"(?i)^\\s*%? ?(?:invalid|incomplete|ambiguous|unknown|unrecognized) (?:input|command)",
		"(?i)^(?:syntax error|bad command|error:|permission denied|command not found)",
		"^% \\S",
	],
	config: {
		commands: ["show running-config"],
		drop: ["^Building configuration", "^Current configuration *:"],
		structure: "indent",
		comment: "^\\s*[!#]",
	},
	volatile: ["^! Last configuration change at ", "^! Time: ", "^!Time: "],
	change: {
		method: "none",
		why: "It is not known how this system takes a change back. Describe it in a device type of its own.",
	},
	secrets: [
		...ciscoSecrets,
		'(?i)(?:^|[^\\w-])[\\w-]*(?:password|secret|passphrase|community|pre-shared-key|private-key|psk)\\s*[:=]\\s*("[^"]*"|[^\\s"]+)',
		'("\\$\\d\\$[^"]+")',
	],
	facts: [
		{
			command: "show version",
			fields: { os_version: "(?i)\\bversion:?\\s+v?([\\w.()-]+)", uptime: "(?im)\\buptime(?: is|:)?\\s+(.+?)\\s*$" },
		},
	],
});
