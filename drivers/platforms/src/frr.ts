import { frrSyntax } from "./cisco-config-syntax.ts";
import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const frrSecrets = [...ciscoSecrets, "^\\s*(?:ip rip|ipv6 ripng?) authentication string (\\S+)"];

/** FRRouting through vtysh, as the login shell or started by the user's profile. */
export const frr = definePlatform({
	id: "frr",
	label: "FRRouting (vtysh)",
	vendor: "FRRouting",
	prompt: {
		// Where a name was set and removed again, FRR 8 shows that it has none.
		exec: "^(?:[\\w.-]+|\\(null\\))> ?$",
		enable: "^(?:[\\w.-]+|\\(null\\))# ?$",
		config: "^(?:[\\w.-]+|\\(null\\))\\(config[^)]*\\)# ?$",
	},
	enable: { command: "enable" },
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0"],
	pager: [
		{ pattern: "^\\s*--More--", send: " " },
		{ pattern: "^(?::|lines \\d+-\\d+(?:/\\d+)?.*|\\(END\\))\\s*$", send: " " },
	],
	errors: [
		"^% ?(?:Unknown|Incomplete|Ambiguous|Command incomplete|There is no matched|Can't|Cannot|Configuration failed|Failed|Invalid|Error|Specify|Create|Malformed|Bad|Unable|Could not|Illegal)",
		"^BGP is already running; AS is \\d+",
		"^line \\d+: Failure",
	],
	config: {
		commands: ["show running-config"],
		end: "^end$",
		drop: ["^Building configuration", "^Current configuration:"],
		structure: "indent",
		comment: "^\\s*!",
	},
	save: { command: "write memory" },
	change: { method: "direct", syntax: frrSyntax },
	secrets: frrSecrets,
	facts: [
		{
			command: "show version",
			fields: {
				hostname: "(?m)^FRRouting \\S+ \\(([^)]+)\\)",
				os_version: "(?m)^FRRouting (\\S+)",
				model: "(?m)^FRRouting .* on (\\w+)\\(",
			},
		},
	],
});
