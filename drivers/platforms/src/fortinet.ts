import { urlSecrets } from "./cisco-secrets.ts";
import { definePlatform } from "./define-platform.ts";

export const fortinet = definePlatform({
	id: "fortinet",
	label: "Fortinet FortiOS",
	vendor: "Fortinet",
	prompt: { exec: "^[\\w.-]+(?: \\([^)]{1,60}\\))? [#$] ?$" },
	// Switching the pager off would change the configuration (`config system console`), so it is answered instead.
	pager: [{ pattern: "^\\s*--More--\\s*$", send: " " }],
	login_questions: [{ pattern: "\\(Press 'a' to accept\\):? ?$", send: "a" }],
	errors: [
		"^(?:Command fail|command parse error|Unknown action|node_check_object fail|object check operator error|entry not found|value parse error)",
		"^Permission denied",
	],
	config: {
		commands: ["show"],
		structure: "flat",
		comment: "^#",
	},
	volatile: [
		"^#conf_file_ver=",
		"^#config-version=.*:user=(\\S+)",
		// Encrypted anew, with another salt, at every read.
		"^\\s*set \\S+ ENC (\\S+)",
	],
	change: {
		method: "none",
		why: "FortiOS applies each block at its end, and no command takes it back.",
	},
	secrets: [
		...urlSecrets,
		"^\\s*set \\S+ (ENC \\S+)",
		"^\\s*set (?:[\\w-]*(?:passw(?:or)?d|passphrase|psksecret|secret|psk|private-key|authkey|enckey|auth-key|enc-key|encrypt-key|auth-pwd|priv-pwd|api-key|access-key|secret-key|key-string|keyword|authentication-key|sso-key|login-passwd)[\\w-]*|key|community) (.+)$",
		"^\\s*set md5-key \\d+ (.+)$",
		'^(?P<harmless>\\s*set auth-keychain "[^"]*")$',
		"^(?P<harmless>\\s*set [\\w-]* (?:enable|disable))$",
		"^(?P<harmless>\\s*set password-expire \\d{4}-\\d\\d-\\d\\d [\\d:]+)$",
	],
	secret_blocks: [{ start: "^config system snmp community$", end: "^end$", secrets: ["^\\s+set name (.+)$"] }],
	facts: [
		{
			command: "get system status",
			fields: {
				hostname: "(?m)^Hostname: (\\S+)",
				os_version: "(?m)^Version: \\S+ v?([^,\\s]+)",
				model: "(?m)^Version: (\\S+)",
				serial: "(?m)^Serial-Number: (\\S+)",
			},
		},
		{ command: "get system performance status", fields: { uptime: "(?m)^Uptime: (.+?)\\s*$" } },
	],
});
