import type { DeviceChange } from "@netconductor/contracts/devices/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import { requireShared } from "../credentials/credential-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import type { Scoped } from "../scope.ts";
import { refusing } from "../sql.ts";
import { credentials, devices } from "../tables.ts";
import { requireJump, requireType } from "./device-rules.ts";
import { deleteDevices, findDevice, lockDevice, nameTaken, setGroupsOf, uniqueSorted } from "./device-store.ts";
import { deleteOwnLogin, ownCredentialRow, type SealedLogin, sealOwnLogin, writeOwnLogin } from "./own-login.ts";

interface Needs {
	db: Database;
	vault: Vault;
	outbox: Outbox;
	clock: Clock;
}

export function getDevice({ db }: Pick<Needs, "db">): DevicesOperation<"getDevice"> {
	return ({ params, actor }) => findDevice(db.orm, params.id, actor);
}

export function createDevice({ db, vault, outbox, clock }: Needs): DevicesOperation<"createDevice"> {
	return async ({ body, actor, note }) => {
		const { username, password, enable_password, credential_id = null, groups, tags, ...fields } = body;
		const id = newId();
		const at = clock.now().toISOString();
		const own = await sealOwnLogin(vault, id, { username, password, enable_password });
		const created = await refusing(
			"devices_name_key",
			() => nameTaken(body.name),
			() =>
				db.transaction(async (tx) => {
					await requireType(tx, body.device_type);
					if (credential_id !== null) await requireShared(tx, credential_id, actor);
					if (body.jump_device_id !== null) await requireJump(tx, { id, name: body.name }, body.jump_device_id, actor);
					if (own !== undefined)
						await tx.insert(credentials).values(ownCredentialRow({ id, name: body.name }, own, at));
					await tx.insert(devices).values({
						...fields,
						id,
						credential_id: own === undefined ? credential_id : id,
						tags: uniqueSorted(tags),
						source: "manual",
						created_at: at,
						updated_at: at,
					});
					await setGroupsOf(tx, id, groups, { at, actor });
					await outbox.publish(tx, "device.created.v1", { device_id: id, name: body.name, by: actor.name });
					return findDevice(tx, id, actor);
				}),
		);
		note({ resource_type: "device", resource_id: id, resource_name: created.name, after: created });
		return created;
	};
}

export function updateDevice({ db, vault, outbox, clock }: Needs): DevicesOperation<"updateDevice"> {
	return async ({ params: { id }, body, actor, note }) => {
		const at = clock.now().toISOString();
		const own = await sealOwnLogin(vault, id, body);
		const { before, after } = await refusing(
			"devices_name_key",
			() => nameTaken(body.name ?? id),
			() =>
				db.transaction(async (tx) => {
					const before = await lockDevice(tx, id, actor);
					await applyChange(tx, before, body, own, { at, actor });
					await outbox.publish(tx, "device.updated.v1", {
						device_id: id,
						name: body.name ?? before.name,
						by: actor.name,
					});
					return { before, after: await findDevice(tx, id, actor) };
				}),
		);
		note({ resource_type: "device", resource_id: id, resource_name: after.name, before, after });
		return after;
	};
}

async function applyChange(
	tx: Statements,
	device: { id: string; name: string; credential_id: string | null; jump_device_id: string | null },
	change: z.output<typeof DeviceChange>,
	own: SealedLogin | undefined,
	{ at, actor }: { at: string; actor: Scoped },
): Promise<void> {
	const { id } = device;
	const { username, password, enable_password, credential_id: given, groups, tags, jump_device_id, ...fields } = change;
	// A jump host that does not exist for whoever changes the device is shown as none: to say none again changes nothing.
	const keepsJump = jump_device_id === null && device.jump_device_id === null;
	if (change.device_type !== undefined) await requireType(tx, change.device_type);
	if (jump_device_id) {
		await requireJump(tx, { id, name: change.name ?? device.name }, jump_device_id, actor);
	}
	if (own !== undefined) await writeOwnLogin(tx, { id, name: change.name ?? device.name }, own, at);
	const credential_id = own !== undefined ? id : given === undefined ? device.credential_id : given;
	const keeps = credential_id === id;
	if (credential_id !== null && credential_id !== device.credential_id && !keeps)
		await requireShared(tx, credential_id, actor);
	await tx
		.update(devices)
		.set({
			...fields,
			...(jump_device_id !== undefined && !keepsJump && { jump_device_id }),
			...(tags !== undefined && { tags: uniqueSorted(tags) }),
			credential_id,
			updated_at: at,
		})
		.where(eq(devices.id, id));
	// The own login is named after its device, and serves nobody once the device names another credential.
	if (device.credential_id === id && !keeps) await deleteOwnLogin(tx, id);
	else if (keeps && change.name !== undefined) {
		await tx.update(credentials).set({ name: change.name }).where(eq(credentials.id, id));
	}
	if (groups !== undefined) await setGroupsOf(tx, id, groups, { at, actor });
}

export function deleteDevice({ db, outbox }: Pick<Needs, "db" | "outbox">): DevicesOperation<"deleteDevice"> {
	return async ({ params: { id }, actor, note }) => {
		const before = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			await deleteDevices(tx, [id], actor);
			await outbox.publish(tx, "device.deleted.v1", { device_id: id, name: device.name, by: actor.name });
			return device;
		});
		note({ resource_type: "device", resource_id: id, resource_name: before.name, before });
		return undefined;
	};
}
