import type { authApi } from "@netconductor/contracts/auth/api";
import { isOpenTo, type Permission } from "@netconductor/contracts/auth/permissions";
import { type Actor, isByApiToken, isPermitted } from "@netconductor/contracts/kernel/actor";
import { hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Clients } from "@netconductor/runtime/host/service";
import type { Owner } from "../tables.ts";

export interface OwnerNeeds {
	auth: Clients<{ auth: typeof authApi }>["auth"];
	ownAccount(): CallerContext;
}

/** Who a run is started for, with what they may do at this moment; or why it is refused. */
export type Acting = { actor: Actor } | { refused: string };

/** Asks who the owner of a schedule is now. An API token counts with its own permissions, and only while it is valid. */
export function actingFor({ auth, ownAccount }: OwnerNeeds, owner: Owner): Promise<Acting> {
	return isByApiToken(owner) ? tokenOf(auth, owner, ownAccount()) : userOf(auth, owner, ownAccount());
}

/** Refused where the owner does not hold the permission (any more), or their role is limited to device groups, and it opens nothing to such roles. */
export function withPermission(found: Acting, owner: Owner, permission: Permission): Acting {
	if ("refused" in found || isOpenTo(found.actor, permission)) return found;
	if (!isPermitted(found.actor, permission)) {
		return { refused: `${owner.name} does not hold the permission ${permission} any more.` };
	}
	return {
		refused: `The role of ${owner.name} is limited to some device groups by now, and ${permission} opens nothing to such roles.`,
	};
}

async function userOf(auth: OwnerNeeds["auth"], owner: Owner, caller: CallerContext): Promise<Acting> {
	if (owner.kind !== "user") return { refused: `${owner.name} is no user in whose name a run could be started.` };
	const { users } = await auth.describeUsers({ body: { user_ids: [owner.id] } }, caller);
	const [user] = users;
	if (user === undefined) return { refused: `The user ${owner.name} was deleted.` };
	if (user.disabled) return { refused: `The user ${user.username} is disabled.` };
	return {
		actor: {
			kind: "user",
			id: user.id,
			name: user.username,
			role: user.role,
			permissions: user.permissions,
			...(user.device_groups !== null && { device_groups: user.device_groups }),
		},
	};
}

async function tokenOf(auth: OwnerNeeds["auth"], owner: Owner, caller: CallerContext): Promise<Acting> {
	const refused = { refused: `The API token ${owner.name} was revoked or has expired, or its account is disabled.` };
	if (owner.session_id === undefined) return refused;
	try {
		const { actor } = await auth.resolveActor({ body: { kind: "api_token_id", token_id: owner.session_id } }, caller);
		return { actor };
	} catch (error) {
		if (hasCode(error, "auth.unauthenticated")) return refused;
		throw error;
	}
}
