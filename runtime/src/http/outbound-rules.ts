import { BlockList, isIP, SocketAddress } from "node:net";

/** What requests to the world outside may reach. */
export interface OutboundRules {
	/** Whether a host may be asked by its name: a name that is allowed may have any address, one that is denied none. */
	ofName(host: string): "allowed" | "denied" | "by_address";
	/** Why an address may not be reached, for people; undefined where it may. */
	whyNot(address: string): string | undefined;
}

/** Where nothing is that a webhook is meant for, and where much is that only this machine should reach. */
const deniedByDefault: readonly [range: string, what: string][] = [
	["0.0.0.0/8", "no address of a host"],
	["127.0.0.0/8", "this machine itself"],
	["169.254.0.0/16", "link-local, where clouds keep their metadata"],
	["100.100.100.200/32", "a cloud's metadata"],
	["168.63.129.16/32", "a cloud's metadata"],
	["192.0.0.192/32", "a cloud's metadata"],
	["224.0.0.0/4", "multicast"],
	["240.0.0.0/4", "reserved or broadcast"],
	["::/128", "no address of a host"],
	["::1/128", "this machine itself"],
	["fe80::/10", "link-local"],
	["fd00:ec2::/32", "a cloud's metadata"],
	["fd20:ce::/32", "a cloud's metadata"],
	["fd00:c1::/32", "a cloud's metadata"],
	["fd00:42::/32", "a cloud's metadata"],
	["64:ff9b:1::/48", "translated to an address that only its network knows (RFC 8215)"],
	["ff00::/8", "multicast"],
];

/**
 * Rules of addresses (`192.0.2.1`), networks (`10.0.0.0/8`) and host names (`hooks.example.net`, `*.example.net`). What `allow` names is reached in
 * any case, then what `deny` names is not, then what is denied by default is not, and all else is, private networks too.
 * @throws TypeError for an entry that `isOutboundRule` refuses
 */
export function createOutboundRules({
	allow,
	deny,
}: {
	allow: readonly string[];
	deny: readonly string[];
}): OutboundRules {
	const allowed = readEntries(allow);
	const denied = readEntries(deny);
	const defaults = deniedByDefault.map(([range, what]) => ({ ...readEntries([range]), what }));
	return {
		ofName(host) {
			if (allowed.hasName(host)) return "allowed";
			return denied.hasName(host) ? "denied" : "by_address";
		},
		whyNot(given) {
			// A zone says which way a link-local address is meant, not what it is.
			const address = given.replace(/%.*$/, "");
			const reasons = addressesMeant(address).map((one) => {
				if (allowed.hasAddress(one)) return undefined;
				if (denied.hasAddress(one)) return "denied by the configuration";
				return defaults.find(({ hasAddress }) => hasAddress(one))?.what;
			});
			return reasons.find((reason) => reason !== undefined);
		},
	};
}

/** Whether it is an address, a network or a host name, the last one also with `*.` before it. */
export function isOutboundRule(entry: string): boolean {
	if (entry.includes("%")) return false;
	const network = /^([^/]+)\/(\d{1,3})$/.exec(entry);
	if (network !== null) {
		const [, address = "", length = ""] = network;
		const family = isIP(address);
		return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
	}
	if (isIP(entry) !== 0) return true;
	// Four numbers that are no address are a mistake, not a name.
	return (
		/^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(entry) &&
		!/^[\d.]+$/.test(entry)
	);
}

interface Entries {
	hasName(host: string): boolean;
	hasAddress(address: string): boolean;
}

function readEntries(entries: readonly string[]): Entries {
	// One list of both would hold IPv4 addresses against networks such as ::/0 too.
	const networks = { 4: new BlockList(), 6: new BlockList() };
	const names = new Set<string>();
	const domains: string[] = [];
	for (const entry of entries) {
		if (!isOutboundRule(entry)) throw new TypeError(`${entry} is no address, network or host name`);
		const [address = "", length] = entry.split("/");
		const family = isIP(address);
		if (family === 4) networks[4].addSubnet(address, Number(length ?? 32), "ipv4");
		else if (family === 6) networks[6].addSubnet(address, Number(length ?? 128), "ipv6");
		else if (entry.startsWith("*.")) domains.push(entry.slice(1).toLowerCase());
		else names.add(entry.toLowerCase());
	}
	return {
		hasName: (host) => names.has(host) || domains.some((domain) => host.endsWith(domain)),
		hasAddress: (address) => (isIP(address) === 6 ? networks[6].check(address, "ipv6") : networks[4].check(address)),
	};
}

/**
 * An address, and the IPv4 addresses that it leads to: translated (RFC 6052, RFC 2765), 6to4 (RFC 3056), Teredo (RFC 4380: server, and client with its
 * bits turned), compatible. A mapped one is just that one.
 */
function addressesMeant(address: string): string[] {
	if (isIP(address) !== 6) return [address];
	const groups = groupsOf(address);
	const [a = 0, b = 0] = groups;
	const ipv4 = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join(".");
	const last = ipv4(groups[6], groups[7]);
	const leads = (prefix: number[]) => prefix.every((group, index) => groups[index] === group);
	if (leads([0, 0, 0, 0, 0, 0xffff])) return [last];
	if (a === 0x2002) return [address, ipv4(b, groups[2])];
	if (leads([0x2001, 0])) {
		const turned = (group = 0) => group ^ 0xffff;
		return [address, ipv4(groups[2], groups[3]), ipv4(turned(groups[6]), turned(groups[7]))];
	}
	// A network may also put it elsewhere in its own range: then nobody can tell.
	const own = leads([0x64, 0xff9b, 1]) && groups[4] === 0 && groups[5] === 0 && groups[6] !== 0;
	// Not ::1 and ::, which are rules of their own.
	const compatible = leads([0, 0, 0, 0, 0, 0]) && groups[6] !== 0;
	const translated = leads([0x64, 0xff9b, 0, 0, 0, 0]) || leads([0, 0, 0, 0, 0xffff, 0]);
	return compatible || translated || own ? [address, last] : [address];
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
	// Node writes it in one form, whichever way it was given.
	const plain = new SocketAddress({ address, family: "ipv6" }).address;
	const hex = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
		const [w = 0, x = 0, y = 0, z = 0] = parts.slice(0, 4).map(Number);
		return `${((w << 8) | x).toString(16)}:${((y << 8) | z).toString(16)}`;
	});
	const [left = "", right] = hex.split("::");
	const numbers = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
	const [before, after] = [numbers(left), numbers(right ?? "")];
	return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
