import { permissions } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Operation } from "../operation.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import { grantsBeyond } from "./grants.ts";
import {
	describeRole,
	getRoleForChange,
	insertRole,
	listRoles as listRolePage,
	type RoleRow,
	removeRole,
	writeRole,
} from "./role-store.ts";

interface Needs {
	db: Database;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

/**
 * Nobody hands out, takes away or manages more than they hold themselves.
 * @throws roles.escalation
 */
export function refuseEscalation(actor: Actor, wanted: readonly string[], doing: string): void {
	const beyond = grantsBeyond(actor.permissions, wanted);
	if (beyond.length === 0) return;
	throw failed("roles.escalation", {
		message: `${actor.name} cannot ${doing}: it takes ${beyond.join(", ")}, which ${actor.name} does not hold.`,
		details: { permissions: beyond },
	});
}

export function listRoles({ db }: Needs): Operation<"listRoles"> {
	return ({ query }) => listRolePage(db.orm, query);
}

export function listPermissions(): Operation<"listPermissions"> {
	return async () => Object.entries(permissions).map(([name, description]) => ({ name, description }));
}

export function getRole({ db }: Needs): Operation<"getRole"> {
	return ({ params }) => describeRole(db.orm, params.name);
}

export function createRole({ db, clock }: Needs): Operation<"createRole"> {
	return async ({ body, actor, note }) => {
		refuseEscalation(actor, body.permissions, `make the role ${body.name}`);
		const now = clock.now().toISOString();
		const role = { ...body, permissions: tidy(body.permissions), preset: false, created_at: now, updated_at: now };
		await insertRole(db.orm, role);
		note({ ...about(role), after: visible(role) });
		return { ...role, users: 0 };
	};
}

export function updateRole({ db, ephemeral, clock }: Needs): Operation<"updateRole"> {
	return async ({ params, body, actor, note }) => {
		await db.transaction(async (tx) => {
			const before = await getRoleForChange(tx, params.name);
			refusePreset(before);
			refuseEscalation(actor, [...before.permissions, ...(body.permissions ?? [])], `change the role ${before.name}`);
			const change = { ...body, ...(body.permissions && { permissions: tidy(body.permissions) }) };
			const after = { ...before, ...change, updated_at: clock.now().toISOString() };
			await writeRole(tx, before.name, after);
			if (body.permissions !== undefined) afterCommit(tx, () => announceAccess(ephemeral, {}));
			note({ ...about(after), before: visible(before), after: visible(after) });
		});
		return describeRole(db.orm, params.name);
	};
}

export function deleteRole({ db }: Needs): Operation<"deleteRole"> {
	return async ({ params, note }) => {
		await db.transaction(async (tx) => {
			const role = await getRoleForChange(tx, params.name);
			refusePreset(role);
			note({ ...about(role), before: visible(role) });
			await removeRole(tx, role.name);
		});
		return undefined;
	};
}

function refusePreset(role: RoleRow): void {
	if (!role.preset) return;
	throw failed("roles.preset", {
		message: `${role.label} is a preset role. Make a custom role beside it.`,
		details: { name: role.name },
	});
}

function tidy(list: readonly string[]): string[] {
	return [...new Set(list)].sort();
}

function about(role: RoleRow) {
	return { resource_type: "role", resource_id: role.name, resource_name: role.label };
}

function visible({ label, description, permissions: granted }: RoleRow) {
	return { label, description, permissions: granted };
}
