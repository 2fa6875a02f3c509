import { ciscoSyntax, frrSyntax, nxosSyntax, xrSyntax } from "@netconductor/driver-platforms/cisco-config-syntax";
import { createRandom, type Random } from "@netconductor/lab/sim/random";
import { describe, expect, test } from "vitest";
import {
	canonical,
	compileSyntax,
	differences,
	editsBetween,
	mergeEdits,
	parseConfig,
	printConfig,
	readLines,
	typedCommands,
} from "./config-tree.ts";

const ios = compileSyntax(ciscoSyntax);
const frr = compileSyntax(frrSyntax);

function merged(config: string, lines: string[], syntax = ios): string {
	return printConfig(mergeEdits(parseConfig(config), readLines(lines, syntax), syntax));
}

/** What undoes `lines` on `config`, as it is typed. */
function inverse(config: string, lines: string[], syntax = ios): string[] {
	const before = parseConfig(config);
	return typedCommands(editsBetween(mergeEdits(before, readLines(lines, syntax), syntax), before, syntax), syntax);
}

const router = `hostname r1
!
interface GigabitEthernet0/1
 description to core
 ip address 192.0.2.1 255.255.255.0
 shutdown
!
router bgp 65001
 bgp router-id 192.0.2.1
 neighbor 192.0.2.9 remote-as 65009
 neighbor 192.0.2.9 description upstream
 !
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor 192.0.2.9 route-map IN in
 exit-address-family
!
ip route 203.0.113.0 255.255.255.0 192.0.2.9
ip access-list extended MGMT
 permit tcp any any eq 22
 deny ip any any
end
`;

describe("undoing", () => {
	test("a setting that exists once gets its old value back", () => {
		expect(inverse(router, ["interface GigabitEthernet0/1", " description to edge"])).toEqual([
			"interface GigabitEthernet0/1",
			"description to core",
		]);
		expect(inverse(router, ["interface GigabitEthernet0/1", " ip address 192.0.2.2 255.255.255.0"])).toEqual([
			"interface GigabitEthernet0/1",
			"ip address 192.0.2.1 255.255.255.0",
		]);
		expect(inverse(router, ["router bgp 65001", " neighbor 192.0.2.9 remote-as 65010"])).toEqual([
			"router bgp 65001",
			"neighbor 192.0.2.9 remote-as 65009",
		]);
	});

	test("a new setting is removed, and a removed one comes back", () => {
		expect(inverse(router, ["interface GigabitEthernet0/1", " mtu 9000", " no shutdown"])).toEqual([
			"interface GigabitEthernet0/1",
			"no mtu 9000",
			"shutdown",
		]);
		expect(inverse(router, ["no hostname"])).toEqual(["hostname r1"]);
	});

	test("a new neighbour goes with one line, whatever was said about it", () => {
		const lines = [
			"router bgp 65001",
			" neighbor 192.0.2.77 remote-as 65077",
			" neighbor 192.0.2.77 description new",
			" address-family ipv4 unicast",
			"  neighbor 192.0.2.77 route-map IN in",
		];
		expect(inverse(router, lines, frr)).toEqual(["router bgp 65001", "no neighbor 192.0.2.77"]);
	});

	test("a neighbour that was removed comes back with all of its lines, the one that makes it first", () => {
		expect(inverse(router, ["router bgp 65001", " no neighbor 192.0.2.9"], frr)).toEqual([
			"router bgp 65001",
			"neighbor 192.0.2.9 remote-as 65009",
			"neighbor 192.0.2.9 description upstream",
			"address-family ipv4 unicast",
			"neighbor 192.0.2.9 route-map IN in",
		]);
	});

	test("a section that cannot be removed is emptied", () => {
		const lines = ["interface eth9", " description new", " ip address 192.0.2.99/24"];
		expect(inverse(router, lines, frr)).toEqual(["interface eth9", "no ip address 192.0.2.99/24", "no description"]);
	});

	test("a list whose order counts is made anew", () => {
		const lines = ["ip access-list extended MGMT", " no permit tcp any any eq 22", " permit tcp any any eq 2222"];
		const after = parseConfig(merged(router, lines));
		const undone = mergeEdits(after, readLines(inverse(router, lines), ios), ios);
		expect(printConfig(undone)).toBe(printConfig(parseConfig(router)));
	});

	test("what the system stores in its negated form is told apart from what is absent", () => {
		const config = "no ip http server\ninterface Vlan1\n no ip address\n";
		expect(inverse(config, ["ip http server"])).toEqual(["no ip http server"]);
		expect(inverse(config, ["interface Vlan1", " ip address 192.0.2.1 255.255.255.0"])).toEqual([
			"interface Vlan1",
			"no ip address",
		]);
		expect(inverse("hostname r1\n", ["no ip http server"])).toEqual(["ip http server"]);
	});
});

