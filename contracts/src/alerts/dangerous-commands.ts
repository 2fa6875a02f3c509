/** A command that may cost more than it looks: data, so that adding one takes a line. */
export interface DangerRule {
	/** Looked for at the start of a line without its indentation, whatever the case. */
	pattern: RegExp;
	/** Device types that it is for; left out: all. */
	platforms?: readonly string[];
	/** `critical`: the device may not come back by itself. */
	level: "high" | "critical";
	why: string;
}

const ciscoLike = ["cisco_ios", "cisco_nxos", "cisco_xr", "arista_eos", "hp_procurve", "generic_cli"] as const;
const setBased = ["juniper_junos", "vyos"] as const;

/** In their order: the first that matches a line says why. */
export const dangerRules: readonly DangerRule[] = [
	{ pattern: /^(do )?(reload|reboot|restart system)\b/, level: "critical", why: "restarts the device" },
	{
		pattern: /^(do )?boot system\b/,
		platforms: ciscoLike,
		level: "critical",
		why: "changes what the device starts from",
	},
	{ pattern: /^no boot system\b/, platforms: ciscoLike, level: "critical", why: "changes what the device starts from" },
	{
		pattern: /^request system (reboot|halt|power-off|zeroize)\b/,
		level: "critical",
		why: "stops or empties the device",
	},
	{
		pattern: /^request (vmhost|chassis) .*\b(reboot|halt|offline|restart)\b/,
		level: "critical",
		why: "stops hardware",
	},
	{
		pattern: /^\/?system[ /]+(reset-configuration|reboot|shutdown)\b/,
		level: "critical",
		why: "resets or stops the router",
	},
	{
		pattern: /^execute (factoryreset|formatlogdisk|reboot|shutdown|erase-disk)\b/,
		level: "critical",
		why: "resets or stops the firewall",
	},
	{
		pattern: /^(poweroff|halt|shutdown -|shutdown now|init [06]\b|systemctl (reboot|poweroff|halt))/,
		platforms: ["linux", "vyos", "frr"],
		level: "critical",
		why: "stops the machine",
	},
	{
		pattern: /^(do )?(write erase|wr er\w*|erase (startup|nvram|running)|clear config)/,
		level: "critical",
		why: "erases the stored configuration",
	},
	{ pattern: /^(do )?format\b/, level: "critical", why: "formats storage" },
	{
		pattern: /^(do )?delete (\/\S+ )*(flash|bootflash|disk\d*|nvram|slot\d*|usb\d*|harddisk|system|file):?/,
		platforms: ciscoLike,
		level: "critical",
		why: "deletes files of the device",
	},
	{ pattern: /^(do )?squeeze\b/, platforms: ciscoLike, level: "high", why: "removes deleted files for good" },
	{
		pattern: /^(mkfs\S*|dd |wipefs|rm -[a-z]*r[a-z]* )/,
		platforms: ["linux", "vyos", "frr"],
		level: "critical",
		why: "destroys files",
	},
	{
		pattern: /^(configure replace|rollback (running|configuration|to)|load (override|factory-default))\b/,
		level: "high",
		why: "replaces the whole configuration",
	},
	{
		pattern: /^delete$/,
		platforms: setBased,
		level: "critical",
		why: "deletes everything below the place it stands at",
	},
	{
		pattern:
			/^delete (protocols|interfaces|routing-options|routing-instances|system|firewall|policy-options|policy|nat|security|vlans)$/,
		platforms: setBased,
		level: "critical",
		why: "deletes a whole branch of the configuration",
	},
	{
		pattern: /^delete protocols (bgp|ospf|ospf3|ospfv3|isis|mpls|ldp|static)\b( \d+)?$/,
		platforms: setBased,
		level: "high",
		why: "ends a whole routing protocol",
	},
	{
		pattern: /^(delete|deactivate) interfaces \S+( \S+)?$/,
		platforms: setBased,
		level: "high",
		why: "takes an interface away",
	},
	{
		pattern: /^set interfaces .*\bdisable$/,
		platforms: setBased,
		level: "high",
		why: "takes an interface down; it may be the uplink",
	},
	{
		pattern: /^no router (bgp|ospf|ospf6|ospfv3|isis|eigrp|rip|ripng|pim|static)\b/,
		level: "high",
		why: "ends a whole routing protocol",
	},
	{ pattern: /^no (neighbor|neighbour) \S+( remote-as.*)?$/, level: "high", why: "ends a routing session" },
	{ pattern: /^no (ip|ipv6) (routing|unicast-routing|cef)\b/, level: "critical", why: "stops routing altogether" },
	{ pattern: /^no (ip|ipv6) route 0\.0\.0\.0|^no ipv6 route ::\/0/, level: "high", why: "removes the default route" },
	{
		pattern: /^shut(down)?$/,
		platforms: [...ciscoLike, "frr"],
		level: "high",
		why: "takes an interface or a session down; it may be the uplink",
	},
	{
		pattern: /^(do )?clear (ip |ipv6 |bgp )?(bgp|ospf|isis|route)\b.*(\*|all)/,
		level: "high",
		why: "resets every session of a routing protocol",
	},
	{
		pattern: /^(default|no) interface (?!loopback|null)/,
		platforms: ciscoLike,
		level: "high",
		why: "empties or removes an interface",
	},
	{
		pattern: /^no (ip|ipv6) address\b/,
		platforms: [...ciscoLike, "frr"],
		level: "high",
		why: "takes an address away; it may be the one the device is reached at",
	},
	{
		pattern: /^no vlan [\d,-]+|^no vlan all\b/,
		platforms: ciscoLike,
		level: "high",
		why: "removes VLANs with the traffic in them",
	},
	{
		pattern: /^switchport trunk allowed vlan [\d,-]+$/,
		platforms: ["cisco_ios", "cisco_nxos", "arista_eos"],
		level: "high",
		why: "replaces the list of VLANs (it does not add to it)",
	},
	{
		pattern: /^(no aaa|no username|no enable secret|no ip ssh|no transport input|crypto key zeroize|no crypto key)\b/,
		platforms: ciscoLike,
		level: "high",
		why: "may lock everybody out",
	},
	{
		pattern: /^delete system (login|services|root-authentication)\b/,
		platforms: setBased,
		level: "high",
		why: "may lock everybody out",
	},
	{ pattern: /^debug all\b/, level: "high", why: "may use up the device's processor" },
	{
		pattern: /^\/?(interface|ip address|ip route|routing)[ /].*\b(disable|remove)\b/,
		platforms: ["mikrotik_routeros"],
		level: "high",
		why: "takes interfaces, addresses or routes away",
	},
	{
		pattern: /^(set status down|purge)$/,
		platforms: ["fortinet"],
		level: "high",
		why: "takes an interface down or empties a table",
	},
	{
		pattern: /^(ip link set \S+ down|ip (addr|route) (del|flush)|ifdown|iptables -f|nft flush)\b/,
		platforms: ["linux", "vyos"],
		level: "high",
		why: "may cut the machine off",
	},
];

/** Longest part of a line that is looked at: a rule needs no more, and a line of a megabyte must not cost. */
const looked_at = 300;

/** Commands of a change that may cost more than they look, each with the reason; of equal ones the first. At most `most`. */
export function findDangerousCommands(
	commands: Iterable<string>,
	device_type: string | undefined,
	most = 100,
): { command: string; why: string; level: "high" | "critical" }[] {
	const rules = dangerRules.filter(
		({ platforms }) => platforms === undefined || device_type === undefined || platforms.includes(device_type),
	);
	const found = new Map<string, { command: string; why: string; level: "high" | "critical" }>();
	for (const text of commands) {
		for (const line of text.split(/\r\n|\r|\n/)) {
			if (found.size >= most) return [...found.values()];
			const command = line.trim().replace(/\s+/g, " ").slice(0, looked_at);
			if (command === "" || found.has(command)) continue;
			const lower = command.toLowerCase();
			const rule = rules.find(({ pattern }) => pattern.test(lower));
			if (rule !== undefined) found.set(command, { command, why: rule.why, level: rule.level });
		}
	}
	return [...found.values()];
}
