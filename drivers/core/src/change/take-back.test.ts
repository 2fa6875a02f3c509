import { ciscoSyntax, frrSyntax, xrSyntax } from "@netconductor/driver-platforms/cisco-config-syntax";
import { createRandom } from "@netconductor/lab/sim/random";
import { expect, test } from "vitest";
import { canonical, compileSyntax, mergeEdits, parseConfig, printConfig, readLines } from "./config-tree.ts";
import { takeBack } from "./take-back.ts";

const ios = compileSyntax(ciscoSyntax);

const before = `hostname r1
interface GigabitEthernet0/1
 description to core
 mtu 1500
interface Loopback7
 description ours or theirs
router bgp 65001
 neighbor 192.0.2.9 remote-as 65009
ip access-list extended MGMT
 permit tcp any any eq 22
 deny ip any any
`;

/** The configuration once we changed it, then others, and ours was taken back. */
function left(ours: string[], theirs: string[], syntax = ios, start = before): string {
	const wanted = parseConfig(start, syntax);
	const after = mergeEdits(wanted, readLines(ours, syntax), syntax);
	const now = mergeEdits(after, readLines(theirs, syntax), syntax);
	return printConfig(takeBack(now, after, wanted, syntax));
}

function merged(lines: string[]): string {
	return printConfig(mergeEdits(parseConfig(before), readLines(lines, ios), ios));
}

test("what others added beside ours stays, and ours goes", () => {
	const theirs = ["interface GigabitEthernet0/1", " shutdown", "ip route 203.0.113.0 255.255.255.0 Null0"];
	const ours = [
		"interface GigabitEthernet0/1",
		" description ours",
		"router bgp 65001",
		" neighbor 192.0.2.7 remote-as 7",
	];
	expect(left(ours, theirs)).toBe(merged(theirs));
});

test("a value of ours that others set anew, or removed, stays as they left it", () => {
	const ours = ["interface GigabitEthernet0/1", " description ours", " mtu 9000"];
	const set = ["interface GigabitEthernet0/1", " description theirs"];
	expect(left(ours, set)).toBe(merged(set));
	const removed = ["interface GigabitEthernet0/1", " no description"];
	expect(left(ours, removed)).toBe(merged(removed));
});

test("a section that others removed is not made anew for a line of it", () => {
	const removed = ["no interface Loopback7"];
	expect(left(["interface Loopback7", " description ours"], removed)).toBe(merged(removed));
});

test("what we removed comes back, save where others have put something in its place", () => {
	const ours = ["no interface Loopback7", "interface GigabitEthernet0/1", " no mtu"];
	expect(left(ours, [])).toBe(left([], []).replace(/(interface Loopback7\n.*\n)/, "$1"));
	expect(left(ours, ["interface Loopback7", " description theirs"])).toContain(" description theirs");
});

test("a section that we made stays with what others put into it", () => {
	const ours = ["interface Loopback8", " description ours", " mtu 1400"];
	expect(left(ours, ["interface Loopback8", " shutdown"])).toBe(merged(["interface Loopback8", " shutdown"]));
	expect(left(ours, ["interface Loopback8", " mtu 1300"])).toBe(merged(["interface Loopback8", " mtu 1300"]));
});

test("an ordered list that others edited after us stays as they left it", () => {
	const ours = ["ip access-list extended MGMT", " no permit tcp any any eq 22"];
	const theirs = ["ip access-list extended MGMT", " permit icmp any any"];
	expect(left(ours, theirs)).toBe(merged([...ours, ...theirs.slice(1)]));
	expect(left(ours, [])).toBe(before);
});

test("a policy that others edited after us stays as they left it", () => {
	const xr = compileSyntax(xrSyntax);
	const policy = (...lines: string[]) => `route-policy P\n ${lines.join("\n ")}\n end-policy\nhostname r1\n`;
	const [wanted, after, now] = [policy("pass"), policy("drop"), policy("drop", "done")].map((text) =>
		parseConfig(text, xr),
	);
	if (wanted === undefined || after === undefined || now === undefined) throw new Error("unreachable");
	expect(printConfig(takeBack(now, after, wanted, xr))).toBe(policy("drop", "done"));
	expect(printConfig(takeBack(after, after, wanted, xr))).toContain(" pass\n end-policy");
});

test("whatever others change elsewhere, it stays, and nothing of ours does (1,000 changes)", () => {
	const frr = compileSyntax(frrSyntax);
	const start = "router bgp 65001\n neighbor 10.0.0.1 remote-as 65001\n neighbor 10.0.0.2 remote-as 65002\n";
	const random = createRandom("take-back");
	const some = (lines: string[]) => lines.filter(() => random.next() < 0.5);
	const about = (n: number) => [
		`ip route 198.51.100.${n}/32 blackhole`,
		`ip prefix-list L${n} seq 5 permit any`,
		"router bgp 65001",
		...some([` neighbor 10.0.0.${n} remote-as 6500${n}`, ` neighbor 10.0.0.${n} description n${n}`]),
		...some([` no neighbor 10.0.0.${n}`, ` network 198.51.100.${n}/32`]),
		" address-family ipv4 unicast",
		...some([`  neighbor 10.0.0.${n} maximum-prefix 5`, `  network 203.0.113.${n}/32`]),
	];
	const same = (text: string) => printConfig(canonical(parseConfig(text), frr));
	for (let i = 0; i < 1_000; i++) {
		const [ours, theirs] = [about(random.pick([1, 3])), about(random.pick([2, 4]))];
		const expected = printConfig(mergeEdits(parseConfig(start), readLines(theirs, frr), frr));
		expect(same(left(ours, theirs, frr, start))).toBe(same(expected));
	}
});
