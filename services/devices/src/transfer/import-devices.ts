import { setImmediate as turn } from "node:timers/promises";
import type { ImportProblem, ImportResult } from "@netconductor/contracts/devices/model";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { jsonbText } from "@netconductor/runtime/db/jsonb";
import { violatedUnique } from "@netconductor/runtime/db/query-error";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { and, isNotNull, type SQLWrapper, sql } from "drizzle-orm";
import { credentialInScope, sharedByName } from "../credentials/credential-store.ts";
import { openSecrets, sealSecrets } from "../credentials/secrets.ts";
import { builtInTypes } from "../device-types/platforms.ts";
import { deviceColumns, groupsByName } from "../devices/device-store.ts";
import { recordedNames } from "../devices/recorded-names.ts";
import type { DevicesOperation, Statements } from "../operation.ts";
import { groupInScope, inScope, requireStillInScope, type Scoped } from "../scope.ts";
import { anyOf } from "../sql.ts";
import { credentials, deviceGroups, devices, deviceTypes } from "../tables.ts";
import { type CheckedRow, checkRows } from "./check-rows.ts";
import { type ExistingDevice, type PlannedRow, planImport, type Surroundings } from "./plan-import.ts";
import { readCsv } from "./read-csv.ts";
import { readJson } from "./read-json.ts";

interface Needs {
	db: Database;
	vault: Vault;
	outbox: Outbox;
	clock: Clock;
}

const maxRows = 50_000;
const maxTold = 1_000;
const rowsAStatement = 2_000;
const sealsATurn = 500;

/** Takes a file of devices: all rows or, when one cannot be taken, none. A device of the same name is updated. */
export function importDevices({ db, vault, outbox, clock }: Needs): DevicesOperation<"importDevices"> {
	return async ({ body, actor, note }) => {
		const problems: ImportProblem[] = [];
		const read = body.format === "csv" ? readCsv : readJson;
		const found = await read(body.content, body.columns ?? {}, problems);
		if (found.length > maxRows) {
			problems.push({ row: maxRows + 1, line: 0, column: null, message: `A file has at most ${maxRows} devices` });
			found.length = 0;
		}
		const rows = await checkRows(found, problems);
		const around = await surroundings({ on: db.orm, vault, actor }, rows);
		const planned = planImport(rows, around, problems);
		problems.sort((a, b) => a.row - b.row);
		if (problems.length > 0 && !body.dry_run) throw importInvalid(problems);

		if (problems.length === 0 && !body.dry_run) {
			const sealed = await sealLogins(vault, planned);
			const work = { planned, sealed, around, at: clock.now().toISOString(), actor };
			await db
				.transaction(async (tx) => {
					await refuseMeanwhile(tx, rows, { around, actor });
					await write(tx, work);
					const announced = (done: PlannedRow["action"]) =>
						planned
							.filter(({ action }) => action === done)
							.map(({ device: { id, name } }) => ({ device_id: id, name, by: actor.name }));
					await outbox.publishAll(tx, "device.created.v1", announced("create"));
					await outbox.publishAll(tx, "device.updated.v1", announced("update"));
				})
				.catch((error: unknown) => {
					throw violatedUnique(error) === "devices_name_key" ? changedMeanwhile() : error;
				});
		}
		const count = (action: PlannedRow["action"]) => planned.filter((row) => row.action === action).length;
		const result: ImportResult = {
			dry_run: body.dry_run,
			rows: found.length,
			created: count("create"),
			updated: count("update"),
			unchanged: count("unchanged"),
			problems: problems.slice(0, maxTold),
			changes: planned
				.slice(0, maxTold)
				.map(({ row, device, action, fields }) => ({ row, name: device.name, action, fields })),
		};
		const { created, updated, unchanged } = result;
		const named = (action: PlannedRow["action"]) =>
			recordedNames(planned.filter((row) => row.action === action).map(({ device }) => device.name));
		note({
			resource_type: "device",
			resource_name: `import of ${found.length} rows`,
			after: {
				dry_run: body.dry_run,
				created,
				updated,
				unchanged,
				devices_created: named("create"),
				devices_updated: named("update"),
			},
		});
		return result;
	};
}

