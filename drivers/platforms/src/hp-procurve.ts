import { procurveSyntax } from "./cisco-config-syntax.ts";
import { urlSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

const name = '(?:"[^"]*"|\\S+)';
const value = '("[^"]*"|\\S+)';

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
	change: { method: "direct", syntax: procurveSyntax },
	secrets: [
		...urlSecrets,
		`^(?:encrypted-)?password (?:manager|operator|port-access|rest-api)(?: user-name ${name})?(?: (?:plaintext|sha1|sha256))? ${value}$`,
		`\\S .*\\b(?:encrypted-)?password (?:(?:plaintext|sha1|sha256) )?${value}`,
		`\\bsnmpv3 user ${name}(?: auth (?:(?:md5|sha) )?${value})?(?: priv (?:(?:des|aes) )?${value})?`,
		`^snmpv3 community .*? name ${value}`,
		`^snmp-server community ${value}`,
		`^snmp-server host \\S+ (?:community )?${value}`,
		`^(?:radius|tacacs)-server .*\\b(?:key|encrypted-key) ${value}`,
		`\\b(?:key-value|key-string|encrypted-key|authentication-key|secret|passphrase) ${value}`,
		`\\bpre-shared-key (?:(?:plaintext|hex|ascii) )?${value}`,
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
