import { findEmbeddedPostgres, startEmbeddedPostgres } from "@netconductor/runtime/db/embedded-postgres";
import { type DatabaseFacts, lookAtDatabase } from "@netconductor/runtime/db/look-at-database";
import { halfRestored, type MigrationState, migrationState } from "@netconductor/runtime/db/migrate";
import { withPassword } from "@netconductor/runtime/host/databases";
import type { AnyService, Examination } from "@netconductor/runtime/host/service";
import { createLog } from "@netconductor/runtime/log";
import { findMasterKeys, type MasterKeys } from "@netconductor/runtime/master-key";
import { tryStoredKeys } from "@netconductor/runtime/vault";
import { type Settings, usesEmbedded } from "../settings.ts";
import { broken, type Finding, ok, reasonOf, skipped, warning } from "./finding.ts";

export interface StoredDataOptions {
	services: readonly AnyService[];
	settings: Settings;
	data_dir: string;
	/** Process that holds the data directory. */
	holder: number | undefined;
}

/** A service with tables of its own here. */
interface Owner {
	schema: string;
	migrations: URL | undefined;
	examinations: readonly Examination[];
}

/** The master key, the databases, and whether the two belong together and to this version. */
export async function checkStoredData({ services, settings, data_dir, holder }: StoredDataOptions): Promise<Finding[]> {
	const owners = services.flatMap(({ name, schema, migrations, examinations }): Owner[] =>
		schema === name ? [{ schema, migrations, examinations }] : [],
	);
	const found = usesEmbedded(services, settings) ? findEmbeddedPostgres(data_dir) : undefined;
	const { finding, keys } = await checkMasterKey(settings, data_dir, found !== undefined && found.state !== "absent");

	const placed = owners.filter(({ schema }) => settings.database_urls[schema] !== undefined);
	const shared = owners.filter((owner) => !placed.includes(owner));
	const findings = [finding];
	for (const owner of placed) {
		const given = settings.database_urls[owner.schema] as string;
		const place: Place = {
			check: `${owner.schema} database`,
			url: keys === undefined ? given : withPassword(given, owner.schema, keys),
			owners: [owner],
			provisions: false,
			mend: `Start PostgreSQL there, or correct NETCONDUCTOR_${owner.schema.toUpperCase()}_DATABASE_URL.`,
		};
		findings.push(...(await checkDatabase(place, keys, settings)));
	}
	if (settings.database.url !== undefined && shared.length > 0) {
		const mend = "Start PostgreSQL there, or correct DATABASE_URL.";
		const place: Place = { check: "database", url: settings.database.url, owners: shared, provisions: true, mend };
		findings.push(...(await checkDatabase(place, keys, settings)));
	} else if (found !== undefined) {
		findings.push(...(await checkEmbedded({ found, owners: shared, keys, settings, data_dir, holder })));
	}
	return findings;
}

/** One connection that can change nothing. */
type Client = Parameters<typeof tryStoredKeys>[0];

/** A database, and who has tables in it. */
interface Place {
	check: string;
	url: string;
	owners: readonly Owner[];
	/** Whether our start makes roles and schemas there. */
	provisions: boolean;
	/** What to do when it does not answer. */
	mend: string;
}

async function checkMasterKey(
	settings: Settings,
	data_dir: string,
	isNeeded: boolean,
): Promise<{ finding: Finding; keys?: MasterKeys }> {
	const restore = "Put the right one back: from a backup of the data directory, or as NETCONDUCTOR_MASTER_KEY.";
	try {
		const keys = await findMasterKeys({
			configured: settings.master.key,
			configured_previous: settings.master.key_previous,
			data_dir,
		});
		if (keys !== undefined)
			return { finding: ok("master key", `${keys.current.id}, from ${keys.current.source}`), keys };
		if (!isNeeded) return { finding: ok("master key", "made by the first start") };
		return {
			finding: broken(
				"master key",
				`There is stored data, but neither ${data_dir}/master.key nor NETCONDUCTOR_MASTER_KEY`,
				`${restore} Without it stored secrets are lost.`,
			),
		};
	} catch (error) {
		return { finding: broken("master key", reasonOf(error), restore) };
	}
}

interface Embedded {
	found: ReturnType<typeof findEmbeddedPostgres>;
	owners: readonly Owner[];
	keys: MasterKeys | undefined;
	settings: Settings;
	data_dir: string;
	holder: number | undefined;
}