function importInvalid(problems: ImportProblem[]): Error {
	const [first] = problems;
	const where =
		first === undefined ? "" : `line ${first.line}${first.column === null ? "" : `, column ${first.column}`}`;
	return failed("devices.import_invalid", {
		message: `Nothing was imported: ${problems.length === 1 ? "there is a problem" : `there are ${problems.length} problems`}. ${where}: ${first?.message}`,
		details: { problems: problems.slice(0, maxTold), total: problems.length },
		errors: problems.slice(0, 100).map(({ row, line, column, message }) => ({
			path: `row ${row}${column === null ? "" : `, ${column}`}`,
			message: `line ${line}: ${message}`,
		})),
	});
}

function changedMeanwhile(): Error {
	return failed("devices.import_conflict", {
		message:
			"Somebody changed devices of this file while it was read. Nothing was imported: look at a dry run and import again.",
	});
}

/** Everything that the rows are held against, read before the transaction because sealed logins are opened and sealed by it. */
async function surroundings(
	{ on, vault, actor }: { on: Statements; vault: Vault; actor: Scoped },
	rows: CheckedRow[],
): Promise<Surroundings> {
	const isShown = (id: SQLWrapper) => sql<boolean>`coalesce(${inScope(actor, id) ?? sql`true`}, false)`;
	const names = rows.map(({ fields }) => fields.name);
	const named = await on
		.select({
			...deviceColumns(actor),
			is_shown: isShown(devices.id),
			credential: sql<
				string | null
			>`(select credentials.name from credentials where credentials.id = devices.credential_id and credentials.device_id is null)`,
			jump_host: sql<
				string | null
			>`(select jump.name from devices as jump where jump.id = devices.jump_device_id and ${isShown(sql`jump.id`)})`,
		})
		.from(devices)
		.where(sql`lower(${devices.name}) in (select lower(asked) from unnest(${sql.param(names)}::text[]) as asked)`);
	const found = named.filter(({ is_shown }) => is_shown);
	const logins = await loadLogins(on, vault, rows, found);
	const custom = await on.select({ id: deviceTypes.id }).from(deviceTypes);
	const jumpNames = rows.flatMap(({ fields }) => fields.jump_host ?? []);
	const jumpHosts = await on
		.select({ id: devices.id, name: devices.name })
		.from(devices)
		.where(
			and(
				sql`lower(${devices.name}) in (select lower(asked) from unnest(${sql.param(jumpNames)}::text[]) as asked)`,
				inScope(actor, devices.id),
			),
		);
	const jumps = await on
		.select({ id: devices.id, jump: devices.jump_device_id })
		.from(devices)
		.where(isNotNull(devices.jump_device_id));
	return {
		existing: new Map(
			found.map((device): [string, ExistingDevice] => [
				device.name.toLowerCase(),
				{ ...device, login: device.credential_id === device.id ? logins.get(device.id) : undefined },
			]),
		),
		taken: new Set(named.flatMap(({ name, is_shown }) => (is_shown ? [] : [name.toLowerCase()]))),
		groups: await namesOfGroups(on, actor),
		knownTypes: new Set([...builtInTypes, ...custom].map(({ id }) => id)),
		credentials: await sharedByName(
			on,
			rows.flatMap(({ fields }) => fields.credential ?? []),
			actor,
		),
		jumpHosts: new Map(jumpHosts.map((device) => [device.name.toLowerCase(), device])),
		jumps: new Map(jumps.map(({ id, jump }) => [id, jump ?? ""])),
		newId,
	};
}

/** In lower case; undefined for whom a row may name any, and make those that are missing. */
async function namesOfGroups(on: Statements, actor: Scoped): Promise<ReadonlySet<string> | undefined> {
	const known = groupInScope(actor);
	if (known === undefined) return undefined;
	const found = await on.select({ name: deviceGroups.name }).from(deviceGroups).where(known);
	return new Set(found.map(({ name }) => name.toLowerCase()));
}

