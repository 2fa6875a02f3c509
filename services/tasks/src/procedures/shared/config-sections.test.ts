import { compilePattern } from "@netconductor/runtime/pattern";
import { expect, test } from "vitest";
import { sectionsWith } from "./config-sections.ts";

const config = `interface eth0
 description uplink
!
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
 address-family ipv4 unicast
  network 192.0.2.0/24
  neighbor 10.0.0.2 route-map IN in
 exit-address-family
exit
route-map IN permit 10
`;
const sections = (pattern: string) => sectionsWith(config, compilePattern(pattern)).split("\n").slice(0, -1);

test("a line is kept with all that stands below it", () => {
	expect(sections("^address-family")).toEqual([
		"router bgp 65001",
		" address-family ipv4 unicast",
		"  network 192.0.2.0/24",
		"  neighbor 10.0.0.2 route-map IN in",
	]);
});

test("several lines of one section share the lines above them", () => {
	expect(sections("10\\.0\\.0\\.2")).toEqual([
		"router bgp 65001",
		" neighbor 10.0.0.2 remote-as 65002",
		" address-family ipv4 unicast",
		"  neighbor 10.0.0.2 route-map IN in",
	]);
});

test("what no line matches is nothing, what every line matches is all of it", () => {
	expect(sections("^nothing$")).toEqual([]);
	expect(sections(".")).toEqual(config.trimEnd().split("\n"));
});
