import { urlSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

const value = '("(?:[^"\\\\]|\\\\.)*"|[^\\s"]+)';

export const mikrotikRouteros = definePlatform({
	id: "mikrotik_routeros",
	label: "MikroTik RouterOS",
	vendor: "MikroTik",
	prompt: {
		// An identity may hold any character, brackets too.
		exec: "^\\[[^\\s\\[]{1,100}@.{1,150}\\] (?:/?[\\w /-]*)?> ?$",
	},
	// No colours, no terminal detection, 500 columns: without it the line is redrawn at every key.
	username_suffix: "+ct500w500h",
	newline: "\r\n",
	logout: "/quit",
	pager: [{ pattern: "^-- \\[Q quit\\|", send: " " }],
	login_questions: [
		{ pattern: "Do you want to see the software license\\? \\[Y/n\\]:? ?$", send: "n" },
		{ pattern: "Press any key to continue", send: "\r" },
	],
	errors: [
		"^(?:bad command name|expected |syntax error|input does not match|no such item|failure:|invalid value|not enough permissions|ambiguous value)",
		"^.*\\(line \\d+ column \\d+\\)$",
	],
	config: {
		// `terse` repeats the menu on every line and never wraps, so that a line can be read (and masked) by itself.
		commands: ["/export terse"],
		structure: "set_lines",
		comment: "^#",
	},
	volatile: ["^# (\\S+ [\\d:]+) by RouterOS"],
	change: {
		method: "none",
		why: "RouterOS applies each line at once, and its export does not tell what a line replaced: nothing takes a change back.",
	},
	secrets: [
		...urlSecrets,
		`\\b[\\w.-]*(?:password|passphrase|secret|pre-shared-key|private-key|preshared-key|shared-secret|auth-key|authentication-key|tcp-md5-key|wpa2?-pre-shared-key|static-key-\\d|eap-password|management-protection-key|ipsec-key|trap-community|cak)=${value}`,
		`(?:^|\\s)key=${value}`,
		`^/snmp community .*\\bname=${value}`,
		`^/(?:tool|system) .*\\buser=\\S+ .*password=${value}`,
	],
	facts: [
		{
			command: "/system resource print",
			fields: {
				os_version: "(?m)^\\s*version: (\\S+)",
				model: "(?m)^\\s*board-name: (.+?)\\s*$",
				uptime: "(?m)^\\s*uptime: (\\S+)",
			},
		},
		{ command: "/system identity print", fields: { hostname: "(?m)^\\s*name: (.+?)\\s*$" } },
		{ command: "/system routerboard print", fields: { serial: "(?m)^\\s*serial-number: (\\S+)" } },
	],
});