/** Own logins of devices. Secrets are opened only where the file gives a login, to tell whether it differs. */
async function loadLogins(
	on: Statements,
	vault: Vault,
	rows: CheckedRow[],
	found: { id: string; name: string; credential_id: string | null }[],
): Promise<Map<string, NonNullable<ExistingDevice["login"]>>> {
	const given = new Set(
		rows
			.filter(({ fields }) => (fields.password ?? fields.enable_password) !== undefined)
			.map(({ fields }) => fields.name.toLowerCase()),
	);
	const own = found.filter(({ id, credential_id }) => id === credential_id);
	const nameOf = new Map(own.map(({ id, name }) => [id, name.toLowerCase()]));
	const stored = await on
		.select()
		.from(credentials)
		.where(sql`${credentials.id} = ${anyOf([...nameOf.keys()], "uuid")}`);
	const logins = new Map<string, NonNullable<ExistingDevice["login"]>>();
	for (const [index, credential] of stored.entries()) {
		if (index % sealsATurn === sealsATurn - 1) await turn();
		const opened = given.has(nameOf.get(credential.id) ?? "") ? await openSecrets(vault, credential) : {};
		const { password, enable_password } = opened;
		logins.set(credential.id, { username: credential.username, password, enable_password });
	}
	return logins;
}

type SealedLogins = Map<string, { username: string | null; password: string | null; enable_password: string | null }>;

async function sealLogins(vault: Vault, planned: PlannedRow[]): Promise<SealedLogins> {
	const sealed: SealedLogins = new Map();
	for (const { device, login } of planned) {
		if (login === undefined) continue;
		if (sealed.size % sealsATurn === sealsATurn - 1) await turn();
		const { username, ...secrets } = login;
		const { password, enable_password } = await sealSecrets(vault, device.id, secrets);
		sealed.set(device.id, {
			username: username ?? null,
			password: password ?? null,
			enable_password: enable_password ?? null,
		});
	}
	return sealed;
}

/** The plan rests on what was read: the devices must still be the same ones, unchanged, exist for whoever imports, and stay so until the end. */
async function refuseMeanwhile(
	tx: Tx,
	rows: CheckedRow[],
	{ around: { existing }, actor }: { around: Surroundings; actor: Scoped },
): Promise<void> {
	const names = rows.map(({ fields }) => fields.name);
	const { rows: now } = await tx.execute<{ id: string; name: string; updated_at: string }>(sql`
		select id, name, updated_at from devices
		where lower(name) in (select lower(asked) from unnest(${sql.param(names)}::text[]) as asked) order by id for update`);
	const same = now.every(({ id, name, updated_at }) => {
		const read = existing.get(name.toLowerCase());
		return read?.id === id && Date.parse(read.updated_at) === Date.parse(updated_at);
	});
	if (!same || now.length !== existing.size) throw changedMeanwhile();
	// Asked once they are locked: a row that names a group would take back in what was taken out of their groups.
	const ids = now.map(({ id }) => id);
	const shown = await tx.$count(devices, and(sql`${devices.id} = ${anyOf(ids, "uuid")}`, inScope(actor, devices.id)));
	if (shown !== ids.length) throw changedMeanwhile();
}

interface Work {
	planned: PlannedRow[];
	sealed: SealedLogins;
	around: Surroundings;
	at: string;
	actor: Scoped;
}

/** Writes the plan in a few statements for thousands of rows each. */
async function write(tx: Tx, { planned, sealed, around, at, actor }: Work): Promise<void> {
	const changed = planned.filter(({ action }) => action !== "unchanged");
	await keepReferences(tx, changed, { around, actor });
	const groupIds = await groupsByName(
		tx,
		changed.filter((row) => row.groups_changed).flatMap(({ device }) => device.groups),
		{ at, actor },
	);
	for (let from = 0; from < changed.length; from += rowsAStatement) {
		const part = changed.slice(from, from + rowsAStatement);
		await writeLogins(tx, part, sealed, at);
		const created = part
			.filter(({ action }) => action === "create")
			.map(({ device }) => ({ ...device, jump_device_id: null }));
		await tx.execute(sql`
			insert into devices (id, name, host, port, device_type, credential_id, legacy_algorithms, enabled, site, worker_pool, tags, description, source, created_at, updated_at)
			select id, name, host, port, device_type, credential_id, legacy_algorithms, enabled, site, worker_pool, tags, description, 'import', ${at}, ${at}
			from jsonb_populate_recordset(null::devices, ${jsonbText(created)}::jsonb)`);
		const updated = part.filter(({ action }) => action === "update").map(({ device }) => device);
		await tx.execute(sql`
			update devices set name = given.name, host = given.host, port = given.port, device_type = given.device_type,
				credential_id = given.credential_id, legacy_algorithms = given.legacy_algorithms, enabled = given.enabled,
				site = given.site, worker_pool = given.worker_pool, tags = given.tags, description = given.description, updated_at = ${at}
			from jsonb_populate_recordset(null::devices, ${jsonbText(updated)}::jsonb) as given where devices.id = given.id`);
		await writeGroups(tx, part, { groupIds, actor });
		await turn();
	}
	// After all rows are there: a jump host may stand further down in the file.
	const jumps = changed.filter((row) => row.jump_changed).map(({ device }) => device);
	await tx.execute(sql`
		update devices set jump_device_id = given.jump_device_id
		from jsonb_to_recordset(${jsonbText(jumps)}::jsonb) as given (id uuid, jump_device_id uuid) where devices.id = given.id`);
	const dropped = changed.filter((row) => row.drops_login).map(({ device }) => device.id);
	await tx.execute(sql`delete from credentials where id = ${anyOf(dropped, "uuid")}`);
	await requireStillInScope(
		tx,
		changed.map(({ device }) => device.id),
		actor,
	);
}

