import { covers } from "@netconductor/contracts/kernel/actor";

/** What a role gives: what may be done, and on the devices of which groups; null: on every device. */
export interface Grants {
	permissions: readonly string[];
	device_groups: readonly string[] | null;
}

/**
 * Whether someone who holds `held` may hand out `wanted`: every grant wanted is covered by one held.
 * Wildcards are compared as such: all actions of a resource one by one do not make `devices:*`, which also means tomorrow's.
 */
export function grantsWithin(held: readonly string[], wanted: readonly string[]): boolean {
	return wanted.every((grant) => held.some((mine) => covers(mine, grant)));
}

/** The grants of `wanted` that `held` does not cover, for the error. */
export function grantsBeyond(held: readonly string[], wanted: readonly string[]): string[] {
	return wanted.filter((grant) => !grantsWithin(held, [grant]));
}

/**
 * The groups of `wanted` that `held` does not have, for the error; "every device" where that is wanted by who does not have it. Groups are compared
 * as such: whoever has two groups with all devices of a third does not have the third, which may grow.
 */
export function groupsBeyond(held: readonly string[] | undefined, wanted: readonly string[] | null): string[] {
	if (held === undefined) return [];
	return wanted === null ? ["every device"] : wanted.filter((group) => !held.includes(group));
}

/** The grants that permit exactly what both lists permit. */
export function commonGrants(one: readonly string[], other: readonly string[]): string[] {
	const common = one.flatMap((a) => other.flatMap((b) => meet(a, b)));
	return [...new Set(common)].filter((grant, _, all) => !all.some((wider) => wider !== grant && covers(wider, grant)));
}

function meet(a: string, b: string): string[] {
	if (covers(a, b)) return [b];
	if (covers(b, a)) return [a];
	const [aResource, aAction] = a.split(":");
	const [bResource, bAction] = b.split(":");
	if (aAction === "*" && bResource === "*") return [`${aResource}:${bAction}`];
	if (bAction === "*" && aResource === "*") return [`${bResource}:${aAction}`];
	return [];
}
