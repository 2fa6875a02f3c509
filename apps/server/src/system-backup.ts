import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Environment } from "@netconductor/runtime/config";
import { makeDataDir } from "@netconductor/runtime/data-dir";
import {
	type EmbeddedPostgres,
	findEmbeddedPostgres,
	startEmbeddedPostgres,
} from "@netconductor/runtime/db/embedded-postgres";
import { failed } from "@netconductor/runtime/errors";
import { withPassword } from "@netconductor/runtime/host/databases";
import type { AnyService } from "@netconductor/runtime/host/service";
import { createLog } from "@netconductor/runtime/log";
import { findMasterKeys } from "@netconductor/runtime/master-key";
import type { Place } from "@netconductor/runtime/self-backup/place";
import { inspectBackup, type RestoreSummary, restoreBackup } from "@netconductor/runtime/self-backup/restore-backup";
import { type BackupSummary, type Progress, takeBackup } from "@netconductor/runtime/self-backup/take-backup";
import { defaultTargets, loadServices } from "./services.ts";
import { loadSettings, type Settings, usesEmbedded } from "./settings.ts";
import { version } from "./version.ts";

export interface SystemBackupOptions {
	/** The file to write, or to restore from. */
	file: string;
	/** Holds the passphrase that seals the file in place of the master key. */
	passphrase_file: string | undefined;
	env: Environment;
	config_file: string | undefined;
	onTable(progress: Progress): void;
}

/** Backs up every service's tables, beside a running server or without one. Says what the file holds. */
export async function systemBackup(options: SystemBackupOptions): Promise<BackupSummary> {
	const installation = await findInstallation(options);
	const { database, close } = await openForReading(installation);
	try {
		return await takeBackup({
			places: placesOf(installation, database),
			path: resolve(options.file),
			secret: installation.secret,
			version,
			onTable: options.onTable,
		});
	} finally {
		await close();
	}
}

/** Verifies a backup, and with `check` alone leaves it at that; otherwise restores it. The server must be stopped. */
export async function systemRestore(
	options: SystemBackupOptions & { force: boolean; check: boolean },
): Promise<RestoreSummary & { restored: boolean }> {
	const installation = await findInstallation(options);
	const { services, settings, data_dir, secret } = installation;
	const path = resolve(options.file);
	const known = services.flatMap(({ name, schema, migrations, after_restore }) =>
		schema === name ? [{ schema, migrations, after_restore }] : [],
	);
	const found = await inspectBackup({ path, secret, known });
	if (options.check) return { ...found, held: [], restored: false };

	let postgres: EmbeddedPostgres | undefined;
	if (usesEmbedded(services, settings)) {
		makeDataDir(data_dir);
		postgres = await startEmbeddedPostgres({ data_dir, log: quiet() });
	}
	try {
		const places = placesOf(installation, postgres?.url ?? settings.database.url);
		const restored = await restoreBackup({
			path,
			secret,
			places,
			known,
			force: options.force,
			onTable: options.onTable,
		});
		return { ...restored, restored: true };
	} finally {
		await postgres?.stop();
	}
}

type Installation = Awaited<ReturnType<typeof findInstallation>>;

async function findInstallation({ env, config_file, passphrase_file }: SystemBackupOptions) {
	const services: readonly AnyService[] = await loadServices(defaultTargets);
	const settings: Settings = loadSettings(services, env, config_file);
	const data_dir = resolve(settings.data.dir);
	const { key, key_previous } = settings.master;
	const master = await findMasterKeys({ configured: key, configured_previous: key_previous, data_dir });
	if (master === undefined) {
		throw failed("startup.master_key_missing", {
			message: `There is no master key: neither NETCONDUCTOR_MASTER_KEY nor ${data_dir}/master.key. Stored secrets are sealed with it: put it in place, for its owner alone (chmod 600), before a restore, too.`,
		});
	}
	const passphrase = passphrase_file === undefined ? undefined : await readPassphrase(passphrase_file);
	return { services, settings, data_dir, secret: { master, passphrase } };
}

const shortestPassphrase = 12;

async function readPassphrase(path: string): Promise<string> {
	const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		throw failed("request.invalid", { message: `The passphrase file ${path} cannot be read (${cause.code}).`, cause });
	});
	const passphrase = text.replace(/\r?\n$/, "");
	if (passphrase.length >= shortestPassphrase) return passphrase;
	throw failed("request.invalid", {
		message: `The passphrase in ${path} is too short: ${shortestPassphrase} characters at the least.`,
	});
}

function placesOf({ services, settings, secret }: Installation, shared_url: string | undefined): Place[] {
	const schemas = services.flatMap(({ name, schema }) => (schema === name ? [schema] : []));
	const own = schemas.flatMap((schema): Place[] => {
		const given = settings.database_urls[schema];
		return given === undefined
			? []
			: [{ url: withPassword(given, schema, secret.master), schemas: [schema], provisions: false }];
	});
	const shared = schemas.filter((schema) => settings.database_urls[schema] === undefined);
	if (shared.length === 0) return own;
	if (shared_url === undefined) throw new TypeError("the embedded database was not started");
	return [{ url: shared_url, schemas: shared, provisions: true }, ...own];
}

/** The embedded database where it runs already; started for the time being where it does not. */
async function openForReading({
	services,
	settings,
	data_dir,
}: Installation): Promise<{ database: string | undefined; close(): Promise<void> }> {
	const nothing = async () => {};
	if (!usesEmbedded(services, settings)) return { database: settings.database.url, close: nothing };
	const found = findEmbeddedPostgres(data_dir);
	if (found.state === "running") return { database: found.url, close: nothing };
	if (found.state === "absent") {
		throw failed("system.nothing_to_back_up", {
			message: `There is no data in ${data_dir}: no server has been started on it. Is NETCONDUCTOR_DATA_DIR right?`,
		});
	}
	const postgres = await startEmbeddedPostgres({ data_dir, log: quiet() });
	return { database: postgres.url, close: () => postgres.stop() };
}

function quiet() {
	return createLog({ level: "silent" });
}
