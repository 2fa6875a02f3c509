import { expect, test } from "vitest";
import { networkOf } from "./address.ts";

test.each([
	["192.0.2.7", "192.0.2.7"],
	["::ffff:192.0.2.7", "192.0.2.7"],
	["2001:db8:0:1::5", "2001:db8:0:1::/64"],
	["2001:0DB8:0:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"],
	["::1", "0:0:0:0::/64"],
	["fe80::1%eth0", "fe80:0:0:0::/64"],
	["1::192.0.2.1", "1:0:0:0::/64"],
	["not an address", "unknown"],
	[undefined, "unknown"],
])("%s counts as %s", (ip, network) => {
	expect(networkOf(ip)).toBe(network);
});
