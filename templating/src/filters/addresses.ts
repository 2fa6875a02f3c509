import {
	at,
	baseOf,
	bitsOf,
	containsNetwork,
	firstOf,
	fits,
	isLinkLocal,
	isLoopback,
	isMulticast,
	isPrivate,
	lastOf,
	mergeNetworks,
	type Network,
	netmaskOf,
	prefixOfMask,
	printNetwork,
	readAddress,
	readNetwork,
	reverseName,
	sizeOf,
	spanNetworks,
	usableOf,
	type Version,
	wildcardOf,
} from "../addresses.ts";
import { badValue } from "../fault.ts";
import { filter } from "../library.ts";
import { needInt, needText, repr, str } from "../print.ts";
import type { Filter } from "../rendering.ts";
import { Dict, isInt, isText, iterate, Markup, makeInt, truthy, Undefined, type Value } from "../values.ts";

// The filters of Ansible's collection ansible.utils, by what its documentation ("Using the ipaddr filter") says they answer, and held against
// it by test/conformance/addresses.test.ts.

/** What a value says: a network, written as an address alone or with its prefix. */
interface Subject extends Network {
	/** It was written with a prefix. */
	hasPrefix: boolean;
	/** As it was given. */
	given: Value;
}

const plain = (value: Value): Value => (value instanceof Markup ? value.text : value);

/** Reads an address, a network or a number; undefined for anything else. */
function readSubject(given: Value, wanted: Version | undefined): Subject | undefined {
	const value = plain(given);
	const digits = typeof value === "string" ? value : isInt(value) ? str(value) : "";
	if (/^\d{1,39}$/.test(digits)) {
		const number = BigInt(digits);
		const version = wanted !== 6 && fits(4, number) ? 4 : 6;
		if (!fits(version, number)) return undefined;
		const network: Network = { version, value: number, prefix: bitsOf(version) };
		return { ...network, hasPrefix: false, given: printNetwork(network) };
	}
	if (typeof value !== "string") return undefined;
	const network = readNetwork(value);
	return network === undefined ? undefined : { ...network, hasPrefix: value.includes("/"), given: value };
}

const addressOf = ({ version, value }: Network): string => at(version, value);
const withPrefix = (subject: Network): string => `${addressOf(subject)}/${subject.prefix}`;
const isBase = (subject: Network): boolean => subject.value === firstOf(subject);
const isSingle = (subject: Network): boolean => sizeOf(subject) === 1n;
/** Networks of one or two addresses have no broadcast address (RFC 3021, RFC 6164). */
const hasBroadcast = (subject: Network): boolean => sizeOf(subject) > 2n;
const isHost = (subject: Network): boolean => !isBase(subject) || !hasBroadcast(subject);
const when = (holds: boolean, subject: Subject): Value => (holds ? subject.given : null);

function hostPrefix(subject: Subject): Value {
	const isEdge = subject.value === firstOf(subject) || subject.value === lastOf(subject);
	return hasBroadcast(subject) && isEdge ? false : withPrefix(subject);
}

function onlyOfNetwork(ask: (subject: Subject) => Value): (subject: Subject) => Value {
	return (subject) => {
		if (!subject.hasPrefix) throw badValue(`${repr(subject.given)} is an address, not a network`);
		return isSingle(subject) ? null : ask(subject);
	};
}

function neighbour(subject: Network, offset: bigint): Value {
	if (isSingle(subject)) return null;
	const { first, last } = usableOf(subject);
	const value = subject.value + offset;
	return value >= first && value <= last ? at(subject.version, value) : null;
}

/** The other end of a link between two (RFC 3021), or of one of four addresses. */
function peer(subject: Subject): Value {
	if (!subject.hasPrefix) throw badValue(`${repr(subject.given)} is an address, not a network`);
	const size = sizeOf(subject);
	if (size === 2n) return at(subject.version, subject.value ^ 1n);
	if (size !== 4n) throw badValue(`${repr(subject.given)} is not a network between two`);
	if (subject.value === firstOf(subject)) throw badValue("the first address of a network of four has no peer");
	if (subject.value === lastOf(subject)) throw badValue("the last address of a network of four has no peer");
	return at(subject.version, subject.value ^ 3n);
}

function isPublic(subject: Network): boolean {
	const { version, value } = subject;
	const isMask = prefixOfMask({ version, value }) !== undefined;
	return !isMulticast(subject) && !isPrivate(subject) && !isLoopback(subject) && !isMask;
}