async function checkEmbedded({ found, owners, keys, settings, data_dir, holder }: Embedded): Promise<Finding[]> {
	if (found.state === "absent") return [ok("database", "embedded PostgreSQL, made by the first start")];
	const logs = `${data_dir}/postgres.log and ${data_dir}/postgres/cluster/log`;
	const look = (url: string) =>
		checkDatabase({ check: "database", url, owners, provisions: true, mend: `See ${logs}.` }, keys, settings);
	if (found.state === "running") return look(found.url);
	if (holder !== undefined) {
		return [
			broken(
				"database",
				`Process ${holder} uses the data directory, but its PostgreSQL does not run`,
				`It may just be starting or recovering. Otherwise see ${logs}.`,
			),
		];
	}
	// Nobody uses it: whether it starts is what a server would find out next.
	const postgres = await startEmbeddedPostgres({ data_dir, log: createLog({ level: "silent" }) }).catch(reasonOf);
	if (typeof postgres === "string") {
		return [broken("database", postgres, `More is in ${logs}.`)];
	}
	try {
		return await look(postgres.url);
	} finally {
		await postgres.stop();
	}
}

async function checkDatabase(
	{ check, url, owners, provisions, mend }: Place,
	keys: MasterKeys | undefined,
	settings: Settings,
): Promise<Finding[]> {
	const { hostname, port } = new URL(url);
	// A folder with a socket stands in a URL with its slashes escaped.
	const place = `${decodeURIComponent(hostname)}:${port || 5432}`;
	const findings: Finding[] = [];
	try {
		await lookAtDatabase(url, async (client, facts) => {
			findings.push(checkServer(check, place, facts), ...checkRoom(check, facts, owners.length, settings));
			if (provisions) findings.push(...checkRights(check, facts));
			findings.push(...checkSkew(check, facts));
			const unfinished = await halfRestored(
				client,
				owners.map(({ schema }) => schema),
			);
			if (unfinished.length > 0) {
				// The tables themselves may be in use by the restore, and are not whole.
				findings.push(restoreUnfinished(check, unfinished));
				return;
			}
			const states: [string, MigrationState][] = [];
			for (const { schema, migrations } of owners) {
				if (migrations !== undefined) states.push([schema, await migrationState(client, schema, migrations)]);
			}
			findings.push(checkMigrations(check, states), ...checkFuture(check, states, facts));
			const current = new Set(states.flatMap(([schema, state]) => (isCurrent(state) ? [schema] : [])));
			for (const owner of owners) if (current.has(owner.schema)) findings.push(...(await examine(client, owner)));
			if (keys === undefined) findings.push(skipped(`${check} vault`, "without the master key nothing can be tried"));
			else findings.push(await checkVault(check, client, owners, keys));
		});
	} catch (error) {
		if (findings.length === 0) findings.push(broken(check, reasonOf(error), mend));
		else findings.push(broken(`${check} contents`, reasonOf(error), "Use the database user that made them."));
	}
	return findings;
}

/** What the tests run on; pg_trgm and SQL that we use need 14 at the least. */
const testedMajor = 18;

function checkServer(check: string, place: string, { version, major }: DatabaseFacts): Finding {
	const detail = `PostgreSQL ${version} answers at ${place}`;
	if (major >= testedMajor) return ok(check, detail);
	return warning(
		check,
		`${detail}; NetConductor is tested with ${testedMajor} only`,
		`Upgrade to PostgreSQL ${testedMajor}.`,
	);
}

/** Each service keeps a pool in the main process, workers one for tasks; a few connections more listen and administer. */
function checkRoom(check: string, { max_connections }: DatabaseFacts, owners: number, settings: Settings): Finding[] {
	const needed = (owners + settings.workers.processes) * settings.database.pool_size + 10;
	if (max_connections >= needed) return [];
	return [
		warning(
			`${check} connections`,
			`max_connections is ${max_connections}; ${needed} may be wanted at once`,
			"Raise max_connections, or set NETCONDUCTOR_DATABASE_POOL_SIZE or NETCONDUCTOR_WORKERS_PROCESSES lower.",
		),
	];
}

function checkRights(check: string, facts: DatabaseFacts): Finding[] {
	const lacking = [
		...(facts.may_create_roles ? [] : ["create roles (CREATEROLE)"]),
		...(facts.may_create_schemas ? [] : ["create schemas (CREATE on the database)"]),
		...(facts.has_pg_trgm ? [] : ["install pg_trgm (PostgreSQL's contrib package)"]),
	];
	if (lacking.length === 0) return [];
	return [
		broken(
			`${check} rights`,
			`The user of DATABASE_URL cannot ${lacking.join(", ")}`,
			"Grant it, or give each service a URL of its own (NETCONDUCTOR_<SERVICE>_DATABASE_URL).",
		),
	];
}

