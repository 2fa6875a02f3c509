import type { authApi } from "@netconductor/contracts/auth/api";
import type { Holder } from "@netconductor/contracts/auth/model";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { People, Voter } from "./ballot.ts";

export interface PeopleNeeds {
	auth: Pick<Client<typeof authApi, CallerContext>, "describeUsers" | "listHolders">;
	ownAccount(): CallerContext;
}

/** Whose votes count, and who else has a word in approvals. */
export const decide_permission = "approvals:decide";
export const bypass_permission = "approvals:bypass";

/** Users as they stand now, by id. @throws service.unavailable */
export async function peopleOf({ auth, ownAccount }: PeopleNeeds, ids: Iterable<string>): Promise<People> {
	const user_ids = [...new Set(ids)];
	if (user_ids.length === 0) return new Map();
	const { users } = await auth.describeUsers({ body: { user_ids } }, ownAccount());
	return new Map(users.map((user) => [user.id, toVoter(user)]));
}

export function toVoter(user: Holder): Voter {
	return {
		id: user.id,
		name: user.username,
		role: user.role,
		disabled: user.disabled,
		may_decide: isPermitted(user, decide_permission),
		may_bypass: isPermitted(user, bypass_permission),
	};
}
