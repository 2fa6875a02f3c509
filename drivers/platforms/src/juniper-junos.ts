import { urlSecrets } from "./cisco-secrets.ts";

import { definePlatform } from "./define-platform.ts";

/** Words before a secret, wherever they stand: Junos prints the value in quotes, people write it into messages without. */
const secretWord =
	"(?:encrypted-password|plain-text-password-value|password|secret|authentication-password|privacy-password|privacy-key|simple-password|passphrase|ascii-text|hexadecimal|shared-secret|psk|cak|md5 \\d+ key)";
/** Numbers and names of keys follow these words too. */
const keyWord = "(?:authentication-key|key)";

export const juniperJunos = definePlatform({
	id: "juniper_junos",
	label: "Juniper Junos",
	vendor: "Juniper",
	prompt: {
		// A user of a logical system or tenant sees its name: `admin@mx1:LS1>`. A domain user has an `@` of their own.
		exec: "^[\\w.@+-]+@[\\w.-]+(?::[\\w.-]+)?> ?$",
		config: "^[\\w.@+-]+@[\\w.-]+(?::[\\w.-]+)?# ?$",
		above: "^\\{[\\w:-]+\\}(?:\\[edit.*\\])?$|^\\[edit.*\\]$",
	},
	configure: { enter: "configure", exit: "exit configuration-mode" },
	session_start: ["set cli screen-length 0", "set cli screen-width 0"],
	// root lands in a shell: `root@r1%` (FreeBSD 10 and before) or `root@r1:~ #`.
	login_questions: [{ pattern: "^root@[\\w.-]*(?:%|:\\S* ?[#%]) ?$", send: "cli\n" }],
	pager: [
		{ pattern: "^\\s*---\\(more(?: \\d+%)?\\)---\\s*$", send: " " },
		{ pattern: "^\\s*---\\(more(?: \\d+%)?\\)---", send: " " },
	],
	errors: ["^(?:error|syntax error|unknown command|missing argument|invalid value|permission denied)\\b", "^\\s*\\^$"],
	config: {
		commands: ["show configuration"],
		drop: ["^## Last (?:commit|changed): "],
		structure: "braces",
		comment: "^\\s*(?:#|/\\*)",
	},
	change: {
		method: "candidate",
		// A private copy cannot be committed until confirmed.
		enter: ["configure exclusive"],
		enter_to_plan: ["configure private"],
		diff: "show | compare | no-more",
		check: "commit check",
		commit: ["commit confirmed {minutes}"],
		leave: ["exit configuration-mode"],
		confirm: ["configure exclusive", "commit", "exit configuration-mode"],
		revert: ["configure exclusive", "rollback 1", "commit", "exit configuration-mode"],
		discard: ["rollback 0", "exit configuration-mode"],
		shortest_s: 60,
		longest_s: 3600,
		how: "commit confirmed: the router itself goes back to the configuration before unless the change is confirmed in time; sooner with rollback 1.",
	},
	volatile: ["^## Last (?:commit|changed): "],
	secrets: [
		...urlSecrets,
		'("\\$[1-9]\\$[^"]+")',
		'(?:^|\\s)("[^"]*"|[^\\s"]+?);? *## SECRET-DATA',
		`(?:^|[^\\w-])${secretWord} ("[^"]*"|[^\\s;"{}\\]]+)`,
		`(?:^|[^\\w-])${keyWord} ("[^"]*")`,
		`(?:^|[^\\w-])${keyWord} ([^\\s;"{}\\]]+)(?:;.*)?$`,
		"\\b(?P<harmless>password (?:minimum-\\S+|maximum-\\S+|change-type|format) \\S+)$",
		'^\\s*community ("[^"]*"|[^\\s;]+) \\{$',
		'^\\s*community ("[^"]*"|[^\\s;]+);$',
		'^set snmp (?:.* )?community ("[^"]*"|\\S+)',
	],
	facts: [
		{
			command: "show version",
			fields: {
				hostname: "(?m)^Hostname: (\\S+)",
				os_version: "(?m)^Junos: (\\S+)|^JUNOS .*\\[(\\S+)\\]",
				model: "(?m)^Model: (\\S+)",
			},
		},
		{ command: "show chassis hardware", fields: { serial: "(?m)^Chassis +(\\S+)" } },
		{ command: "show system uptime", fields: { uptime: "(?m)^System booted: .*\\((.+) ago\\)" } },
	],
});
