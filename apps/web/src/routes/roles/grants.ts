import { covers } from "@netconductor/contracts/kernel/actor";

/** How a list of grants gives one: itself, through a wider one that is named, or not at all. */
export function grantedBy(grants: readonly string[], wanted: string): string | undefined {
	return grants.includes(wanted) ? wanted : grants.find((grant) => covers(grant, wanted));
}

/** `grants` with `grant` or without; what a wildcard covers needs not be named beside it. */
export function withGrant(grants: readonly string[], grant: string, given: boolean): string[] {
	const others = grants.filter((one) => one !== grant && !(given && covers(grant, one)));
	return (given ? [...others, grant] : others).sort();
}

export function sameGrants(one: readonly string[], other: readonly string[]): boolean {
	return one.length === other.length && one.every((grant) => other.includes(grant));
}

/** What changes between two lists, for people. */
export function grantChanges(
	before: readonly string[],
	after: readonly string[],
): { added: string[]; removed: string[] } {
	return {
		added: after.filter((grant) => !before.includes(grant)),
		removed: before.filter((grant) => !after.includes(grant)),
	};
}
