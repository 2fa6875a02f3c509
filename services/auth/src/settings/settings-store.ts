import { Settings } from "@netconductor/contracts/auth/model";
import type { Orm } from "@netconductor/runtime/db/database";
import { settings } from "../tables.ts";

/** Settings as stored, defaults where nothing is. */
export async function readSettings(orm: Orm): Promise<Settings> {
	const [row] = await orm.select({ value: settings.value }).from(settings);
	return Settings.parse(row?.value ?? {});
}

/** Locks the settings until the transaction ends, so that two changes of different fields both last. */
export async function readSettingsForChange(orm: Orm, now: string): Promise<Settings> {
	await orm.insert(settings).values({ value: {}, updated_at: now }).onConflictDoNothing();
	const [row] = await orm.select({ value: settings.value }).from(settings).for("update");
	return Settings.parse(row?.value ?? {});
}

export async function writeSettings(orm: Orm, value: Settings, now: string): Promise<void> {
	await orm.update(settings).set({ value, updated_at: now });
}