/** The network that an address of IPv4 stands for in 6to4 (RFC 3056); of IPv6, whether it is of one. */
function sixToFour(subject: Subject): Value {
	if (subject.version === 6) {
		const inside = containsNetwork(readNetwork("2002::/16") as Network, { ...subject, prefix: 128 });
		return inside && (!subject.hasPrefix || !isBase(subject)) ? subject.given : false;
	}
	if (!isSingle(subject) && isBase(subject)) return false;
	if (!isPublic(subject) && !isPrivate(subject)) return false;
	const hex = subject.value.toString(16).padStart(8, "0");
	return `2002:${hex.slice(0, 4)}:${hex.slice(4)}::1/48`;
}

function toIpv4(subject: Subject): Value {
	if (subject.version === 4) return subject.given;
	const high = subject.value >> 32n;
	if (high !== 0n && high !== 0xffffn) return false;
	const prefix = Math.max(0, subject.prefix - 96);
	return withPrefix({ version: 4, value: subject.value & 0xffffffffn, prefix });
}

function toIpv6(subject: Subject): Value {
	if (subject.version === 6) return subject.given;
	return withPrefix({ version: 6, value: (0xffffn << 32n) | subject.value, prefix: subject.prefix + 96 });
}

const address = (subject: Subject): Value =>
	isSingle(subject) || isHost(subject) || subject.version === 6 ? addressOf(subject) : null;
const host = (subject: Subject): Value => (isSingle(subject) || isHost(subject) ? withPrefix(subject) : null);
const usablePrefix = (subject: Subject): boolean => sizeOf(subject) === 2n || (!isSingle(subject) && !isBase(subject));
const subnet = (subject: Subject): Value => printNetwork(baseOf(subject));
const network = (subject: Subject): Value => at(subject.version, firstOf(subject));
const netmask = (subject: Subject): string => at(subject.version, netmaskOf(subject));
const wildcard = (subject: Subject): string => at(subject.version, wildcardOf(subject));
const loopback = (subject: Subject): Value => when(isLoopback(subject), subject);

const queries = new Map<string, (subject: Subject) => Value>(
	Object.entries({
		"": (subject) => (subject.hasPrefix ? withPrefix(subject) : addressOf(subject)),
		address,
		ip: address,
		bool: () => true,
		host,
		"host/prefix": hostPrefix,
		"address/prefix": hostPrefix,
		gateway: hostPrefix,
		gw: hostPrefix,
		hostnet: hostPrefix,
		router: hostPrefix,
		"ip/prefix": (subject) => (usablePrefix(subject) ? withPrefix(subject) : null),
		ip_netmask: (subject) => (usablePrefix(subject) ? `${addressOf(subject)} ${netmask(subject)}` : null),
		broadcast: (subject) => (hasBroadcast(subject) ? at(subject.version, lastOf(subject)) : null),
		cidr: withPrefix,
		netmask,
		hostmask: wildcard,
		wildcard,
		network,
		network_id: network,
		"network/prefix": subnet,
		subnet,
		network_netmask: (subject) => `${at(subject.version, firstOf(subject))} ${netmask(subject)}`,
		network_wildcard: (subject) => `${at(subject.version, firstOf(subject))} ${wildcard(subject)}`,
		net: (subject) => (!isSingle(subject) && isBase(subject) ? withPrefix(subject) : null),
		prefix: (subject) => subject.prefix,
		size: (subject) => makeInt(sizeOf(subject)),
		size_usable: (subject) => (isSingle(subject) ? 0 : sizeOf(subject) === 2n ? 2 : makeInt(sizeOf(subject) - 2n)),
		int: (subject) => (subject.hasPrefix ? `${subject.value}/${subject.prefix}` : makeInt(subject.value)),
		type: (subject) => (isSingle(subject) || !isBase(subject) ? "address" : "network"),
		version: (subject) => subject.version,
		first_usable: onlyOfNetwork((subject) => at(subject.version, usableOf(subject).first)),
		last_usable: onlyOfNetwork((subject) => at(subject.version, usableOf(subject).last)),
		range_usable: onlyOfNetwork(
			(subject) => `${at(subject.version, usableOf(subject).first)}-${at(subject.version, usableOf(subject).last)}`,
		),
		next_usable: onlyOfNetwork((subject) => neighbour(subject, 1n)),
		previous_usable: onlyOfNetwork((subject) => neighbour(subject, -1n)),
		peer,
		public: (subject) => when(isPublic(subject), subject),
		private: (subject) => when(isPrivate(subject), subject),
		unicast: (subject) => when(!isMulticast(subject), subject),
		multicast: (subject) => when(isMulticast(subject), subject),
		loopback,
		lo: loopback,
		"link-local": (subject) => when(isLinkLocal(subject), subject),
		revdns: reverseName,
		wrap: (subject) => {
			if (subject.version === 4) return subject.given;
			return subject.hasPrefix ? `[${addressOf(subject)}]/${subject.prefix}` : `[${addressOf(subject)}]`;
		},
		ipv4: toIpv4,
		v4: toIpv4,
		ipv6: toIpv6,
		v6: toIpv6,
		"6to4": sixToFour,
	} satisfies Record<string, (subject: Subject) => Value>),
);

