import { isPerson } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import type { Operation } from "../operation.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { getRoleForGrant } from "../roles/role-store.ts";
import { announceAccess } from "../sessions/announce-access.ts";
import {
	describeAccount,
	getAccountForChange,
	insertAccount,
	listAccounts,
	removeAccount,
	requireOwner,
	type ServiceAccountRow,
	writeAccount,
} from "./account-store.ts";

interface Needs {
	db: Database;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

export function listServiceAccounts({ db, clock }: Needs): Operation<"listServiceAccounts"> {
	return ({ query }) => listAccounts(db.orm, query, clock.now());
}

export function getServiceAccount({ db, clock }: Needs): Operation<"getServiceAccount"> {
	return ({ params }) => describeAccount(db.orm, params.id, clock.now());
}

export function createServiceAccount({ db, clock }: Needs): Operation<"createServiceAccount"> {
	return async ({ body, actor, note }) => {
		const now = clock.now();
		const { owner_id: given, ...rest } = body;
		const id = newId();
		await db.transaction(async (tx) => {
			const role = await getRoleForGrant(tx, body.role);
			refuseEscalation(actor, role, `make a service account with the role ${role.name}`);
			const owner_id = await requireOwner(tx, given ?? (isPerson(actor) ? actor.id : undefined));
			const at = now.toISOString();
			const account = { ...rest, id, owner_id, disabled: false, last_used_at: null, created_at: at, updated_at: at };
			await insertAccount(tx, account);
			note({ ...aboutAccount(account), after: visible(account) });
		});
		return describeAccount(db.orm, id, now);
	};
}

export function updateServiceAccount({ db, ephemeral, clock }: Needs): Operation<"updateServiceAccount"> {
	return async ({ params, body, actor, note }) => {
		const now = clock.now();
		await db.transaction(async (tx) => {
			const { account: before, grants } = await getAccountForChange(tx, params.id);
			refuseEscalation(actor, grants, `change the service account ${before.name}`);
			if (body.role !== undefined && body.role !== before.role) {
				const role = await getRoleForGrant(tx, body.role);
				refuseEscalation(actor, role, `give the role ${role.name}`);
			}
			// An owner who is there no more may stay while something else is changed.
			if (body.owner_id !== undefined && body.owner_id !== before.owner_id) await requireOwner(tx, body.owner_id);
			const after = { ...before, ...body, updated_at: now.toISOString() };
			await writeAccount(tx, before.id, after);
			if (after.disabled !== before.disabled || after.role !== before.role) {
				afterCommit(tx, () => announceAccess(ephemeral, { user_id: before.id }));
			}
			note({ ...aboutAccount(after), before: visible(before), after: visible(after) });
		});
		return describeAccount(db.orm, params.id, now);
	};
}

export function deleteServiceAccount({ db, ephemeral }: Needs): Operation<"deleteServiceAccount"> {
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const { account, grants } = await getAccountForChange(tx, params.id);
			refuseEscalation(actor, grants, `delete the service account ${account.name}`);
			note({ ...aboutAccount(account), before: visible(account) });
			await removeAccount(tx, account.id);
			afterCommit(tx, () => announceAccess(ephemeral, { user_id: account.id }));
		});
		return undefined;
	};
}

function aboutAccount({ id, name }: Pick<ServiceAccountRow, "id" | "name">) {
	return { resource_type: "service_account", resource_id: id, resource_name: name };
}

function visible({ description, role, owner_id, disabled }: ServiceAccountRow) {
	return { description, role, owner_id, disabled };
}
