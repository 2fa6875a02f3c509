import type { HostKey } from "@netconductor/contracts/devices/model";
import { createBatch } from "@netconductor/runtime/batch";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import { afterCommit, type Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, count, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { requireOnWay } from "../connection/worker-pool.ts";
import { findDevice, lockDevice } from "../devices/device-store.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { everybody, inScope } from "../scope.ts";
import { holds } from "../sql.ts";
import { devices, hostKeys } from "../tables.ts";

interface Needs {
	db: Database;
	outbox: Outbox;
	clock: Clock;
}

/** Who accepted a key that nobody had seen before. */
const firstUse = "first use";

const hostKeyColumns = {
	device_id: hostKeys.device_id,
	device_name: devices.name,
	status: sql<
		HostKey["status"]
	>`case when ${hostKeys.presented_fingerprint} is null then 'accepted' else 'changed' end`,
	fingerprint: hostKeys.fingerprint,
	algorithm: hostKeys.algorithm,
	accepted_by: hostKeys.accepted_by,
	accepted_at: hostKeys.accepted_at,
	presented_fingerprint: hostKeys.presented_fingerprint,
	presented_algorithm: hostKeys.presented_algorithm,
	presented_at: hostKeys.presented_at,
};

export function listHostKeys({ db }: Pick<Needs, "db">): DevicesOperation<"listHostKeys"> {
	return async ({ query, actor }) => {
		const where = and(
			inScope(actor, hostKeys.device_id),
			query.changed === undefined
				? undefined
				: query.changed
					? isNotNull(hostKeys.presented_fingerprint)
					: isNull(hostKeys.presented_fingerprint),
			query.q ? holds(sql`${devices.search_text}`, query.q) : undefined,
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				device_name: sql`lower(${devices.name})`,
				accepted_at: hostKeys.accepted_at,
				presented_at: hostKeys.presented_at,
			},
			id: hostKeys.device_id,
			fallback: "device_name",
		});
		const [items, counted] = await Promise.all([
			db.orm
				.select(hostKeyColumns)
				.from(hostKeys)
				.innerJoin(devices, eq(devices.id, hostKeys.device_id))
				.where(where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm
				.select({ total: count() })
				.from(hostKeys)
				.innerJoin(devices, eq(devices.id, hostKeys.device_id))
				.where(where),
		]);
		return toPage(query, items, counted[0]?.total ?? 0);
	};
}

export function getHostKey({ db }: Pick<Needs, "db">): DevicesOperation<"getHostKey"> {
	return async ({ params: { id }, actor }) => {
		const device = await findDevice(db.orm, id, actor);
		return findHostKey(db.orm, device);
	};
}

/** Takes the key that was shown to the person, and only if it is still the one that the device presents. */
export function acceptHostKey({ db, outbox, clock }: Needs): DevicesOperation<"acceptHostKey"> {
	return async ({ params: { id }, body: { fingerprint }, actor, note }) => {
		const { before, after } = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			const before = await findHostKey(tx, device);
			if (before.presented_fingerprint === null && before.fingerprint === fingerprint) return { before, after: before };
			if (before.presented_fingerprint !== fingerprint || before.presented_algorithm === null) {
				throw failed("host_keys.fingerprint_differs", {
					message: `${device.name} presents ${before.presented_fingerprint ?? before.fingerprint}, not ${fingerprint}. Compare it with the device's own before you accept it.`,
					details: {
						device_id: id,
						device_name: device.name,
						presented_fingerprint: before.presented_fingerprint ?? before.fingerprint,
					},
				});
			}
			await tx
				.update(hostKeys)
				.set({
					fingerprint,
					algorithm: before.presented_algorithm,
					accepted_by: actor.name,
					accepted_at: clock.now().toISOString(),
					...nothingPresented,
				})
				.where(eq(hostKeys.device_id, id));
			await clearHostKeyHealth(tx, id, clock.now().toISOString());
			await outbox.publish(tx, "device.updated.v1", { device_id: id, name: device.name, by: actor.name });
			return { before, after: await findHostKey(tx, device) };
		});
		note({ resource_type: "host_key", resource_id: id, resource_name: after.device_name, before, after });
		return after;
	};
}

/**
 * Refuses the key that was shown to the person, and only if it is still the one that the device presents. Nothing is trusted by it: the next
 * contact that sees this key is refused and notes it again.
 */
export function rejectHostKey({ db, outbox, clock }: Needs): DevicesOperation<"rejectHostKey"> {
	return async ({ params: { id }, body: { fingerprint }, actor, note }) => {
		const { before, after } = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			const before = await findHostKey(tx, device);
			if (before.presented_fingerprint !== fingerprint) {
				const presented = before.presented_fingerprint;
				throw failed("host_keys.fingerprint_differs", {
					message:
						presented === null
							? `${device.name} presents no other key than the accepted one, so there is none to reject.`
							: `${device.name} presents ${presented}, not ${fingerprint}. Look at that key before you reject it.`,
					details: { device_id: id, device_name: device.name, presented_fingerprint: presented },
				});
			}
			await tx.update(hostKeys).set(nothingPresented).where(eq(hostKeys.device_id, id));
			await clearHostKeyHealth(tx, id, clock.now().toISOString());
			await outbox.publish(tx, "device.updated.v1", { device_id: id, name: device.name, by: actor.name });
			return { before, after: await findHostKey(tx, device) };
		});
		note({ resource_type: "host_key", resource_id: id, resource_name: after.device_name, before, after });
		return after;
	};
}

