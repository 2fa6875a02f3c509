import type { Database, Orm } from "@netconductor/runtime/db/database";
import { asc, eq, inArray, sql } from "drizzle-orm";
import { simulatedChanges, simulatedDevices, simulatedNetwork } from "../tables.ts";

export type NetworkRow = typeof simulatedNetwork.$inferSelect;
export type DeviceRow = typeof simulatedDevices.$inferSelect;

/** What is kept of a simulated network, in the order in which its devices were made. */
export interface KeptNetwork extends NetworkRow {
	devices: DeviceRow[];
}

export async function readNetwork(db: Database): Promise<KeptNetwork | undefined> {
	const [network] = await db.orm.select().from(simulatedNetwork);
	if (network === undefined) return undefined;
	return { ...network, devices: await db.orm.select().from(simulatedDevices).orderBy(asc(simulatedDevices.device_id)) };
}

/** Answers whether there was none. */
export async function insertNetwork(orm: Orm, network: Pick<NetworkRow, "seed" | "own_group" | "created_at">) {
	const made = await orm.insert(simulatedNetwork).values(network).onConflictDoNothing().returning();
	return made.length > 0;
}

export async function removeNetwork(db: Database): Promise<void> {
	await db.transaction(async (tx) => {
		await tx.delete(simulatedDevices);
		await tx.delete(simulatedNetwork);
	});
}

export async function insertDevice(orm: Orm, device: DeviceRow): Promise<void> {
	await orm.insert(simulatedDevices).values(device);
}

export async function writePort(orm: Orm, name: string, port: number): Promise<void> {
	await orm.update(simulatedDevices).set({ port }).where(eq(simulatedDevices.name, name));
}

export async function forgetDevices(orm: Orm, names: string[]): Promise<void> {
	if (names.length > 0) await orm.delete(simulatedDevices).where(inArray(simulatedDevices.name, names));
}

/** What was typed, the oldest first. */
export function readChanges(db: Database): Promise<{ name: string; lines: string[] }[]> {
	return db.orm
		.select({ name: simulatedChanges.name, lines: simulatedChanges.lines })
		.from(simulatedChanges)
		.orderBy(asc(simulatedChanges.position));
}

/** Keeps what was typed and moves the number of the next change on. */
export async function keepChanges(
	db: Database,
	typed: readonly { name: string; lines: string[] }[],
	made_at: string,
): Promise<void> {
	await db.transaction(async (tx) => {
		await tx.update(simulatedNetwork).set({ changes: sql`${simulatedNetwork.changes} + 1` });
		if (typed.length > 0) await tx.insert(simulatedChanges).values(typed.map((change) => ({ ...change, made_at })));
	});
}
