import type { authApi } from "@netconductor/contracts/auth/api";
import { isOpenTo } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { covering, type ScopeNeeds } from "./approval-scope.ts";
import type { People, Voter } from "./ballot.ts";

export interface PeopleNeeds extends ScopeNeeds {
	auth: Pick<Client<typeof authApi, CallerContext>, "describeUsers" | "listHolders" | "describeServiceAccount">;
}

/** Whose votes count, and who else has a word in approvals. */
export const decide_permission = "approvals:decide";
export const bypass_permission = "approvals:bypass";

/** Users as they stand now, by id. For whom the approval does not exist, they decide on none of it. @throws service.unavailable */
export async function peopleOf(needs: PeopleNeeds, approval_id: string, ids: Iterable<string>): Promise<People> {
	const user_ids = [...new Set(ids)];
	if (user_ids.length === 0) return new Map();
	const { users } = await needs.auth.describeUsers({ body: { user_ids } }, needs.ownAccount());
	const covers = covering(needs, approval_id);
	const voters = users.map(async (user): Promise<Voter> => {
		const may_see = await covers(user.device_groups);
		return {
			id: user.id,
			name: user.username,
			role: user.role,
			disabled: user.disabled,
			may_decide: may_see && isOpenTo(user, decide_permission),
			may_bypass: may_see && isOpenTo(user, bypass_permission),
		};
	});
	return new Map((await Promise.all(voters)).map((voter) => [voter.id, voter]));
}

/** Users who could have asked for it in the place of a program that did; nobody where a person asked. @throws service.unavailable */
export async function behind(
	{ auth, ownAccount }: PeopleNeeds,
	{ kind, id }: Pick<Actor, "kind" | "id">,
): Promise<string[]> {
	if (kind !== "service_account") return [];
	return (await auth.describeServiceAccount({ body: { service_account_id: id } }, ownAccount())).user_ids;
}