function restoreUnfinished(check: string, schemas: readonly string[]): Finding {
	return broken(
		`${check} restore`,
		`A restore began and did not end: what is stored is not whole (${schemas.join(", ")}), and no server starts on it`,
		"If one is under way, wait for its end. Otherwise run `netconductor system restore` with the same file again.",
	);
}

const skew_ms = { warning: 2_000, failed: 60_000 };

function checkSkew(check: string, { ahead_ms }: DatabaseFacts): Finding[] {
	const away = Math.abs(ahead_ms);
	const detail = `The clock here is ${(away / 1_000).toFixed(1)} s ${ahead_ms > 0 ? "ahead of" : "behind"} the database's`;
	const mend = "Set both with NTP (`timedatectl set-ntp true`).";
	if (away > skew_ms.failed) return [broken(`${check} clock`, detail, mend)];
	return away > skew_ms.warning ? [warning(`${check} clock`, detail, mend)] : [];
}

function checkMigrations(check: string, states: readonly [string, MigrationState][]): Finding {
	const name = `${check} migrations`;
	const list = (of: (state: MigrationState) => string[]) =>
		states.flatMap(([schema, state]) => of(state).map((tag) => `${schema}/${tag}`)).join(", ");
	const unknown = list((state) => state.unknown);
	if (unknown !== "") {
		return broken(
			name,
			`A newer NetConductor made ${unknown}`,
			"Start that version, or restore a backup from before the upgrade.",
		);
	}
	const changed = list((state) => state.changed);
	if (changed !== "") {
		return broken(name, `${changed} differ from what was applied`, "Restore those files: `git checkout -- services`.");
	}
	const pending = list((state) => state.pending);
	return ok(name, pending === "" ? "up to date" : `applied by the next start: ${pending}`);
}

/** Whether the tables are those that this version knows. */
function isCurrent({ pending, unknown, changed }: MigrationState): boolean {
	return pending.length + unknown.length + changed.length === 0;
}

/** What its service finds wrong in what is stored. */
async function examine(client: Client, { schema, examinations }: Owner): Promise<Finding[]> {
	const findings: Finding[] = [];
	for (const { check, query, tell } of examinations) {
		await client.query("begin");
		await client.query("select set_config('search_path', $1, true)", [schema]);
		const { rows } = await client.query<Record<string, unknown>>(query);
		await client.query("rollback");
		if (rows.length === 0) continue;
		const { detail, mend } = tell(rows);
		findings.push(warning(check, detail, mend));
	}
	return findings;
}

/** Data from the future: the clock was put back, or ran ahead once. */
function checkFuture(
	check: string,
	states: readonly [string, MigrationState][],
	{ ahead_ms }: DatabaseFacts,
): Finding[] {
	const newest = Math.max(...states.map(([, { newest_applied_at }]) => newest_applied_at?.getTime() ?? 0));
	const behind_ms = newest - (Date.now() - ahead_ms);
	if (behind_ms < skew_ms.failed) return [];
	return [
		warning(
			`${check} clock`,
			`The database was last changed by an upgrade at ${new Date(newest).toISOString()}, which its clock has not reached yet`,
			"Set the clock of the database's machine with NTP (`timedatectl set-ntp true`).",
		),
	];
}

async function checkVault(check: string, client: Client, owners: readonly Owner[], keys: MasterKeys): Promise<Finding> {
	const name = `${check} vault`;
	let total = 0;
	let by_previous = 0;
	try {
		for (const { schema } of owners) {
			const tried = await tryStoredKeys(client, schema, keys);
			total += tried.keys;
			by_previous += tried.by_previous;
		}
	} catch (error) {
		return broken(name, reasonOf(error), "As said; stored secrets cannot be read until then.");
	}
	if (keys.previous !== undefined && total > 0 && by_previous === 0) {
		return warning(
			name,
			"NETCONDUCTOR_MASTER_KEY_PREVIOUS is still set, and nothing needs it any more",
			"Remove it: an old key that lies about opens old backups.",
		);
	}
	return ok(name, total === 0 ? "nothing stored yet" : `the master key opens all ${total} data keys`);
}
