import {
	type Address,
	containsNetwork,
	firstOf,
	isLoopback,
	isMulticast,
	isWithin,
	type Network,
	prefixOfMask,
	readAddress,
	readNetwork,
} from "./addresses.ts";
import { badValue } from "./fault.ts";
import { test } from "./library.ts";
import { repr, str } from "./print.ts";
import type { Test } from "./rendering.ts";
import { isText, Undefined, type Value } from "./values.ts";

// The tests of Ansible's collection ansible.utils, by what its documentation says of each, and held against it by
// test/conformance/addresses.test.ts. What is no text is no address to them, and a network has no bits set for hosts.

/** Networks that are not of the global Internet, by IANA's registries of special-purpose addresses, as Python's ipaddress reads them. */
const notGlobal = [
	...["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"],
	...["192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"],
	...["::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10"],
];
/** Parts of those that are. */
const globalAfterAll = [
	...["192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48"],
	...["2001:20::/28", "2001:30::/28"],
];
/** Of neither kind: shared by carriers (RFC 6598). */
const shared = ["100.64.0.0/10"];
/** Kept by the IETF for what is to come: RFC 1112 for IPv4, RFC 4291 and the registry of IPv6's address space. */
const reserved = [
	...["240.0.0.0/4", "::/3", "4000::/2", "8000::/2", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9"],
];
const allocated = ["2000::/3"];
const mapped = ["::ffff:0:0/96"];

const mac = /^(?:(?:[\da-f]{2}[:-]){5}[\da-f]{2}|[\da-f]{4}\.[\da-f]{4}\.[\da-f]{4}|[\da-f]{12})$/i;

function defined(value: Value): Value {
	if (value instanceof Undefined) throw value.fault();
	return value;
}

function strictNetwork(value: Value): Network | undefined {
	const text = isText(value) ? str(value) : " ";
	const network = text === text.trim() ? readNetwork(text) : undefined;
	return network !== undefined && network.value === firstOf(network) ? network : undefined;
}

const address = (holds: (address: Address) => boolean): Test =>
	test([], (value) => {
		const read = isText(defined(value)) ? readAddress(str(value)) : undefined;
		return read !== undefined && holds(read);
	});
const network = (holds: (network: Network) => boolean): Test =>
	test([], (value) => {
		const read = strictNetwork(defined(value));
		return read !== undefined && holds(read);
	});
const mask = (holds: (mask: Address, prefix: number) => boolean): Test =>
	address((read) => {
		const prefix = read.version === 4 ? prefixOfMask(read) : undefined;
		return prefix !== undefined && holds(read, prefix);
	});
const within = (...networks: readonly string[]): Test => address((read) => isWithin(read, networks));

/** The address of IPv4 that one of IPv6 stands for (RFC 4291, section 2.5.5.2). */
function unmapped(read: Address): Address {
	return read.version === 6 && isWithin(read, mapped) ? { version: 4, value: read.value & 0xffffffffn } : read;
}

function isPrivate(read: Address): boolean {
	const bare = unmapped(read);
	return isWithin(bare, notGlobal) && !isWithin(bare, globalAfterAll);
}

function isInside(inner: Value, outer: Value): boolean {
	const [small, large] = [strictNetwork(inner), strictNetwork(outer)];
	return small !== undefined && large !== undefined && containsNetwork(large, small);
}

const inNetwork = test(["network"], (value, [outer]) => isInside(defined(value), outer as Value));

/** In how many of the networks it is. */
function countOf(value: Value, networks: Value): number {
	if (!Array.isArray(networks)) throw badValue("the networks must be a list");
	return networks.filter((outer) => isInside(defined(value), outer)).length;
}

export const addressTests: Record<string, Test> = {
	ip: network(() => true),
	ip_address: address(() => true),
	ipv4: network(({ version }) => version === 4),
	ipv4_address: address(({ version }) => version === 4),
	ipv4_netmask: mask(({ value }, prefix) => value >> 31n === 1n || prefix === 0 || value === 0n),
	// 0.0.0.0 and 255.255.255.255 are masks of both kinds, and taken for netmasks.
	ipv4_hostmask: mask(({ value }) => value >> 31n === 0n && value !== 0n),
	ipv6: network(({ version }) => version === 6),
	ipv6_address: address(({ version }) => version === 6),
	ipv6_ipv4_mapped: within(...mapped),
	ipv6_sixtofour: within("2002::/16"),
	ipv6_teredo: within("2001::/32"),
	in_network: inNetwork,
	subnet_of: inNetwork,
	supernet_of: test(["network"], (value, [inner]) => isInside(inner as Value, defined(value))),
	in_any_network: test(["networks"], (value, [networks]) => countOf(value, networks as Value) > 0),
	in_one_network: test(["networks"], (value, [networks]) => countOf(value, networks as Value) === 1),
	loopback: address(isLoopback),
	multicast: address(isMulticast),
	private: address(isPrivate),
	public: address((read) => !isPrivate(read) && !isWithin(unmapped(read), shared)),
	reserved: address((read) => isWithin(read, reserved) && !isWithin(read, allocated)),
	unspecified: address(({ value }) => value === 0n),
	mac: test([], (value) => {
		if (!isText(defined(value))) throw badValue(`${repr(value)} is not a text`);
		return mac.test(str(value));
	}),
};