describe("reading lines", () => {
	const typed = (lines: string[], syntax = ios) => typedCommands(readLines(lines, syntax), syntax);

	test("indented lines and flat ones mean the same", () => {
		const indented = [
			"router bgp 1",
			" address-family ipv4 unicast",
			"  network 192.0.2.0/24",
			"ip route 0.0.0.0/0 192.0.2.1",
		];
		const flat = [
			"router bgp 1",
			"address-family ipv4 unicast",
			"network 192.0.2.0/24",
			"ip route 0.0.0.0/0 192.0.2.1",
		];
		const spelled = [...flat.slice(0, 3), "exit-address-family", "exit", ...flat.slice(3)];
		const expected = [...flat.slice(0, 3), "exit", "exit", ...flat.slice(3)];
		expect(typed(indented, frr)).toEqual(expected);
		expect(typed(flat, frr)).toEqual(expected);
		expect(typed(spelled, frr)).toEqual(expected);
	});

	test("words that close an indented section close no other", () => {
		const lines = [
			"router bgp 1",
			" address-family ipv4 unicast",
			"  network 192.0.2.0/24",
			" exit-address-family",
			" neighbor 192.0.2.1 remote-as 2",
			"exit",
			"hostname r9",
		];
		expect(typed(lines, frr)).toEqual([
			"router bgp 1",
			"address-family ipv4 unicast",
			"network 192.0.2.0/24",
			"exit",
			"neighbor 192.0.2.1 remote-as 2",
			"exit",
			"hostname r9",
		]);
	});

	test("one section after the other of the same kind do not nest", () => {
		expect(typed(["interface Gi0/1", "shutdown", "interface Gi0/2", "shutdown"])).toEqual([
			"interface Gi0/1",
			"shutdown",
			"exit",
			"interface Gi0/2",
			"shutdown",
		]);
	});

	test("a policy of IOS XR is sent as it is and ends with its own word", () => {
		const lines = [
			"route-policy PASS",
			"  if destination in LOCAL then",
			"    pass",
			"  endif",
			"end-policy",
			"hostname r1",
		];
		expect(typed(lines, compileSyntax(xrSyntax))).toEqual(lines.map((line) => line.trim()));
	});

	test("`end`, comments and blank lines are not sent", () => {
		expect(typed(["!", "interface Gi0/1", " shutdown", "!", "", "end"])).toEqual(["interface Gi0/1", "shutdown"]);
	});
});

describe("what would change", () => {
	const changed = (config: string, lines: string[]) => {
		const before = parseConfig(config);
		const found = differences(before, mergeEdits(before, readLines(lines, ios), ios), ios);
		return found.map(({ sign, node, depth }) => `${sign}${" ".repeat(depth)}${node.line}`);
	};

	test("is shown with its sections, old values before new ones", () => {
		expect(changed(router, ["interface GigabitEthernet0/1", " description to edge", " mtu 9000"])).toEqual([
			" interface GigabitEthernet0/1",
			"- description to core",
			"+ description to edge",
			"+ mtu 9000",
		]);
	});

	test("is nothing when the lines are there already", () => {
		expect(changed(router, ["hostname r1", "interface GigabitEthernet0/1", " description to core", " no mtu"])).toEqual(
			[],
		);
	});
});

