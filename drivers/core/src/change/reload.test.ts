import { frr } from "@netconductor/driver-platforms/frr";
import { expect, test } from "vitest";
import { parseConfig } from "./config-tree.ts";
import { syntaxOf } from "./mechanism.ts";
import { shorterRemovals } from "./reload.ts";

const wanted = parseConfig(
	[
		"ip route 192.0.2.0/24 blackhole",
		"router bgp 65001",
		" neighbor 10.0.0.1 remote-as 65002",
		" address-family ipv4 unicast",
		"  neighbor 10.0.0.1 activate",
	].join("\n"),
	syntaxOf(frr.change),
);

test("a removal that was rejected loses its last words, down to two", () => {
	expect(shorterRemovals("bgp max-med on-startup 10 5", ["router bgp 65001"], wanted)).toEqual([
		"bgp max-med on-startup 10",
		"bgp max-med on-startup",
		"bgp max-med",
	]);
});

test("a removal is never cut so short that it names a line that is wanted", () => {
	expect(shorterRemovals("neighbor 10.0.0.1 foo bar", ["router bgp 65001"], wanted)).toEqual(["neighbor 10.0.0.1 foo"]);
	expect(shorterRemovals("router bgp 65001 view other", [], wanted)).toEqual(["router bgp 65001 view"]);
});

test("what is wanted in the sections around it counts, too: vtysh looks for a line there", () => {
	const path = ["router bgp 65001", "address-family ipv6 unicast"];
	expect(shorterRemovals("neighbor 10.0.0.1 weight 5", path, wanted)).toEqual(["neighbor 10.0.0.1 weight"]);
	expect(shorterRemovals("ip route 198.51.100.0/24", path, wanted)).toEqual([]);
});
