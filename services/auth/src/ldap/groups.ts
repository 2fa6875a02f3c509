import type { LdapConfig } from "@netconductor/contracts/auth/login-methods";
import type { Client } from "ldapts";
import type { HeldGroups } from "../methods/identity.ts";
import { fillFilter } from "./escape.ts";
import { methodAway, search } from "./ldap-connection.ts";

/** Beyond these somebody's groups are not what anybody meant, or somebody wants to keep us busy. */
const limits = { groups: 1_000, depth: 20 };

/** LDAP_MATCHING_RULE_IN_CHAIN of Active Directory. */
const inChain = ":1.2.840.113556.1.4.1941:=";

/**
 * Names and distinguished names of the groups that an entry is in, those that the groups are in too where nested ones count. Groups that are in
 * each other are met once.
 * @throws auth.method_away — more than 1,000 of them
 */
export async function findGroups(client: Client, config: LdapConfig, dn: string): Promise<HeldGroups> {
	const { group_base, group_name, nested_groups } = config;
	if (group_base === null) return { names: [], dns: [] };
	const rule =
		nested_groups === "active_directory"
			? config.group_filter.replaceAll(/=\{user_dn\}/g, `${inChain}{user_dn}`)
			: config.group_filter;
	const found = new Map<string, { dn: string; names: string[] }>();
	let members = [dn];
	for (let depth = 0; members.length > 0 && depth < limits.depth; depth++) {
		const next: string[] = [];
		for (const user_dn of members) {
			const { searchEntries } = await search(client, group_base, {
				scope: "sub",
				filter: fillFilter(rule, { user_dn }),
				derefAliases: "never",
				attributes: [group_name],
				paged: { pageSize: 500 },
			});
			for (const entry of searchEntries) {
				const key = entry.dn.toLowerCase();
				if (found.has(key)) continue;
				const names = [entry[group_name] ?? []].flat().map(String);
				found.set(key, { dn: entry.dn, names });
				next.push(entry.dn);
				if (found.size > limits.groups) throw methodAway(`${dn} is in more than ${limits.groups} groups`);
			}
		}
		members = nested_groups === "follow" ? next : [];
	}
	const groups = [...found.values()];
	return { names: groups.flatMap(({ names }) => names), dns: groups.map((group) => group.dn) };
}
