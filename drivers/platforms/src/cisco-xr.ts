import { xrSyntax } from "./cisco-config-syntax.ts";
import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

/** Stands above every answer: `Tue Mar  3 10:00:00.123 UTC`. */
const timestamp = "^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \\w{3} +\\d+ [\\d:.]+ \\S+$";

export const ciscoXr = definePlatform({
	id: "cisco_xr",
	label: "Cisco IOS XR",
	vendor: "Cisco",
	prompt: {
		// There is one level: what a user may do depends on task groups.
		exec: "^RP/\\w+/[\\w/]+:[\\w.-]+# ?$",
		config: "^RP/\\w+/[\\w/]+:[\\w.-]+\\((?:config|admin)[^)]*\\)# ?$",
	},
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0", "terminal width 511"],
	pager: [{ pattern: "^\\s*--More--\\s*$", send: " " }],
	errors: [
		"^% ?(?:Invalid|Incomplete|Ambiguous|Failed|This command is not authorized|Permission)",
		"^% \\S.*(?:failed|denied)",
	],
	config: {
		commands: ["show running-config"],
		end: "^end$",
		drop: [timestamp, "^Building configuration", "^!! Last configuration change at "],
		structure: "indent",
		comment: "^\\s*!",
	},
	change: {
		method: "candidate",
		syntax: xrSyntax,
		enter: ["configure exclusive"],
		diff: "show commit changes diff",
		commit: ["commit confirmed {seconds}"],
		// The trial belongs to the session that began it.
		confirm: ["commit", "end"],
		confirm_in: "same",
		discard: ["abort"],
		shortest_s: 30,
		longest_s: 65_535,
		how: "commit confirmed: the router itself goes back to the configuration before unless the change is confirmed in time, in the session that made it.",
	},
	volatile: [timestamp, "^!! Last configuration change at "],
	secrets: [
		...ciscoSecrets,
		"\\btext-authentication (\\S+)",
		// HSRP; other protocols name a kind of authentication here.
		"^\\s+authentication (\\S+)$",
		"^(?P<harmless>\\s+authentication (?:message-digest|null|md5|pre-share|rsa-sig|rsa-encr|disable|open))$",
	],
	facts: [
		{
			command: "show version",
			fields: {
				os_version: "(?m)^Cisco IOS XR Software, Version ([^\\s\\[]+)",
				model: "(?m)^cisco ((?:ASR|NCS|CRS|IOS-XRv|XRv|8\\d{3})\\S*(?: \\d+)?)",
				uptime: "(?m)^(?:System|\\S+) uptime is (.+?)\\s*$",
			},
		},
		{
			command: "show inventory rack",
			fields: { serial: "(?m)^\\s*\\d+\\s+\\S+\\s+\\S+\\s+\\S+\\s+([A-Z0-9]{8,})" },
		},
		{ command: "show running-config hostname", fields: { hostname: "(?m)^hostname (\\S+)" } },
	],
});
