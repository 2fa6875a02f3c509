import { ciscoSyntax } from "./cisco-config-syntax.ts";
import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const ciscoIos = definePlatform({
	id: "cisco_ios",
	label: "Cisco IOS and IOS-XE",
	vendor: "Cisco",
	prompt: {
		// An ASA shows its context and failover role: `fw/ctx1#`, `fw/pri/act#`.
		exec: "^[\\w./:@+-]+ ?>$",
		enable: "^[\\w./:@+-]+ ?#$",
		config: "^[\\w./:@+-]+\\([^)]{1,40}\\) ?#$",
	},
	enable: { command: "enable" },
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0", "terminal width 511"],
	pager: [{ pattern: "^\\s*--More--\\s*$", send: " " }],
	login_questions: [{ pattern: "^Press RETURN to get started", send: "\r" }],
	errors: [
		"^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Bad|Error|Authorization failed|Access denied|Not enough|Cannot|Permission)",
		"^% \\S.* (?:not|failed|invalid)\\b",
		"^Command authorization failed",
		"^Line has invalid autocommand",
	],
	config: {
		commands: ["show running-config"],
		end: "^end$",
		drop: [
			"^Building configuration",
			"^Current configuration *:",
			"^Using \\d+ out of \\d+ bytes",
			// `exec prompt timestamp` on the line puts these above every answer.
			"^Load for five secs: ",
			"^Time source is ",
		],
		structure: "indent",
		comment: "^\\s*!",
	},
	save: { command: "write memory" },
	change: {
		method: "direct",
		syntax: ciscoSyntax,
		questions: ["\\[confirm\\] ?$"],
		timer: {
			available: "^archive path ",
			enter: "configure terminal revert timer {minutes}",
			confirm: ["configure confirm"],
			revert: ["configure revert now"],
			longest_s: 7200,
			how: "configure terminal revert timer: the router itself goes back to the archived configuration unless the change is confirmed in time.",
		},
		checkpoint: {
			save: ["copy running-config flash:{name}.cfg"],
			restore: ["configure replace flash:{name}.cfg force"],
			drop: ["delete /force flash:{name}.cfg"],
			questions: ["^Destination filename \\[.*\\]\\? ?$", "^Delete .*\\[confirm\\] ?$"],
			how: "A copy of the running configuration in the router's flash and `configure replace`, else inverse commands: sent by us when a check fails or nobody confirms in time, over a new session when this one is lost.",
		},
	},
	volatile: [
		"^! Last configuration change at ",
		"^! NVRAM config last updated at ",
		"^! No configuration change since last restart",
		"^Current configuration *: \\d+ bytes",
		"^ntp clock-period ",
		"^\\s*cryptochecksum ",
	],
	secrets: ciscoSecrets,
	facts: [
		{
			command: "show version",
			fields: {
				hostname: "(?m)^([\\w.-]+) uptime is ",
				os_version: "(?m)^Cisco .*?,? Version ([^\\s,]+)",
				model: "(?m)^[Cc]isco (\\S+) \\(.+\\) (?:processor|with) |^Model [Nn]umber\\s*: (\\S+)",
				serial: "(?m)^Processor board ID (\\S+)",
				uptime: "(?m) uptime is (.+?)\\s*$",
			},
		},
	],
});
