/** 4 or 6. */
export type Version = 4 | 6;

/** An address of IPv4 or IPv6 as a number. */
export interface Address {
	version: Version;
	value: bigint;
}

/** An address with the length of its network's prefix; the address need not be the network's first. */
export interface Network extends Address {
	prefix: number;
}

export const bitsOf = (version: Version): number => (version === 4 ? 32 : 128);
const mostOf = (version: Version): bigint => (1n << BigInt(bitsOf(version))) - 1n;

/** Whether the number is an address of the version. */
export const fits = (version: Version, value: bigint): boolean => value >= 0n && value <= mostOf(version);

/** Reads an address: IPv4 in four decimal numbers, IPv6 by RFC 4291, section 2.2. Undefined for anything else, zone identifiers included. */
export function readAddress(text: string): Address | undefined {
	const value = text.includes(":") ? readIpv6(text) : readIpv4(text);
	return value === undefined ? undefined : { version: text.includes(":") ? 6 : 4, value };
}

function readIpv4(text: string): bigint | undefined {
	const parts = text.split(".");
	if (parts.length !== 4) return undefined;
	let value = 0n;
	for (const part of parts) {
		// A leading zero means octal to some and decimal to others: refused, as Python's ipaddress does.
		if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
		value = (value << 8n) | BigInt(part);
	}
	return value;
}

