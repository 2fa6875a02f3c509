import { ConfigSyntaxDefinition } from "@netconductor/contracts/devices/change";

const neighborSettings =
	"remote-as|description|password|update-source|ebgp-multihop|local-as|timers|timers connect|advertisement-interval|weight|maximum-prefix|peer-group|send-community|allowas-in";

const neighborGroup = {
	key: "^(neighbor \\S+)(?: |$)",
	root: "^neighbor \\S+ (?:remote-as|peer-group$|interface)",
};

/** Settings that exist once wherever a command line is like Cisco's. */
const singleValues = [
	"^(hostname|description|mtu|bandwidth|delay|speed|duplex|encapsulation|load-interval|name|router-id|remote-as|password|update-source)(?: |$)",
	"^(bgp router-id|bgp cluster-id|timers bgp|ospf router-id|ip ospf (?:cost|network|priority|hello-interval|dead-interval|area)|distance bgp|maximum-paths)(?: |$)",
	`^(neighbor \\S+) (${neighborSettings})(?: |$)`,
	"^(neighbor \\S+ (?:route-map|prefix-list|filter-list|distribute-list)) \\S+ (in|out)$",
	"^(enable (?:password|secret)|logging buffered|clock timezone|exec-timeout|banner \\S+)(?: |$)",
	"^(set (?:local-preference|metric|weight|origin|community|tag|ip next-hop|as-path prepend))(?: |$)",
];

/** Configuration of IOS and IOS-XE. */
export const ciscoSyntax = ConfigSyntaxDefinition.parse({
	sections: [
		"^(?:interface|router|line|vlan|class-map|policy-map|class|route-map|control-plane|archive|key chain|key \\d+$|address-family|vrf definition|ip vrf \\S+$)",
		"^(?:ip access-list|ipv6 access-list|object-group|aaa group|crypto (?:isakmp|ikev2|ipsec|map) \\S+|track|event manager applet|template|redundancy|ip sla \\d+$|monitor session \\d+ type)",
	],
	top_level: [
		"^(?:hostname|interface|router|snmp-server|username|enable|ntp|line|vlan|vrf definition|banner|service|aaa|clock|route-map|policy-map|class-map|access-list|tacacs|radius|crypto|spanning-tree mode|boot|archive|control-plane)(?: |$)",
		"^(?:ip (?:route|access-list|prefix-list|domain|name-server|ssh|http|community-list|as-path|vrf \\S+$|default-gateway)|ipv6 (?:route|access-list|prefix-list|unicast-routing)|logging (?:host|buffered|trap|\\d))(?: |-|$)",
	],
	single_value: [
		...singleValues,
		"^(ip address) \\S+ \\S+$",
		"^(ip address dhcp|ip (?:domain[ -]name|default-gateway)|snmp-server (?:location|contact)|username \\S+|spanning-tree mode|boot system)(?: |$)",
		"^(switchport (?:mode|access vlan|voice vlan|trunk native vlan|trunk allowed vlan)|vrf forwarding|ip vrf forwarding|channel-group|service-policy \\w+|bgp log-neighbor-changes)(?: |$)",
	],
	groups: [neighborGroup],
	stored_negations: [
		"^no (?:ip http server|ip http secure-server|ip domain[ -]lookup|ip address|ip redirects|ip proxy-arp|ip unreachables|cdp enable|switchport|bgp default ipv4-unicast|service \\S+|auto-summary|synchronization|aaa new-model|lldp (?:transmit|receive)|logging console|keepalive|mop enabled)$",
	],
	permanent: ["^interface (?:\\w*Ethernet|\\w*GigE|Serial|Mgmt)\\S*$", "^line ", "^control-plane$"],
	ordered: ["^ip access-list ", "^ipv6 access-list "],
});

/** Configuration of FRRouting, as `vtysh` takes and shows it. */
export const frrSyntax = ConfigSyntaxDefinition.parse({
	sections: [
		"^(?:interface|router|route-map|address-family|vrf|vni|key chain|key \\d+$|bfd|peer|profile|pseudowire|l2vpn|mpls ldp|segment-routing|nexthop-group|line vty|rpki|pbr-map|bmp targets)(?: |$)",
	],
	top_level: [
		"^(?:hostname|interface|router|route-map|ip (?:route|prefix-list|nht|forwarding|protocol)|ipv6 (?:route|prefix-list|forwarding|protocol)|access-list|log|debug|service|line vty|password|enable password|bgp (?:as-path|community-list|large-community-list|extcommunity-list)|nexthop-group|pbr-map|frr)(?: |$)",
	],
	single_value: [
		...singleValues,
		"^(log (?:file|syslog|stdout|facility)|ip nht resolve-via-default|frr defaults)(?: |$)",
		"^((?:ip|ipv6) prefix-list \\S+ (?:seq \\d+|description))(?: |$)",
		"^(access-list \\S+ seq \\d+) ",
	],
	groups: [neighborGroup],
	stored_negations: [
		"^no (?:bgp (?:ebgp-requires-policy|default ipv4-unicast|network import-check|enforce-first-as|hard-administrative-reset|graceful-restart notification|suppress-duplicates)|ip forwarding|ipv6 forwarding|service integrated-vtysh-config|log unique-id|zebra nexthop kernel enable)$",
		"^no neighbor \\S+ (?:activate|send-community(?: \\S+)?|enforce-first-as|capability \\S+)$",
	],
	permanent: ["^interface ", "^address-family ", "^line vty$"],
});
