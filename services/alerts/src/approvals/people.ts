import type { authApi } from "@netconductor/contracts/auth/api";
import type { Holder } from "@netconductor/contracts/auth/model";
import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { People, Voter } from "./ballot.ts";

export interface PeopleNeeds {
	auth: Pick<Client<typeof authApi, CallerContext>, "describeUsers" | "listHolders" | "describeServiceAccount">;
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

/** Who sees only some devices decides on no plan: approvals are not open to them, and a vote of before counts no more. */
/** Users who could have asked for it in the place of a program that did; nobody where a person asked. @throws service.unavailable */
export async function behind(
	{ auth, ownAccount }: PeopleNeeds,
	{ kind, id }: Pick<Actor, "kind" | "id">,
): Promise<string[]> {
	if (kind !== "service_account") return [];
	return (await auth.describeServiceAccount({ body: { service_account_id: id } }, ownAccount())).user_ids;
}

export function toVoter(user: Holder): Voter {
	const covers_all = user.device_groups === null;
	return {
		id: user.id,
		name: user.username,
		role: user.role,
		disabled: user.disabled,
		may_decide: covers_all && isPermitted(user, decide_permission),
		may_bypass: covers_all && isPermitted(user, bypass_permission),
	};
}