test("a banner is text, whatever stands in it", () => {
	const config = "hostname r1\nbanner motd ^C\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 1\n^C\nline vty 0 4\n";
	expect(printConfig(parseConfig(config))).toBe("hostname r1\nline vty 0 4\n");
});

test("a configuration that nests without end costs no more than its length", () => {
	const config = Array.from({ length: 20_000 }, (_, i) => `${" ".repeat(i % 3000)}x${i}`).join("\n");
	expect(parseConfig(config).children.length).toBeGreaterThan(0);
});

/** A configuration of routers' usual parts; keys are few, so that changes meet what is there. */
function randomLines(random: Random, syntax: typeof ios): string[] {
	const lines: string[] = [];
	const address = () => `192.0.2.${random.between(1, 6)}`;
	const maybe = (likelihood: number, ...given: string[]) => {
		if (random.next() < likelihood) lines.push(...given);
	};
	maybe(0.5, `hostname r${random.between(1, 3)}`);
	for (let port = 1; port <= 3; port++) {
		if (random.next() < 0.4) continue;
		lines.push(`interface ${random.pick(["Loopback", "eth", "Vlan"])}${port}`);
		maybe(0.5, ` description ${random.text(4)}`);
		maybe(0.4, ` ip address ${address()} 255.255.255.0`);
		maybe(0.3, " shutdown");
		maybe(0.2, ` mtu ${random.between(1400, 9000)}`);
	}
	if (random.next() < 0.8) {
		lines.push("router bgp 65001");
		maybe(0.5, ` bgp router-id ${address()}`);
		const peers = [address(), address(), address()].filter(() => random.next() < 0.6);
		for (const peer of new Set(peers)) {
			// NX-OS gathers what belongs to a neighbour below it.
			const nested = syntax.opensSection(`neighbor ${peer}`);
			const about = nested ? " " : ` neighbor ${peer}`;
			if (nested) lines.push(` neighbor ${peer}`);
			lines.push(`${about} remote-as ${random.between(65001, 65005)}`);
			maybe(0.5, `${about} description ${random.text(4)}`);
			maybe(0.3, `${about} password ${random.text(6)}`);
		}
		if (random.next() < 0.7) {
			lines.push(" address-family ipv4 unicast");
			for (const peer of syntax.opensSection("neighbor 192.0.2.1") ? [] : new Set(peers))
				maybe(0.5, `  neighbor ${peer} route-map ${random.text(1, "AB")} in`);
			for (let net = 1; net <= 3; net++) maybe(0.5, `  network 198.51.100.${net * 32}/27`);
		}
	}
	for (let net = 1; net <= 4; net++) maybe(0.4, `ip route 203.0.113.${net * 32}/27 ${address()}`);
	if (random.next() < 0.5 && syntax.opensSection("ip access-list extended LIST")) {
		lines.push("ip access-list extended LIST");
		for (const port of new Set([22, 80, 443, 53].map(() => random.pick([22, 80, 443, 53])))) {
			lines.push(` permit tcp any any eq ${port}`);
		}
	}
	maybe(0.3, "no ip http server");
	// A section without lines is one that the system would not show.
	return printConfig(canonical(parseConfig(lines.join("\n")), { ...syntax, isOrdered: () => true }))
		.split("\n")
		.filter(Boolean);
}