export function forgetHostKey({ db, outbox, clock }: Needs): DevicesOperation<"forgetHostKey"> {
	return async ({ params: { id }, actor, note }) => {
		const before = await db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, actor);
			const key = await findHostKey(tx, device);
			await tx.delete(hostKeys).where(eq(hostKeys.device_id, id));
			await clearHostKeyHealth(tx, id, clock.now().toISOString());
			await outbox.publish(tx, "device.updated.v1", { device_id: id, name: device.name, by: actor.name });
			return key;
		});
		note({ resource_type: "host_key", resource_id: id, resource_name: before.device_name, before });
		return undefined;
	};
}

interface Presented {
	device_id: string;
	fingerprint: string;
	algorithm: string;
}

/** Trust on first use. A key that differs from the accepted one is only noted: nothing is trusted before a person says so. */
export function recordHostKey({
	db,
	outbox,
	clock,
	onChange = () => {},
}: Needs & {
	/** Told after the commit when a key was trusted, or is no longer in question; a changed one is told by its event. */
	onChange?: (device_id: string) => void;
}): DevicesOperation<"recordHostKey"> {
	// The first run over a fleet meets all its keys for the first time, many at once.
	const trustFirst = createBatch<Presented, boolean>({
		interval_ms: 20,
		async perform(presented) {
			const trusted = await db.query<{ key: string }>(
				`insert into host_keys (device_id, fingerprint, algorithm, accepted_by, accepted_at)
				select id, fingerprint, algorithm, $4, $5
				from unnest($1::uuid[], $2::text[], $3::text[]) as given (device_id, fingerprint, algorithm) join devices on id = device_id
				order by id on conflict (device_id) do nothing returning device_id || ' ' || fingerprint as key`,
				[
					presented.map(({ device_id }) => device_id),
					presented.map(({ fingerprint }) => fingerprint),
					presented.map(({ algorithm }) => algorithm),
					firstUse,
					clock.now(),
				],
			);
			const keys = new Set(trusted.map(({ key }) => key));
			return presented.map(({ device_id, fingerprint }) => keys.has(`${device_id} ${fingerprint}`));
		},
	});
	return async ({ params: { id }, body: { fingerprint, algorithm }, worker_pool }) => {
		await requireOnWay(db.orm, id, worker_pool);
		if (await trustFirst({ device_id: id, fingerprint, algorithm })) {
			onChange(id);
			return { status: "trusted" };
		}
		return db.transaction(async (tx) => {
			const device = await lockDevice(tx, id, everybody);
			const at = clock.now().toISOString();
			const [known] = await tx.select().from(hostKeys).where(eq(hostKeys.device_id, id));
			if (known === undefined) {
				await tx
					.insert(hostKeys)
					.values({ device_id: id, fingerprint, algorithm, accepted_by: firstUse, accepted_at: at });
				afterCommit(tx, () => onChange(id));
				return { status: "trusted" };
			}
			if (known.fingerprint === fingerprint) {
				if (known.presented_fingerprint !== null) {
					afterCommit(tx, () => onChange(id));
					await tx.update(hostKeys).set(nothingPresented).where(eq(hostKeys.device_id, id));
					await clearHostKeyHealth(tx, id, at);
				}
				return { status: "known" };
			}
			await tx
				.update(hostKeys)
				.set({ presented_fingerprint: fingerprint, presented_algorithm: algorithm, presented_at: at })
				.where(eq(hostKeys.device_id, id));
			await tx
				.update(devices)
				.set({
					health: "host_key_changed",
					health_at: at,
					health_error: `${device.name} presented ${fingerprint}; ${known.fingerprint} was accepted by ${known.accepted_by} on ${known.accepted_at.slice(0, 10)}.`,
				})
				.where(eq(devices.id, id));
			// Every contact sees the same changed key until somebody decides: one event says it.
			if (known.presented_fingerprint !== fingerprint) {
				await outbox.publish(tx, "device.host_key_changed.v1", {
					device_id: id,
					name: device.name,
					accepted_fingerprint: known.fingerprint,
					presented_fingerprint: fingerprint,
				});
			}
			return { status: "changed" };
		});
	};
}

const nothingPresented = { presented_fingerprint: null, presented_algorithm: null, presented_at: null };

/** Whether the device can be used is open again until the next contact; news of an earlier one that come late do not count. */
async function clearHostKeyHealth(tx: Statements, device_id: string, at: string): Promise<void> {
	await tx
		.update(devices)
		.set({ health: "unknown", health_at: at, health_error: null })
		.where(and(eq(devices.id, device_id), eq(devices.health, "host_key_changed")));
}

async function findHostKey(on: Statements, device: { id: string; name: string }): Promise<HostKey> {
	const [key] = await on
		.select(hostKeyColumns)
		.from(hostKeys)
		.innerJoin(devices, eq(devices.id, hostKeys.device_id))
		.where(eq(hostKeys.device_id, device.id));
	if (key !== undefined) return key;
	throw failed("host_keys.not_found", {
		message: `No host key of ${device.name} is known: it was never reached, or its key was forgotten.`,
		details: { device_id: device.id, device_name: device.name },
	});
}