/** What rows refer to stays until the end of the transaction; what is gone by now, or is so for whoever imports, is a conflict. */
async function keepReferences(
	tx: Tx,
	changed: PlannedRow[],
	{ around, actor }: { around: Surroundings; actor: Scoped },
): Promise<void> {
	const builtIn = new Set(builtInTypes.map(({ id }) => id));
	const types = [...new Set(changed.map(({ device }) => device.device_type))].filter((id) => !builtIn.has(id));
	const shared = [...new Set(around.credentials.values())];
	const jumps = [...new Set([...around.jumpHosts.values()].map(({ id }) => id))];
	const known = credentialInScope(actor) ?? sql`true`;
	const seen = inScope(actor, sql`devices.id`) ?? sql`true`;
	const kept = [
		[types, sql`select from device_types where id = ${anyOf(types, "text")} for key share`],
		[shared, sql`select from credentials where id = ${anyOf(shared, "uuid")} and ${known} for key share`],
		[jumps, sql`select from devices where id = ${anyOf(jumps, "uuid")} and ${seen} for key share`],
	] as const;
	for (const [asked, there] of kept) {
		if ((await tx.execute(there)).rows.length !== asked.length) throw changedMeanwhile();
	}
}

async function writeLogins(tx: Tx, part: PlannedRow[], sealed: SealedLogins, at: string): Promise<void> {
	const given = part.flatMap(({ device: { id, name } }) => {
		const login = sealed.get(id);
		return login === undefined ? [] : [{ id, name, ...login }];
	});
	const logins = sql`jsonb_to_recordset(${jsonbText(given)}::jsonb) as given (id uuid, name text, username text, password text, enable_password text)`;
	await tx.execute(sql`
		update credentials set username = coalesce(given.username, credentials.username), password = coalesce(given.password, credentials.password),
			enable_password = coalesce(given.enable_password, credentials.enable_password), updated_at = ${at}
		from ${logins} where credentials.id = given.id`);
	await tx.execute(sql`
		insert into credentials (id, device_id, name, username, password, enable_password, is_default, created_at, updated_at)
		select id, id, name, username, password, enable_password, false, ${at}, ${at} from ${logins}
		where not exists (select from credentials where credentials.id = given.id)`);
}

/** Who is limited to some groups decides on those alone: a device stays in its others. */
async function writeGroups(
	tx: Tx,
	part: PlannedRow[],
	{ groupIds, actor }: { groupIds: ReadonlyMap<string, string>; actor: Scoped },
): Promise<void> {
	const changed = part.filter((row) => row.groups_changed);
	const members = changed.flatMap(({ device }) =>
		device.groups.map((name) => ({ device_id: device.id, group_id: groupIds.get(name) })),
	);
	const ids = changed.map(({ device }) => device.id);
	const theirs = groupInScope(actor, sql`group_id`) ?? sql`true`;
	await tx.execute(sql`delete from device_group_members where device_id = ${anyOf(ids, "uuid")} and ${theirs}`);
	await tx.execute(sql`
		insert into device_group_members (device_id, group_id)
		select device_id, group_id from jsonb_to_recordset(${jsonbText(members)}::jsonb) as given (device_id uuid, group_id uuid)
		on conflict do nothing`);
}
