import { expect, test } from "vitest";
import { differences } from "./compare.ts";

test("the order of keys means nothing", () => {
	expect(differences({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toEqual([]);
});

test("a difference is told as deep as it is, entries of lists by their names", () => {
	const before = {
		services: [
			{ name: "bgp", variables: { asn: 1, peers: [1, 2] } },
			{ name: "ntp", variables: {} },
		],
	};
	const after = {
		services: [
			{ name: "bgp", variables: { asn: 2, peers: [1] } },
			{ name: "dns", variables: {} },
		],
	};
	expect(differences(before, after)).toEqual([
		{ path: "services.bgp.variables.asn", before: 1, after: 2 },
		{ path: "services.bgp.variables.peers", before: [1, 2], after: [1] },
		{ path: "services.ntp", before: { name: "ntp", variables: {} }, after: undefined },
		{ path: "services.dns", before: undefined, after: { name: "dns", variables: {} } },
	]);
});

test("another order of a list is a difference", () => {
	const [a, b] = [{ name: "a" }, { name: "b" }];
	expect(differences({ checks: [a, b] }, { checks: [b, a] })).toEqual([
		{ path: "checks", before: [a, b], after: [b, a] },
	]);
});
