import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const hpProcurve = definePlatform({
	id: "hp_procurve",
	label: "HP ProCurve and ArubaOS-Switch",
	vendor: "HP",
	prompt: {
		exec: "^[\\w.-][\\w. -]*> ?$",
		enable: "^[\\w.-][\\w. -]*# ?$",
		config: "^[\\w.-][\\w. -]*\\([^)]{1,40}\\)# ?$",
	},
	enable: { command: "enable" },
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["no page", "terminal width 511"],
	pager: [{ pattern: "^-- MORE --, next page: Space", send: " " }],
	login_questions: [{ pattern: "Press any key to continue ?$", send: " " }],
	errors: ["^(?:Invalid input|Incomplete input|Ambiguous input|Unknown command|Not authorized|Error|Unauthorized)"],
	config: {
		commands: ["show running-config"],
		drop: ["^Running configuration:"],
		structure: "indent",
		comment: "^;",
	},
	save: { command: "write memory" },
	logout: "logout",
	secrets: [
		...ciscoSecrets,
		'^password (?:manager|operator|port-access)(?: user-name "[^"]*")? (?:plaintext |sha1 |sha256 )?("[^"]*"|\\S+)$',
		'\\bsnmpv3 user "[^"]*"(?: auth (?:md5|sha) ("[^"]*"|\\S+))?(?: priv (?:des |aes )?("[^"]*"|\\S+))?',
		'^snmp-server community ("[^"]*"|\\S+)',
		'^snmp-server host \\S+ (?:community )?("[^"]*"|\\S+)',
		'^(?:radius|tacacs)-server .*\\b(?:key|encrypted-key) ("[^"]*"|\\S+)',
	],
	facts: [
		{
			command: "show system",
			fields: {
				hostname: "(?m)^\\s*System Name +: (\\S+)",
				os_version: "(?m)Software revision +: (\\S+)",
				serial: "(?m)Serial Number +: (\\S+)",
				uptime: "(?m)Up Time +: (.+?)(?:  |\\s*$)",
			},
		},
		{ command: "show modules", fields: { model: "(?m)^\\s*Chassis: (.+?) +Serial" } },
	],
});
