import { nxosSyntax } from "./cisco-config-syntax.ts";
import { ciscoSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const ciscoNxos = definePlatform({
	id: "cisco_nxos",
	label: "Cisco NX-OS",
	vendor: "Cisco",
	prompt: {
		exec: "^[\\w.-]+(?:%[\\w.-]+)?> ?$",
		// A virtual device context shows as `switch-vdc#`, boot and maintenance mode as `switch(boot)#`, a routing context as `switch%MGMT#`.
		enable: "^[\\w.-]+(?:\\((?:boot|maint-mode)\\))?(?:%[\\w.-]+)?# ?$",
		config: "^[\\w.-]+(?:\\(maint-mode\\))?\\(config[^)]*\\)(?:%[\\w.-]+)?# ?$",
	},
	configure: { enter: "configure terminal", exit: "end" },
	session_start: ["terminal length 0", "terminal width 511"],
	pager: [{ pattern: "^\\s*--More--\\s*$", send: " " }],
	errors: [
		"^% ?(?:Invalid|Incomplete|Ambiguous|Permission|Authorization)",
		"^(?:Syntax error|Cmd exec error|ERROR:|Error:)",
		"^Permission denied",
	],
	config: {
		commands: ["show running-config"],
		drop: [
			"^!Command: ",
			"^!Running configuration last done at: ",
			"^!No configuration change since last restart",
			"^!Time: ",
		],
		structure: "indent",
		comment: "^\\s*!",
	},
	save: { command: "copy running-config startup-config" },
	change: {
		method: "direct",
		syntax: nxosSyntax,
		checkpoint: {
			save: ["checkpoint {name}"],
			restore: ["rollback running-config checkpoint {name} atomic"],
			drop: ["no checkpoint {name}"],
			how: "A checkpoint and an atomic rollback to it, else inverse commands: sent by us when a check fails or nobody confirms in time, over a new session when this one is lost.",
		},
	},
	volatile: ["^!Running configuration last done at: ", "^!Time: ", "^!No configuration change since last restart"],
	secrets: [
		...ciscoSecrets,
		"^snmp-server user .* localizedkey (?:engineID )?(\\S+)",
		"^\\s*(?:key|bfd-key|authentication key) (?:hex-key|text) (\\S+)",
	],
	facts: [
		{
			command: "show version",
			fields: {
				hostname: "(?m)^\\s*Device name: (\\S+)",
				os_version: "(?m)^\\s*(?:NXOS|system): +version (\\S+)",
				model: "(?m)^\\s*cisco (Nexus ?\\S* ?\\S+?|\\S+) +[Cc]hassis",
				serial: "(?m)^\\s*Processor Board ID (\\S+)",
				uptime: "(?m)^Kernel uptime is (.+?)\\s*$",
			},
		},
	],
});