/** Lines that change `config`: what another configuration has, and removals of what is there. */
function randomChange(config: string[], random: Random, syntax: typeof ios): string[] {
	const added = randomLines(random, syntax);
	const path: string[] = [];
	const removals = config.flatMap((line) => {
		const depth = line.length - line.trimStart().length;
		path.splice(depth);
		path.push(line.trim());
		if (random.next() > 0.15 || line.trim().startsWith("no ")) return [];
		const above = path.slice(0, depth).map((header, i) => " ".repeat(i) + header);
		return [...above, `${" ".repeat(depth)}no ${line.trim()}`];
	});
	return random.next() < 0.5 ? [...added, ...removals] : [...removals, ...added];
}

test.each([
	["IOS", ciscoSyntax],
	["FRR", frrSyntax],
	["NX-OS", nxosSyntax],
])("whatever is changed on %s, the inverse brings back what was there (1,000 changes)", (_name, definition) => {
	const syntax = compileSyntax(definition);
	for (let seed = 0; seed < 1_000; seed++) {
		const random = createRandom(`change/${seed}`);
		const config = randomLines(random, syntax);
		const lines = randomChange(config, random, syntax);
		const before = parseConfig(config.join("\n"));
		const after = mergeEdits(before, readLines(lines, syntax), syntax);
		const undo = typedCommands(editsBetween(after, before, syntax), syntax);
		const undone = mergeEdits(after, readLines(undo, syntax), syntax);
		const said = `seed ${seed}\n${config.join("\n")}\n-- changed by\n${lines.join("\n")}\n-- undone by\n${undo.join("\n")}`;
		expect(printConfig(canonical(undone, syntax)), said).toBe(printConfig(canonical(before, syntax)));
		expect(editsBetween(before, before, syntax)).toEqual([]);
	}
});

test("whatever is given as lines or as a configuration is read, and what is typed is read as what was meant", () => {
	const words = [
		"no",
		"exit",
		"end",
		"!",
		"interface",
		"router",
		"x",
		"address-family",
		"route-policy",
		"end-policy",
		"^C",
		"  ",
	];
	const syntaxes = [ciscoSyntax, frrSyntax, xrSyntax].map(compileSyntax);
	for (let seed = 0; seed < 500; seed++) {
		const random = createRandom(`garbage/${seed}`);
		const lines = Array.from({ length: random.between(0, 30) }, () => {
			const said = Array.from({ length: random.between(0, 4) }, () => random.pick(words)).join(" ");
			return " ".repeat(random.between(0, 5)) + said;
		});
		const config = parseConfig(lines.join("\n"));
		for (const syntax of syntaxes) {
			const edits = readLines(lines, syntax);
			expect(() => mergeEdits(config, edits, syntax)).not.toThrow();
			for (const command of typedCommands(edits, syntax)) expect(command).toMatch(/^\S/);
		}
	}
});

test("a policy in a language of its own is a text, and comes back whole", () => {
	const xr = compileSyntax(xrSyntax);
	const policy = (lines: string[]) =>
		parseConfig(
			["route-policy PASS", ...lines, "end-policy", "!", "router bgp 65001", " bgp router-id 192.0.2.1"].join("\n"),
			xr,
		);
	const wanted = policy([
		"  if destination in A then",
		"    pass",
		"  elseif destination in B then",
		"    pass",
		"  endif",
	]);
	const edits = editsBetween(policy(["  if destination in A then", "    pass", "  endif"]), wanted, xr);
	expect(typedCommands(edits, xr)).toEqual([
		"no route-policy PASS",
		"route-policy PASS",
		"if destination in A then",
		"pass",
		"elseif destination in B then",
		"pass",
		"endif",
		"end-policy",
	]);
});

test("what stands after a banner is read, with whatever it ends", () => {
	const after = (banner: string) => parseConfig(`${banner}\nhostname r1\n`).children.map(({ line }) => line);
	expect(after("banner login\nno ip routing\nEOF")).toEqual(["hostname r1"]);
	expect(after("banner motd ^C\nno ip routing\n^C")).toEqual(["hostname r1"]);
	expect(after("banner motd line hey you")).toContain("hostname r1");
	expect(after("banner motd")).toContain("hostname r1");
});