function ipaddr(value: Value, query: string, version: Version | undefined): Value {
	if (value instanceof Undefined) throw value.fault();
	if (Array.isArray(value)) return value.map((one) => ipaddr(one, query, version)).filter(truthy);
	const subject = readSubject(value, version);
	if (subject === undefined || (version !== undefined && subject.version !== version)) return false;
	const ask = queries.get(query);
	if (ask !== undefined) return ask(subject);
	if (/^[+-]?\d{1,39}$/.test(query)) return byIndex(subject, BigInt(query));
	const outer = readNetwork(query);
	if (outer === undefined) throw badValue(`there is no query ${repr(query)}`);
	return when(containsNetwork(outer, subject), subject);
}

/** The address at a place in the network, from its end when the place is negative, with the prefix. */
function byIndex(subject: Subject, index: bigint): Value {
	if (isSingle(subject)) return subject.hasPrefix ? withPrefix(subject) : addressOf(subject);
	const value = inNetwork(subject, index);
	return value === undefined ? false : `${at(subject.version, value)}/${subject.prefix}`;
}

function inNetwork(subject: Network, index: bigint): bigint | undefined {
	const size = sizeOf(subject);
	if (index >= size || index < -size) return undefined;
	return firstOf(subject) + (index < 0n ? index + size : index);
}

const versioned = (version: Version | undefined): Filter =>
	filter([["query", ""]], (value, [query]) => ipaddr(value, str(query as Value), version));

const needNetwork = (value: Value): Subject => {
	const subject = readSubject(value, undefined);
	if (subject === undefined)
		throw badValue(`${value instanceof Undefined ? "it" : repr(value)} is no address and no network`);
	return subject;
};

const ipsubnet = filter(
	[
		["query", ""],
		["index", null],
	],
	(value, [query, index]) => {
		if (value instanceof Undefined) throw value.fault();
		const subject = readSubject(value, undefined);
		if (subject === undefined) return false;
		const asked = str(query as Value);
		const whole = baseOf(subject);
		if (asked === "") return printNetwork(whole);
		if (!/^\d{1,3}$/.test(asked)) return placeWithin(whole, asked);
		const prefix = Number(asked);
		if (prefix > bitsOf(whole.version)) return false;
		const place = index === null ? undefined : BigInt(needInt(index as Value, "the index"));
		if (isSingle(whole)) return supernet(whole, prefix, place);
		const count = prefix - whole.prefix;
		if (place === undefined) {
			if (count < 0) throw badValue(`${printNetwork(whole)} cannot be split into networks of /${prefix}`);
			return str(makeInt(1n << BigInt(count)));
		}
		if (count < 0) return false;
		const subnets = 1n << BigInt(count);
		const chosen = place < 0n ? place + subnets : place;
		if (chosen < 0n || chosen >= subnets) return false;
		const { version } = whole;
		return printNetwork({ version, prefix, value: whole.value + (chosen << BigInt(bitsOf(version) - prefix)) });
	},
);

/** A network around an address: of those from the given size down to the address, the one at the place. */
function supernet(single: Network, prefix: number, place: bigint | undefined): Value {
	const count = BigInt(bitsOf(single.version) - prefix);
	const chosen = place === undefined ? 0n : place < 0n ? place + count : place;
	if (chosen < 0n || chosen >= count) return false;
	return printNetwork(baseOf({ ...single, prefix: prefix + Number(chosen) }));
}

