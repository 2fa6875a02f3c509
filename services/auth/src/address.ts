import { isIPv4, isIPv6 } from "node:net";

/**
 * The network that counts as one origin: an IPv4 address, or the /64 that one IPv6 subscriber has to choose addresses from.
 * What is not an address is one origin together, `unknown`.
 */
export function networkOf(ip: string | undefined): string {
	const address = (ip ?? "").replace(/%.*$/, "");
	if (isIPv4(address)) return address;
	if (!isIPv6(address)) return "unknown";
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	const [head = "", tail] = address.split("::");
	const groupsOf = (part: string) => (part === "" ? [] : part.split(":"));
	const first = groupsOf(head);
	const last = tail === undefined ? [] : groupsOf(tail);
	// An IPv4 tail fills two groups. Only the first four groups matter, so it need not be read.
	const tailLength = last.length + (last.at(-1)?.includes(".") ? 1 : 0);
	const filled =
		tail === undefined ? first : [...first, ...Array(Math.max(0, 8 - first.length - tailLength)).fill("0"), ...last];
	const prefix = filled.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
	return `${prefix.join(":")}::/64`;
}
