import { definePlatform } from "./define-platform.ts";
import { frrSecrets } from "./frr.ts";

const files = [
	"hostname",
	"hosts",
	"resolv.conf",
	"fstab",
	"network/interfaces",
	"network/interfaces.d/*",
	"netplan/*",
	"systemd/network/*",
	"NetworkManager/system-connections/*",
	"sysconfig/network-scripts/ifcfg-*",
	"sysctl.conf",
	"sysctl.d/*.conf",
	"nftables.conf",
	"iptables/rules.v?",
	"wireguard/*.conf",
	"ssh/sshd_config",
	"chrony/chrony.conf",
	"frr/frr.conf",
];

const value = `("[^"]*"|'[^']*'|[^'"\\s,}]+)`;

/** A host with a POSIX shell: the files that configure its network, those of them that the user may read. */
export const linux = definePlatform({
	id: "linux",
	label: "Linux host",
	prompt: {
		exec: "^(?:\\S.{0,150})?[$#%>❯λ] ?$",
		// Themes of bash and zsh (Kali, Powerlevel10k) draw a frame above the prompt.
		above: "^[┌╭╔]",
	},
	session_start: ["export LC_ALL=C PAGER=cat SYSTEMD_PAGER="],
	pager: [{ pattern: "^(?:--More--.*|lines \\d+-\\d+.*|\\(END\\))\\s*$", send: " " }],
	errors: [
		"^(?:-?\\w+: )?(?:line )?(?:\\d+: )?[^:\\s]+: (?:command )?not found$",
		"^-?\\w+: .*: (?:Permission denied|No such file or directory)$",
		"^-?\\w+: .*syntax error",
	],
	config: {
		// `sh -c`, because zsh and fish treat a pattern without a match as an error.
		commands: [
			`sh -c 'cd /etc; for f in ${files.join(" ")}; do [ -f "$f" ] && [ -r "$f" ] && echo "### /etc/$f" && cat "$f" && echo; done; true'`,
		],
		structure: "flat",
		comment: "^\\s*[#;]",
	},
	change: {
		method: "none",
		why: "Lines are commands of a shell: what undoes them is not known.",
	},
	secrets: [
		...frrSecrets,
		`(?i)(?:^|[\\s{,])[\\w.-]*(?:private-?key|preshared-?key|psk|password|passwd|secret|passphrase|key-data|password-raw|wep[-_]key\\d|bind_?pw|private_key_passwd)"?\\s*[=:]\\s*${value}`,
		`(?i)\\b(?:password|passwd|pass|secret|credentials?)=${value}`,
		// netplan and others write the keys of a tunnel as YAML.
		`^\\s+(?:key|private): ${value}$`,
		`\\bprivate: ${value}`,
		`^\\s*wpa-(?:psk|passphrase|password) ${value}`,
		`^\\s*wireless-key\\d? ${value}`,
		`^\\s*bindpw ${value}`,
	],
	facts: [
		{ command: "uname -n", fields: { hostname: "^\\s*(\\S+)" } },
		{ command: "cat /etc/os-release", fields: { os_version: '(?m)^PRETTY_NAME="?([^"\\n]+)' } },
		{
			command: "cat /sys/class/dmi/id/product_name /sys/class/dmi/id/product_serial 2>/dev/null; uptime -p",
			fields: {
				model: "^([^\\n]+)\\n(?:[^\\n]+\\n)?up ",
				serial: "^[^\\n]+\\n([^\\n]+)\\nup ",
				uptime: "(?m)^up (.+?)\\s*$",
			},
		},
	],
});