/** The how-manieth network of its size it is in the larger one, from 1. */
function placeWithin(inner: Network, larger: string): Value {
	const outer = baseOf(needNetwork(larger));
	if (!containsNetwork(outer, inner)) throw badValue(`${printNetwork(inner)} is not in ${printNetwork(outer)}`);
	return str(makeInt(((inner.value - outer.value) >> BigInt(bitsOf(inner.version) - inner.prefix)) + 1n));
}

const ipmath = filter(["amount"], (value, [amount]) => {
	const [text = ""] = needText(value, "the address").split("/");
	const start = readAddress(text);
	if (start === undefined) throw badValue(`${repr(value)} is not an address`);
	if (!isInt(amount as Value)) throw badValue("the amount must be a whole number");
	const moved = start.value + BigInt(amount as number | bigint);
	if (!fits(start.version, moved)) throw badValue(`there is no such address of IPv${start.version}`);
	return at(start.version, moved);
});

const nthUsable = (sign: 1n | -1n): Filter =>
	filter(["offset"], (value, [offset]) => {
		if (value instanceof Undefined) throw value.fault();
		const subject = readSubject(value, undefined);
		if (subject === undefined) return false;
		if (!isInt(offset as Value)) throw badValue("the offset must be a whole number");
		return neighbour(subject, sign * BigInt(offset as number | bigint));
	});

function isInside(outer: { version: Version; first: bigint; last: bigint }, inner: Network): boolean {
	return outer.version === inner.version && outer.first <= firstOf(inner) && lastOf(inner) <= outer.last;
}

const wholeOf = (subject: Network) => ({ version: subject.version, first: firstOf(subject), last: lastOf(subject) });

const reduceOnNetwork = filter(["network"], (value, [outer]) => {
	const whole = wholeOf(needNetwork(outer as Value));
	return iterate(value).filter((one) => {
		const subject = readSubject(one, undefined);
		return subject !== undefined && isInside(whole, subject);
	});
});

const cidrMerge = filter([["action", "merge"]], (value, [action]) => {
	const networks = iterate(value).map((one) => needNetwork(one));
	if (action === "merge") return mergeNetworks(networks).map(printNetwork);
	if (action !== "span") throw badValue(`there is no action ${repr(action as Value)}; there are "merge" and "span"`);
	const [first] = networks;
	if (first === undefined) return null;
	if (networks.length === 1) return printNetwork(first);
	const span = spanNetworks(networks);
	if (span === undefined) throw badValue("networks of IPv4 and IPv6 have no span");
	return printNetwork(span);
});

// Hardware addresses

/** The 48 bits of a hardware address in any usual notation; undefined for anything else. */
function readMac(text: string): bigint | undefined {
	for (const [pattern, width] of [
		[/^(?:[\da-f]{1,2}:){5}[\da-f]{1,2}$|^(?:[\da-f]{1,2}-){5}[\da-f]{1,2}$/i, 2],
		[/^(?:[\da-f]{1,4}\.){2}[\da-f]{1,4}$|^(?:[\da-f]{1,4}:){2}[\da-f]{1,4}$|^(?:[\da-f]{1,4}-){2}[\da-f]{1,4}$/i, 4],
		[/^[\da-f]{5,6}[:-][\da-f]{5,6}$/i, 6],
		[/^[\da-f]{11,12}$/i, 12],
	] as const) {
		if (!pattern.test(text)) continue;
		const digits = text
			.split(/[:.-]/)
			.map((part) => part.padStart(width, "0"))
			.join("");
		return BigInt(`0x${digits}`);
	}
	return undefined;
}

const groupsOf = (mac: bigint, width: number): string[] =>
	mac
		.toString(16)
		.padStart(12, "0")
		.match(new RegExp(`.{${width}}`, "g")) ?? [];
const windows = (mac: bigint) => groupsOf(mac, 2).join("-").toUpperCase();
const postgresql = (mac: bigint) => groupsOf(mac, 6).join(":");

const macForms = new Map<string, (mac: bigint) => Value>([
	["bare", (mac) => groupsOf(mac, 12).join("").toUpperCase()],
	["int", (mac) => makeInt(mac)],
	["cisco", (mac) => groupsOf(mac, 4).join(".")],
	["linux", (mac) => groupsOf(mac, 2).join(":")],
	[
		"unix",
		(mac) =>
			groupsOf(mac, 2)
				.map((group) => group.replace(/^0/, ""))
				.join(":"),
	],
	["win", windows],
	["eui48", windows],
	["pgsql", postgresql],
	["postgresql", postgresql],
	["psql", postgresql],
]);

