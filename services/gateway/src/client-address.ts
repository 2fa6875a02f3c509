import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/**
 * Who a connection comes from: the peer, or, where that is a trusted proxy, the nearest address before it in `X-Forwarded-For` that is none.
 * @param trusted addresses and networks such as `10.0.0.0/8`
 */
export function createClientAddress(trusted: readonly string[]): (request: IncomingMessage) => string {
	const proxies = new BlockList();
	for (const entry of trusted) {
		const [address = "", prefix] = entry.split("/");
		const family = isIP(address) === 6 ? "ipv6" : "ipv4";
		if (prefix === undefined) proxies.addAddress(address, family);
		else proxies.addSubnet(address, Number(prefix), family);
	}
	const isProxy = (address: string) =>
		isIP(address) > 0 && proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
	return ({ socket, headers }) => {
		const forwarded = String(headers["x-forwarded-for"] ?? "").split(",");
		let address = plain(socket.remoteAddress ?? "");
		while (isProxy(address) && forwarded.length > 0) {
			const before = plain(forwarded.pop()?.trim() ?? "");
			if (isIP(before) === 0) break;
			address = before;
		}
		return address;
	};
}

/** An IPv4 address that an IPv6 socket reports, as such. */
function plain(address: string): string {
	return address.replace(/^::ffff:(?=\d+\.)/, "");
}
