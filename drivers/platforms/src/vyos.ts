import { urlSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

const secretWord =
	"(?:plaintext-password|encrypted-password|password|domain-password md5|area-password md5|secret|pre-shared-secret|private-key|preshared-key|pre-shared-key|shared-secret|passphrase|auth-key|md5-key|authentication-key|cisco-authentication|cak|token|key)";

export const vyos = definePlatform({
	id: "vyos",
	label: "VyOS",
	vendor: "VyOS",
	prompt: {
		// A domain user has an `@` of their own; an operator-level user has no path.
		exec: "^[\\w.@+-]+@[\\w.-]+(?::\\S*[$>]|>) ?$",
		config: "^[\\w.@+-]+@[\\w.-]+# ?$",
		above: "^\\[edit.*\\]$",
	},
	configure: { enter: "configure", exit: "exit" },
	session_start: ["set terminal length 0", "set terminal width 511"],
	pager: [
		{ pattern: "^\\s*--More--", send: " " },
		{ pattern: "^(?::|lines \\d+-\\d+(?:/\\d+)?.*|\\(END\\))\\s*$", send: " " },
	],
	errors: [
		"^\\s*(?:Invalid command|Incomplete command|Ambiguous command|Configuration path:? .*(?:not valid|is not valid)|Set failed|Commit failed|Delete failed)",
		"^-?\\w*(?:vbash|bash): .*(?:not found|No such file)",
	],
	config: {
		// One `set` line per leaf: a line can be read, searched and masked by itself.
		commands: ["show configuration commands"],
		structure: "set_lines",
		comment: "^#",
	},
	save: { command: "save" },
	change: {
		method: "candidate",
		enter: ["configure"],
		diff: "compare commands",
		commit: ["commit-confirm {minutes}"],
		questions: ["Proceed\\?.*$"],
		leave: ["exit"],
		confirm: ["configure", "confirm", "save", "exit"],
		restore: ["commit", "confirm", "exit"],
		discard: ["exit discard"],
		shortest_s: 60,
		longest_s: 3600,
		how: "commit-confirm: the router restarts with its saved configuration unless the change is confirmed in time; before that, inverse set and delete commands are committed.",
	},
	secrets: [
		...urlSecrets,
		`\\s${secretWord} '([^']*)'`,
		`\\s${secretWord} ([^'\\s]\\S*)$`,
		"^set service snmp (?:v3 .*|)community '?([^'\\s]+)",
		"^set service snmp trap-target \\S+ community '?([^'\\s]+)",
		"\\bradius server \\S+ key '?([^'\\s]+)",
		"^set pki .*private key '?([^'\\s]+)",
		// A public SSH key, and the path of a key file.
		"(?P<harmless>\\spublic-keys \\S+ key '[^']*')$",
		"(?P<harmless>\\skey '/[^']*')$",
	],
	facts: [
		{
			command: "show version",
			fields: {
				os_version: "(?m)^Version: +(?:VyOS )?(.+?)\\s*$",
				model: "(?m)^Hardware model: +(.+?)\\s*$",
				serial: "(?m)^Hardware S/N: +(\\S+)",
			},
		},
		{ command: "show host name", fields: { hostname: "^\\s*(\\S+)" } },
		{ command: "show system uptime", fields: { uptime: "(?m)^Uptime: +(.+?)\\s*$" } },
	],
});
