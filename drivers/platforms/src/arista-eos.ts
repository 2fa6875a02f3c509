import { eosSyntax } from "./cisco-config-syntax.ts";
import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const aristaEos = definePlatform({
	id: "arista_eos",
	label: "Arista EOS",
	vendor: "Arista",
	prompt: {
		// A configuration session shows as `(config-s-name)`, an MLAG or supervisor role as `(s1)`, a routing context as `(vrf:MGMT)`;
		// the operator may add the time (`prompt %H.%D{%H:%M:%S}%P`).
		exec: "^[\\w.-]+(?:[.\\[][\\d:]+\\]?)?(?:\\((?:s\\d+|vrf:[^)]{1,100})\\)){0,2}> ?$",
		enable: "^[\\w.-]+(?:[.\\[][\\d:]+\\]?)?(?:\\((?:s\\d+|vrf:[^)]{1,100})\\)){0,2}# ?$",
		config: "^[\\w.-]+(?:[.\\[][\\d:]+\\]?)?(?:\\((?:s\\d+|vrf:[^)]{1,100})\\)){0,2}\\(config[^)]*\\)# ?$",
	},
	enable: { command: "enable" },
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0", "terminal width 32767"],
	pager: [{ pattern: "^\\s*--More--\\s*$", send: " " }],
	errors: [
		"^% ?(?:Invalid|Incomplete|Ambiguous|Authorization|Unavailable|Error|Permission|Cannot|Not)",
		"^% \\S.*(?:failed|denied)",
	],
	config: {
		commands: ["show running-config"],
		end: "^end$",
		drop: ["^! Command: "],
		structure: "indent",
		comment: "^\\s*!",
	},
	save: { command: "write memory" },
	change: {
		method: "candidate",
		syntax: eosSyntax,
		enter: ["configure session {name}"],
		diff: "show session-config diffs",
		commit: ["commit timer {hms}"],
		confirm: ["configure session {name} commit"],
		revert: ["configure session {name} abort"],
		discard: ["abort"],
		shortest_s: 10,
		longest_s: 86_400,
		how: "commit timer: the switch itself goes back to the configuration before unless the session is committed again in time; sooner by aborting it.",
	},
	volatile: ["^! Time: ", "^! Command: ", "^! Startup-config last modified at "],
	secrets: [
		...ciscoSecrets,
		"^snmp-server user .* localized \\S+ auth \\S+ (\\S+)",
		// TerminAttr, the agent that streams to CloudVision, takes its key on its command line.
		"-(?:ingestauth|cvauth)=key,([^\\s,]+)",
	],
	facts: [
		{
			command: "show version",
			fields: {
				os_version: "(?m)^Software image version: (\\S+)",
				model: "(?m)^ ?Arista (\\S+)|^(vEOS\\S*|cEOS\\S*)",
				serial: "(?m)^Serial number: +(\\S+)",
				uptime: "(?m)^Uptime: +(.+?)\\s*$",
			},
		},
		{ command: "show hostname", fields: { hostname: "(?m)^Hostname: (\\S+)" } },
	],
});
