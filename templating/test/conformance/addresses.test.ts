import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { at, type Network, printAddress, printNetwork, readAddress, readNetwork } from "../../src/addresses.ts";
import { defaultLimits } from "../../src/limits.ts";
import { renderSets } from "../../src/thread.ts";
import { type AddressCall, addressCalls } from "./address-calls.ts";
import { addressTestCalls } from "./address-test-calls.ts";
import { dataCalls } from "./data-calls.ts";
import { askPython } from "./oracle.ts";

type Answer = { value: unknown } | { error: string };

/**
 * What Ansible 7.7 (ansible-core 2.14, ansible.utils 2.10.3, netaddr 0.8 of Debian 12) answered to each call:
 * `node templating/test/conformance/record-ansible.ts`.
 */
function recordedIn(name: string): [...AddressCall, Answer][] {
	const lines = readFileSync(join(import.meta.dirname, name), "utf8")
		.trim()
		.split("\n");
	return lines.map((line) => JSON.parse(line));
}

function call([filter, value, args]: AddressCall): Answer {
	const names = args.map((_, index) => `a${index}`);
	const [outcome] = renderSets({
		entry: "call",
		templates: {
			call: `{{ (value ${filter.startsWith("is ") ? filter : `|${filter}`}(${names.join(", ")}))|to_json }}`,
		},
		settings: {},
		shared: {},
		sets: [{ value, ...Object.fromEntries(args.map((arg, index) => [`a${index}`, arg])) }],
		limits: defaultLimits,
	});
	if (outcome === undefined || "fault" in outcome) return { error: outcome?.fault.message ?? "" };
	return { value: JSON.parse(outcome.text) };
}

/** Where Ansible's answer is not a right one, with ours: the first addresses of IPv6 that it takes for IPv4, and failures. */
const knownBetter: [...AddressCall, Answer][] = [
	["ipaddr", "::/0", ["first_usable"], { value: "::1" }],
	["ipaddr", "::/0", ["next_usable"], { value: "::1" }],
	["ipaddr", "::/0", ["range_usable"], { value: "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" }],
	["ipaddr", "::/0", ["previous_usable"], { value: null }],
	["ipaddr", "0.0.0.0/0", ["previous_usable"], { value: null }],
	["ipaddr", "::/0", ["ipv4"], { value: "0.0.0.0/0" }],
	["ipv6", 3221225985, [], { value: "::c000:201" }],
	["ipv6", "3221225985", [], { value: "::c000:201" }],
	["ipwrap", 3221225985, [], { value: "192.0.2.1" }],
];

/** Masks of networks that are larger than /7, which Ansible holds against 10.0.0.0; and what Python reads with a zone. */
const masksOfAnySize: [...AddressCall, Answer][] = [
	["is ipv4_netmask", "0.0.0.0", [], { value: true }],
	["is ipv4_netmask", "128.0.0.0", [], { value: true }],
	["is ipv4_hostmask", "127.255.255.255", [], { value: true }],
	...["ip", "ip_address", "ipv6", "ipv6_address", "private"].map((name): [...AddressCall, Answer] => [
		`is ${name}`,
		"fe80::1%eth0",
		[],
		{ value: false },
	]),
	["is mac", "1a2b3c4d5e6f\n", [], { value: false }],
];

/** Where ours is a number by YAML 1.2 too: PyYAML takes `1e3` for a string. */
const knownOtherwise: [...AddressCall, Answer][] = [["from_yaml", "h: 1e3\n", [], { value: { h: 1000 } }]];

test.each([
	["of addresses", "ansible-answers.jsonl", addressCalls, knownBetter],
	["of data, patterns and sets", "ansible-data-answers.jsonl", dataCalls, knownOtherwise],
	["that are tests of addresses", "ansible-test-answers.jsonl", addressTestCalls, masksOfAnySize],
] as const)("filters %s answer what Ansible's answer, and fail where those fail", (_, name, calls, otherwise) => {
	const recorded = recordedIn(name);
	expect(recorded.map(([filter, value, args]) => [filter, value, args])).toEqual(calls);
	const known = new Map(
		otherwise.map(([filter, value, args, answer]) => [JSON.stringify([filter, value, args]), answer]),
	);
	const wrong = recorded.flatMap(([filter, value, args, theirs]) => {
		const one: AddressCall = [filter, value, args];
		const expected = known.get(JSON.stringify(one)) ?? theirs;
		const ours = call(one);
		const same =
			"error" in expected || "error" in ours
				? "error" in expected && "error" in ours
				: isSame(ours.value, expected.value);
		return same ? [] : [{ call: one, ours, expected }];
	});
	expect(wrong).toEqual([]);
	for (const [filter, value, args, answer] of otherwise) {
		const theirs = recorded.find(
			(one) => JSON.stringify(one.slice(0, 3)) === JSON.stringify([filter, value, args]),
		)?.[3];
		expect(theirs).toBeDefined();
		expect(theirs).not.toEqual(answer);
	}
});

const isSame = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);

const address4 = fc.bigInt(0n, 2n ** 32n - 1n);
const groups = fc.array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 0xffffn)), { minLength: 8, maxLength: 8 });
const address6 = groups.map((parts) => parts.reduce((value, part) => (value << 16n) | part, 0n));
const network = fc.oneof(
	fc.record({ version: fc.constant(4 as const), value: address4, prefix: fc.integer({ min: 0, max: 32 }) }),
	fc.record({ version: fc.constant(6 as const), value: address6, prefix: fc.integer({ min: 0, max: 128 }) }),
);

