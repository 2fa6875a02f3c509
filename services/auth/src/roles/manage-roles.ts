import { permissions } from "@netconductor/contracts/auth/permissions";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Operation } from "../operation.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import { type Grants, grantsBeyond, groupsBeyond } from "./grants.ts";
import { type GroupNeeds, requireGroups } from "./require-groups.ts";
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
export function refuseEscalation(actor: Actor, wanted: Grants, doing: string): void {
	const permissions = grantsBeyond(actor.permissions, wanted.permissions);
	const device_groups = groupsBeyond(actor.device_groups, wanted.device_groups);
	const beyond = [...permissions, ...device_groups];
	if (beyond.length === 0) return;
	throw failed("roles.escalation", {
		message: `${actor.name} cannot ${doing}: it takes ${beyond.join(", ")}, which ${actor.name} does not hold.`,
		details: { permissions, device_groups },
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

export function createRole({ db, clock, ...groups }: Needs & GroupNeeds): Operation<"createRole"> {
	return async ({ body, actor, note }) => {
		refuseEscalation(actor, body, `make the role ${body.name}`);
		await requireGroups(groups, body.device_groups ?? []);
		const now = clock.now().toISOString();
		const role = { ...body, permissions: tidy(body.permissions), preset: false, created_at: now, updated_at: now };
		await insertRole(db.orm, role);
		note({ ...about(role), after: visible(role) });
		return { ...role, users: 0 };
	};
}

export function updateRole({ db, ephemeral, clock, ...groups }: Needs & GroupNeeds): Operation<"updateRole"> {
	return async ({ params, body, actor, note }) => {
		// A group that was deleted since may stay: it holds no device.
		const { device_groups: known } = await describeRole(db.orm, params.name);
		await requireGroups(groups, groupsBeyond(known ?? [], body.device_groups ?? []));
		await db.transaction(async (tx) => {
			const before = await getRoleForChange(tx, params.name);
			refusePreset(before);
			refuseEscalation(actor, before, `change the role ${before.name}`);
			const change = { ...body, ...(body.permissions && { permissions: tidy(body.permissions) }) };
			refuseEscalation(actor, { ...before, ...change }, `make that of the role ${before.name}`);
			const after = { ...before, ...change, updated_at: clock.now().toISOString() };
			await writeRole(tx, before.name, after);
			if (body.permissions !== undefined || body.device_groups !== undefined)
				afterCommit(tx, () => announceAccess(ephemeral, {}));
			note({ ...about(after), before: visible(before), after: visible(after) });
		});
		return describeRole(db.orm, params.name);
	};
}

export function deleteRole({ db }: Needs): Operation<"deleteRole"> {
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const role = await getRoleForChange(tx, params.name);
			refusePreset(role);
			refuseEscalation(actor, role, `delete the role ${role.name}`);
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

function visible({ label, description, permissions: granted, device_groups }: RoleRow) {
	return { label, description, permissions: granted, device_groups };
}
