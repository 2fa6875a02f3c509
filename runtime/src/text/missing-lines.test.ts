import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLines } from "./missing-lines.ts";

const running = `!
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 description to r2
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
exit
!
ip route 198.51.100.0/24 10.0.0.2
end
`;

test("lines that stand there in any order, in their sections, are not missing", () => {
	const wanted =
		"ip  route 198.51.100.0/24 10.0.0.2\nrouter bgp 65001\n  address-family ipv4 unicast\n   network 192.0.2.0/24\n";
	expect(compareLines(wanted, running)).toEqual({ missing: [], unwanted: [] });
});

test("what is missing is named with its sections, also when the same line stands in another section", () => {
	const wanted = "router bgp 65001\n network 192.0.2.0/24\n neighbor 10.0.0.3 remote-as 65003\n";
	expect(compareLines(wanted, running).missing).toEqual([
		"router bgp 65001 / network 192.0.2.0/24",
		"router bgp 65001 / neighbor 10.0.0.3 remote-as 65003",
	]);
});

test("what should be gone and stands there is named, also when more hangs on it", () => {
	const wanted =
		"no ip route 203.0.113.0/24 10.0.0.9\nrouter bgp 65001\n no neighbor 10.0.0.2\n no neighbor 10.0.0.20\n";
	expect(compareLines(wanted, running)).toEqual({ missing: [], unwanted: ["router bgp 65001 / neighbor 10.0.0.2"] });
});

test("any configuration has all of its own lines", () => {
	const line = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom("a b", "c", "neighbor 1", "exit", "!", "x  y"));
	fc.assert(
		fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
			const text = lines.map(([indent, words]) => " ".repeat(indent) + words).join("\n");
			expect(compareLines(text, text)).toEqual({ missing: [], unwanted: [] });
		}),
	);
});