function readIpv6(text: string): bigint | undefined {
	let groups = text;
	const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
	if (dotted !== null) {
		const low = readIpv4(dotted[2] as string);
		if (low === undefined) return undefined;
		groups = `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
	}
	const halves = groups.split("::");
	if (halves.length > 2) return undefined;
	const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
	const missing = 8 - head.length - tail.length;
	if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
	let value = 0n;
	for (const group of [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill("0"), ...tail]) {
		if (!/^[\da-fA-F]{1,4}$/.test(group)) return undefined;
		value = (value << 16n) | BigInt(`0x${group}`);
	}
	return value;
}

/** An address as text; IPv6 in the one form of RFC 5952: lower case, the longest run of zeros shortened, the first of two. */
export function printAddress({ version, value }: Address): string {
	if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
	const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - index * 16)) & 0xffffn);
	// An address of IPv4 that is mapped into IPv6 ends in it (RFC 5952, section 5).
	if (value >> 32n === 0xffffn) return `::ffff:${printAddress({ version: 4, value: value & 0xffffffffn })}`;
	let run = { start: -1, length: 1 };
	for (let start = 0; start < 8; start++) {
		let length = 0;
		while (start + length < 8 && groups[start + length] === 0n) length++;
		if (length > run.length) run = { start, length };
	}
	const hex = groups.map((group) => group.toString(16));
	if (run.start < 0) return hex.join(":");
	return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

/** Reads `address/prefix`, the prefix as a length, netmask or wildcard mask; an address alone is a network of one. Undefined for anything else. */
export function readNetwork(text: string): Network | undefined {
	const [left = "", right, ...more] = text.trim().split("/");
	const address = readAddress(left);
	if (address === undefined || more.length > 0) return undefined;
	if (right === undefined) return { ...address, prefix: bitsOf(address.version) };
	const prefix = readPrefix(right, address.version);
	return prefix === undefined ? undefined : { ...address, prefix };
}

function readPrefix(text: string, version: Version): number | undefined {
	if (/^\d{1,3}$/.test(text)) return Number(text) <= bitsOf(version) ? Number(text) : undefined;
	const mask = readAddress(text);
	return mask === undefined || mask.version !== version ? undefined : prefixOfMask(mask);
}

/** Length of the prefix of a netmask, or of a wildcard mask; undefined when its bits are mixed. */
export function prefixOfMask({ version, value }: Address): number | undefined {
	const most = mostOf(version);
	const wildcard = value ^ most;
	if ((wildcard & (wildcard + 1n)) === 0n) return bitsOf(version) - lengthInBits(wildcard);
	return (value & (value + 1n)) === 0n ? bitsOf(version) - lengthInBits(value) : undefined;
}

const lengthInBits = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

export const wildcardOf = ({ version, prefix }: Network): bigint => (1n << BigInt(bitsOf(version) - prefix)) - 1n;
export const netmaskOf = (network: Network): bigint => mostOf(network.version) ^ wildcardOf(network);
export const firstOf = (network: Network): bigint => network.value & netmaskOf(network);
export const lastOf = (network: Network): bigint => network.value | wildcardOf(network);
export const sizeOf = (network: Network): bigint => wildcardOf(network) + 1n;

/** First and last address that a host may have: of a network of one or two, all of them (RFC 3021 for IPv4). */
export function usableOf(network: Network): { first: bigint; last: bigint } {
	const edge = sizeOf(network) > 2n ? 1n : 0n;
	return { first: firstOf(network) + edge, last: lastOf(network) - edge };
}

export const at = (version: Version, value: bigint): string => printAddress({ version, value });
export const printNetwork = (network: Network): string => `${printAddress(network)}/${network.prefix}`;
/** The network with its first address. */
export const baseOf = (network: Network): Network => ({ ...network, value: firstOf(network) });

export function containsNetwork(outer: Network, inner: Network): boolean {
	return outer.version === inner.version && firstOf(outer) <= firstOf(inner) && lastOf(inner) <= lastOf(outer);
}

/** The fewest networks that hold just the addresses of the given ones, IPv4 first, in order. */
export function mergeNetworks(networks: Network[]): Network[] {
	const sorted = networks
		.map(baseOf)
		.sort((a, b) => a.version - b.version || (a.value < b.value ? -1 : a.value > b.value ? 1 : a.prefix - b.prefix));
	const merged: Network[] = [];
	for (const network of sorted) {
		const before = merged.at(-1);
		if (before !== undefined && containsNetwork(before, network)) continue;
		merged.push(network);
		// Two halves become one, as often as that makes two halves again.
		for (;;) {
			const [left, right] = merged.slice(-2);
			if (left === undefined || right === undefined || left.version !== right.version || left.prefix !== right.prefix)
				break;
			const whole = { ...left, prefix: left.prefix - 1 };
			if (left.prefix === 0 || firstOf(whole) !== left.value || lastOf(whole) !== lastOf(right)) break;
			merged.splice(-2, 2, whole);
		}
	}
	return merged;
}

/** The smallest network that holds all; undefined when they are of both versions, or none. */
export function spanNetworks(networks: Network[]): Network | undefined {
	const [first] = networks;
	if (first === undefined || networks.some(({ version }) => version !== first.version)) return undefined;
	let prefix = Math.min(...networks.map((network) => network.prefix));
	while (prefix > 0 && !networks.every((network) => containsNetwork({ ...first, prefix }, network))) prefix--;
	return baseOf({ ...first, prefix });
}

/** Whether an address is in one of these networks. */
export const isWithin = (address: Address, networks: readonly string[]): boolean =>
	networks.some((text) =>
		containsNetwork(readNetwork(text) as Network, { ...address, prefix: bitsOf(address.version) }),
	);

/**
 * Networks for private use (RFC 1918, 4193, 3879), shared by carriers (6598), for protocols (6890), benchmarks (2544), administratively scoped
 * multicast (2365), and of one link (3927, 4291).
 */
const privateNetworks = [
	"10.0.0.0/8",
	"100.64.0.0/10",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"239.0.0.0/8",
	"169.254.0.0/16",
	"fc00::/7",
	"fec0::/10",
	"fe80::/10",
];

export const isPrivate = (address: Address): boolean => isWithin(address, privateNetworks);
export const isMulticast = (address: Address): boolean => isWithin(address, ["224.0.0.0/4", "ff00::/8"]);
export const isLoopback = (address: Address): boolean => isWithin(address, ["127.0.0.0/8", "::1/128"]);
export const isLinkLocal = (address: Address): boolean => isWithin(address, ["169.254.0.0/16", "fe80::/10"]);

/** Name of the address in the reverse tree of the DNS (RFC 1035, section 3.5; RFC 3596, section 2.5). */
export function reverseName({ version, value }: Address): string {
	if (version === 4) return `${printAddress({ version, value }).split(".").reverse().join(".")}.in-addr.arpa.`;
	return `${[...value.toString(16).padStart(32, "0")].reverse().join(".")}.ip6.arpa.`;
}