test("an address that is printed reads as the same address", () => {
	fc.assert(
		fc.property(network, (given) => {
			expect(readAddress(printAddress(given))).toEqual({ version: given.version, value: given.value });
			expect(readNetwork(printNetwork(given))).toEqual(given);
		}),
	);
});

test("no text but an address reads as one", () => {
	const texts = [
		"",
		"1.2.3",
		"1.2.3.4.5",
		"01.2.3.4",
		"1.2.3.256",
		"1.2.3.4 ",
		"0x1.2.3.4",
		":::",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"::1%eth0",
		"g::",
		"1:2:3:4:5:6:7::8",
		"::1.2.3",
		"1.2.3.4::",
	];
	for (const text of texts) expect(readAddress(text), text).toBeUndefined();
	fc.assert(
		fc.property(fc.string(), (text) => {
			expect(() => readNetwork(text)).not.toThrow();
		}),
	);
});

interface PythonNetwork {
	text: string;
	network: string;
	broadcast: string;
	netmask: string;
	hostmask: string;
	size: string;
	reverse: string;
	is_loopback: boolean;
	is_link_local: boolean;
	is_multicast: boolean;
}

test("network, broadcast, masks, size and name in the DNS are those of Python's ipaddress", async () => {
	const given: Network[] = fc.sample(network, { numRuns: 500, seed: 5 });
	const theirs = await askPython<PythonNetwork[]>(
		"ipaddress-oracle.py",
		given.map((one) => [one.version, one.value.toString(), one.prefix]),
	);
	for (const [index, one] of given.entries()) {
		const text = printNetwork(one);
		const expected = theirs[index] as PythonNetwork;
		expect(text).toBe(expected.text);
		const ask = (query: string) => {
			const answer = call(["ipaddr", text, [query]]);
			return "value" in answer ? answer.value : answer;
		};
		expect(ask("network"), text).toBe(expected.network);
		expect(ask("netmask"), text).toBe(expected.netmask);
		expect(ask("hostmask"), text).toBe(expected.hostmask);
		expect(ask("revdns"), text).toBe(`${expected.reverse}.`);
		if (BigInt(expected.size) > 2n) expect(ask("broadcast"), text).toBe(expected.broadcast);
		expect(call(["ipaddr", text, ["-1"]]), text).toEqual({
			value: BigInt(expected.size) === 1n ? text : `${expected.broadcast}/${one.prefix}`,
		});
		expect(ask("loopback") !== null, text).toBe(expected.is_loopback);
		expect(ask("link-local") !== null, text).toBe(expected.is_link_local);
		expect(ask("multicast") !== null, text).toBe(expected.is_multicast);
		expect(at(one.version, one.value)).toBe(text.split("/")[0]);
	}
});

test("merged networks hold the same addresses in the fewest networks, as Python collapses them", async () => {
	const small = fc.record({
		version: fc.constant(4 as const),
		value: fc.bigInt(0xc0000200n, 0xc000020fn),
		prefix: fc.integer({ min: 28, max: 32 }),
	});
	const small6 = fc.record({
		version: fc.constant(6 as const),
		value: fc.bigInt(0n, 31n),
		prefix: fc.integer({ min: 122, max: 128 }),
	});
	const lists = fc.sample(fc.array(fc.oneof(small, small6), { minLength: 1, maxLength: 12 }), {
		numRuns: 200,
		seed: 6,
	});
	const texts = lists.map((list) => list.map(printNetwork));
	const theirs = await askPython<string[][]>("collapse-oracle.py", texts);
	for (const [index, list] of texts.entries())
		expect(call(["cidr_merge", list, []]), list.join(" ")).toEqual({ value: theirs[index] });
});

test("VLANs are read and written in ranges, and lines as IOS breaks them", () => {
	expect(call(["vlan_range", [1, 2, 3, 5, "10-12", "7"], []])).toEqual({ value: "1-3,5,7,10-12" });
	expect(call(["vlan_range", [20, 10, 11, 10], []])).toEqual({ value: "10-11,20" });
	expect(call(["vlan_expand", "1-3, 5", []])).toEqual({ value: [1, 2, 3, 5] });
	// The example of ansible.netcommon's documentation.
	expect(call(["vlan_parser", [3003, 3004, 3005, 100, 1688, 3002, 3999], []])).toEqual({
		value: ["100,1688,3002-3005,3999"],
	});
	const many = Array.from({ length: 30 }, (_, index) => 100 + index * 2);
	const lines = call(["vlan_parser", many, []]);
	expect(lines).toEqual({
		value: [
			"100,102,104,106,108,110,112,114,116,118,120,122",
			"124,126,128,130,132,134,136,138,140,142,144",
			"146,148,150,152,154,156,158",
		],
	});
	for (const bad of [[0], [4095], ["5-1"], ["a"], ["1-2-3"], [1.5]])
		expect(call(["vlan_range", bad, []])).toHaveProperty("error");
	fc.assert(
		fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 4094 }), { minLength: 1, maxLength: 200 }), (vlans) => {
			const range = call(["vlan_range", vlans, []]) as { value: string };
			expect(call(["vlan_expand", range.value, []])).toEqual({ value: vlans.toSorted((a, b) => a - b) });
		}),
		{ numRuns: 30 },
	);
});