const hwaddr = filter([["query", ""]], (value, [query]) => {
	const mac = readMac(str(value));
	const asked = str(query as Value);
	if (asked === "") return mac === undefined ? null : value;
	if (asked === "bool") return mac === undefined ? null : true;
	if (mac === undefined) throw badValue(`${repr(value)} is not a hardware address`);
	const form = macForms.get(asked);
	if (form === undefined) throw badValue(`there is no query ${repr(asked)}`);
	return form(mac);
});

/** The address that a host gives itself in a network of IPv6 by its hardware address (RFC 4862, RFC 4291 appendix A). */
const slaac = filter(["query"], (value, [query]) => {
	if (value instanceof Undefined) throw value.fault();
	const subject = readSubject(value, undefined);
	const mac = readMac(str(query as Value));
	if (subject?.version !== 6 || mac === undefined) return false;
	// The bit that says "universal" is turned, and ff:fe stands between the halves.
	const interfaceId = ((((mac >> 24n) ^ 0x020000n) << 40n) | (0xfffen << 24n) | (mac & 0xffffffn)) & ((1n << 64n) - 1n);
	return at(6, firstOf(subject) + interfaceId);
});

export const addressFilters: Record<string, Filter> = {
	ipaddr: filter(
		[
			["query", ""],
			["version", null],
		],
		(value, [query, version]) => {
			if (version !== null && version !== 4 && version !== 6) throw badValue("the version is 4 or 6");
			return ipaddr(value, str(query as Value), version ?? undefined);
		},
	),
	ipv4: versioned(4),
	ipv6: versioned(6),
	ipwrap: filter([], (value) => {
		const wrap = (one: Value): Value => {
			const subject = isText(one) || isInt(one) ? readSubject(one, undefined) : undefined;
			if (subject === undefined) return one;
			if (subject.version === 4) return subject.hasPrefix ? withPrefix(subject) : addressOf(subject);
			return subject.hasPrefix ? `[${addressOf(subject)}]/${subject.prefix}` : `[${addressOf(subject)}]`;
		};
		if (value instanceof Undefined) throw value.fault();
		return Array.isArray(value) ? value.map(wrap) : wrap(value);
	}),
	ipsubnet,
	ipmath,
	nthhost: filter(["query"], (value, [query]) => {
		if (value instanceof Undefined) throw value.fault();
		const subject = readSubject(value, undefined);
		const index = str(query as Value);
		if (subject === undefined || !/^[+-]?\d{1,39}$/.test(index)) return false;
		const found = inNetwork(subject, BigInt(index));
		return found === undefined ? false : at(subject.version, found);
	}),
	next_nth_usable: nthUsable(1n),
	previous_nth_usable: nthUsable(-1n),
	network_in_network: filter(["test"], (value, [inner]) =>
		isInside(wholeOf(needNetwork(value)), needNetwork(inner as Value)),
	),
	network_in_usable: filter(["test"], (value, [inner]) => {
		const subject = needNetwork(value);
		return isInside({ version: subject.version, ...usableOf(subject) }, needNetwork(inner as Value));
	}),
	reduce_on_network: reduceOnNetwork,
	cidr_merge: cidrMerge,
	slaac,
	usable_range: filter([], (value, _, rendering) => {
		const subject = needNetwork(value);
		if (!isText(value) || !isBase(subject))
			throw badValue(`${repr(value)} is not a network: it has bits set for a host`);
		const size = sizeOf(subject);
		rendering.needElements(Number(size));
		const { version, value: first } = subject;
		const usable = Array.from({ length: Number(size) }, (_, index) => at(version, first + BigInt(index)));
		return Dict.from([
			["usable_ips", usable],
			["number_of_ips", usable.length],
		]);
	}),
	hwaddr,
	macaddr: hwaddr,
	ip4_hex: filter([["delimiter", ""]], (value, [delimiter]) => {
		const subject = readAddress(needText(value, "the address"));
		if (subject?.version !== 4) throw badValue(`${repr(value)} is not an address of IPv4`);
		return (subject.value.toString(16).padStart(8, "0").match(/../g) ?? []).join(str(delimiter as Value));
	}),
};
