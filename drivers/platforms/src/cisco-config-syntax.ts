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

const negatedByKey = ["^(?:description|neighbor \\S+ description) "];

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
	negated_by_key: negatedByKey,
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
	negated_by_key: negatedByKey,
	groups: [neighborGroup],
	stored_negations: [
		"^no (?:bgp (?:ebgp-requires-policy|default ipv4-unicast|network import-check|enforce-first-as|hard-administrative-reset|graceful-restart notification|suppress-duplicates)|ip forwarding|ipv6 forwarding|service integrated-vtysh-config|log unique-id|zebra nexthop kernel enable)$",
		"^no neighbor \\S+ (?:activate|send-community(?: \\S+)?|enforce-first-as|capability \\S+)$",
	],
	permanent: ["^interface ", "^address-family ", "^line vty$"],
});

const sectionWords =
	"^(?:interface|router|line|vlan|vrf|route-map|class-map|policy-map|class|address-family|ip access-list|ipv6 access-list|control-plane|key chain|key \\d+$)(?: |$)";

const topLevelWords =
	"^(?:hostname|interface|router|snmp-server|username|enable|ntp|vlan \\d|banner|service|aaa|clock|route-map|policy-map|class-map|feature|boot|ip (?:route|access-list|prefix-list|name-server|domain)|ipv6 (?:route|access-list|prefix-list)|logging|management)(?: |-|$)";

/** Configuration of NX-OS, where a neighbour is a section. */
export const nxosSyntax = ConfigSyntaxDefinition.parse({
	sections: [
		sectionWords,
		"^(?:neighbor \\S+(?: remote-as \\S+)?|vrf context \\S+|vrf \\S+|template \\S+ \\S+|role name \\S+|vpc domain \\d+|line \\S+|monitor session \\d+)$",
	],
	top_level: [topLevelWords, "^(?:vrf context|vpc domain|role name|monitor session)(?: |$)"],
	single_value: [
		...singleValues,
		"^(ip address) [\\d./]+$",
		"^(switchport (?:mode|access vlan|trunk native vlan|trunk allowed vlan)|vrf member|channel-group|snmp-server (?:location|contact)|ip domain-name)(?: |$)",
	],
	stored_negations: [
		"^no (?:switchport|ip redirects|ip domain-lookup|feature \\S+|cdp enable|lldp (?:transmit|receive))$",
	],
	permanent: ["^interface (?:Ethernet|mgmt)\\S*$", "^line "],
	ordered: [],
});

/** Configuration of EOS: what changes the switch says itself; this is for what people write, and for the way back to an earlier configuration. */
export const eosSyntax = ConfigSyntaxDefinition.parse({
	sections: [
		sectionWords,
		"^(?:vrf (?:instance )?\\S+|management \\S+.*|mlag configuration|daemon \\S+|event-handler \\S+|peer-filter \\S+|queue-monitor .*)$",
	],
	top_level: [
		topLevelWords,
		"^(?:vrf instance|mlag|daemon|event-handler|spanning-tree|tacacs-server|radius-server)(?: |$)",
	],
	single_value: [
		...singleValues,
		"^(ip address) [\\d./]+$",
		"^(switchport (?:mode|access vlan|trunk native vlan|trunk allowed vlan)|channel-group|username \\S+|snmp-server (?:location|contact)|dns domain|spanning-tree mode)(?: |$)",
	],
	negated_by_key: negatedByKey,
	groups: [neighborGroup],
	permanent: ["^interface (?:Ethernet|Management)\\S*$"],
});

/** Configuration of IOS XR: as with EOS. A policy is a language of its own and ends with its own word. */
export const xrSyntax = ConfigSyntaxDefinition.parse({
	sections: [
		sectionWords,
		"^(?:neighbor \\S+|neighbor-group \\S+|session-group \\S+|af-group .*|vrf \\S+|area \\S+|ipv4 access-list \\S+|ipv6 access-list \\S+|username \\S+|ntp|mpls \\S+|line \\S+|tpa|taskgroup \\S+|usergroup \\S+|l2vpn|bridge group \\S+|bridge-domain \\S+)$",
	],
	top_level: [
		"^(?:hostname|router|snmp-server|username|ntp|aaa|clock|route-policy|prefix-set|policy-map|class-map|domain|logging|ipv4 access-list|ipv6 access-list|ssh|telnet|mpls|l2vpn|multicast-routing|banner|line)(?: |$)",
	],
	single_value: [
		...singleValues,
		"^(ipv4 address) \\S+(?: \\S+)?$",
		"^(route-policy) \\S+ (in|out)$",
		"^(domain name|snmp-server (?:location|contact)|secret|bundle id)(?: |$)",
	],
	negated_by_key: ["^(?:description|password|secret) "],
	verbatim: [
		{ start: "^route-policy \\S+$", end: "^end-policy$" },
		{
			start: "^(?:prefix-set|as-path-set|community-set|extcommunity-set|rd-set|tag-set|ospf-area-set) ",
			end: "^end-set$",
		},
	],
});

/** Configuration of ProCurve and ArubaOS-Switch. */
export const procurveSyntax = ConfigSyntaxDefinition.parse({
	sections: ["^(?:interface|vlan|router|ip access-list|spanning-tree instance|policy|class)(?: |$)"],
	top_level: [
		"^(?:hostname|interface|vlan|router|snmp-server|ip (?:route|default-gateway|access-list)|sntp|timesync|time|console|password|aaa|radius-server|tacacs-server|logging|trunk|spanning-tree)(?: |$)",
	],
	single_value: [
		"^(hostname|name|ip address|ip default-gateway|snmp-server (?:contact|location)|timesync|speed-duplex|untagged|tagged)(?: |$)",
	],
	permanent: ["^interface ", "^vlan 1$"],
	ordered: [],
});
