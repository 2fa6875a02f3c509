import type { Device, ImportProblem, ImportResult } from "@netconductor/contracts/devices/model";
import { maxJumpHosts } from "../connection/connection.ts";
import type { CheckedRow } from "./check-rows.ts";

/** A device that is there already, as far as an import may change it. */
export type ExistingDevice = Pick<
	Device,
	| "id"
	| "name"
	| "host"
	| "port"
	| "device_type"
	| "credential_id"
	| "jump_device_id"
	| "legacy_algorithms"
	| "enabled"
	| "site"
	| "worker_pool"
	| "tags"
	| "groups"
	| "description"
	| "updated_at"
> & {
	/** Name of the stored credential; null for none and for an own login. */
	credential: string | null;
	jump_host: string | null;
	/** The login that is the device's own. */
	login: { username: string; password: string | undefined; enable_password: string | undefined } | undefined;
};

/** What the rows are held against. Names are in lower case. */
export interface Surroundings {
	existing: ReadonlyMap<string, ExistingDevice>;
	/** Devices that do not exist for whoever imports: their names are taken all the same. */
	taken: ReadonlySet<string>;
	/** Groups that rows may name, where their role is limited to these. */
	groups: ReadonlySet<string> | undefined;
	knownTypes: ReadonlySet<string>;
	/** Credential ids by the name as the file has it. */
	credentials: ReadonlyMap<string, string>;
	/** Devices that rows name as jump hosts and that are not rows themselves. */
	jumpHosts: ReadonlyMap<string, { id: string; name: string }>;
	/** Jump host of every device that has one, by id. */
	jumps: ReadonlyMap<string, string>;
	newId(): string;
}

type Fields = Omit<ExistingDevice, "credential" | "jump_host" | "login" | "updated_at">;

/** What is to be done about one row. */
export interface PlannedRow {
	row: number;
	action: "create" | "update" | "unchanged";
	/** The device as it will be. */
	device: Fields;
	/** Parts of an own login to write. */
	login:
		| { username?: string | undefined; password?: string | undefined; enable_password?: string | undefined }
		| undefined;
	/** The own login is replaced by a stored credential. */
	drops_login: boolean;
	groups_changed: boolean;
	jump_changed: boolean;
	fields: ImportResult["changes"][number]["fields"];
}

/** What an import would do, row by row, without doing it; what cannot be done is a problem with its place. */
export function planImport(rows: CheckedRow[], around: Surroundings, problems: ImportProblem[]): PlannedRow[] {
	const ids = new Map(
		rows.map(({ fields }) => {
			const name = fields.name.toLowerCase();
			return [name, around.existing.get(name)?.id ?? around.newId()] as const;
		}),
	);
	const planned = rows.map((row) => planRow(row, ids, around, problems));
	refuseJumpLoops(rows, planned, around, problems);
	return planned;
}

function planRow(
	{ row, line, fields }: CheckedRow,
	ids: ReadonlyMap<string, string>,
	around: Surroundings,
	problems: ImportProblem[],
): PlannedRow {
	const problem = (column: string, message: string) => problems.push({ row, line, column, message });
	const name = fields.name.toLowerCase();
	const before = around.existing.get(name);
	const id = ids.get(name) ?? around.newId();

	if (around.taken.has(name)) problem("name", "There is a device of this name already");
	for (const message of refusedGroups(fields.groups ?? before?.groups ?? [], around)) problem("groups", message);
	if (before === undefined && fields.host === undefined) problem("host", "A new device needs a host");
	if (before === undefined && fields.device_type === undefined)
		problem("device_type", "A new device needs a device type");
	if (fields.device_type !== undefined && !around.knownTypes.has(fields.device_type)) {
		problem("device_type", "There is no such device type");
	}
	const jumpName = fields.jump_host?.toLowerCase();
	const jump = jumpName === undefined ? undefined : (ids.get(jumpName) ?? around.jumpHosts.get(jumpName)?.id);
	if (jumpName !== undefined && jump === undefined)
		problem("jump_host", "There is no such device, neither here nor in the file");

	const stored = fields.credential === undefined ? undefined : around.credentials.get(fields.credential);
	const login = loginOf(fields, before?.login);
	if (fields.credential !== undefined && stored === undefined) problem("credential", "There is no such credential");
	if (fields.credential !== undefined && hasLogin(fields)) {
		problem("credential", "Give either a credential or username and password, not both");
	} else if (login !== undefined && before?.login === undefined) {
		if (login.username === undefined) problem("username", "A login needs a username");
		else if (login.password === undefined) problem("password", "A login needs a password");
	}

	const device: Fields = {
		id,
		name: fields.name,
		host: fields.host ?? before?.host ?? "",
		port: fields.port ?? before?.port ?? 22,
		device_type: fields.device_type ?? before?.device_type ?? "",
		credential_id: login === undefined ? (stored ?? before?.credential_id ?? null) : id,
		jump_device_id: fields.jump_host === undefined ? (before?.jump_device_id ?? null) : (jump ?? null),
		legacy_algorithms: fields.legacy_algorithms ?? before?.legacy_algorithms ?? false,
		enabled: fields.enabled ?? before?.enabled ?? true,
		site: fields.site === undefined ? (before?.site ?? null) : fields.site,
		worker_pool: fields.worker_pool === undefined ? (before?.worker_pool ?? null) : fields.worker_pool,
		tags: fields.tags === undefined ? (before?.tags ?? []) : [...new Set(fields.tags)].toSorted(),
		groups: fields.groups === undefined ? (before?.groups ?? []) : uniqueGroups(fields.groups, before?.groups ?? []),
		description: fields.description ?? before?.description ?? "",
	};
	const changes = changesOf(before, device, fields, login, around);
	return {
		row,
		action: before === undefined ? "create" : Object.keys(changes).length > 0 ? "update" : "unchanged",
		device,
		login,
		drops_login: before?.login !== undefined && device.credential_id !== id,
		groups_changed: "groups" in changes,
		jump_changed: "jump_host" in changes,
		fields: changes,
	};
}

/** Why a device may not be put into exactly these groups. */
function refusedGroups(names: readonly string[], { groups }: Surroundings): string[] {
	if (groups === undefined) return [];
	if (names.length === 0) return ["Your role is limited to some groups: name one of them"];
	return names.filter((name) => !groups.has(name.toLowerCase())).map((name) => `There is no group ${name}`);
}

function hasLogin({ username, password, enable_password }: CheckedRow["fields"]): boolean {
	return (username ?? password ?? enable_password) !== undefined;
}

/** The parts of an own login that differ from what is stored; undefined when none does. */
function loginOf(given: CheckedRow["fields"], stored: ExistingDevice["login"]): PlannedRow["login"] {
	if (!hasLogin(given)) return undefined;
	const parts = (["username", "password", "enable_password"] as const).filter(
		(part) => given[part] !== undefined && given[part] !== stored?.[part],
	);
	return parts.length === 0 ? undefined : Object.fromEntries(parts.map((part) => [part, given[part]]));
}

/** Groups are the same whatever their case; the name that is there stays. */
function uniqueGroups(given: string[], existing: string[]): string[] {
	const known = new Map(existing.map((name) => [name.toLowerCase(), name]));
	const byLower = new Map(given.map((name) => [name.toLowerCase(), known.get(name.toLowerCase()) ?? name]));
	return [...byLower.values()].toSorted();
}

const plainFields = [
	"name",
	"host",
	"port",
	"device_type",
	"site",
	"worker_pool",
	"description",
	"enabled",
	"legacy_algorithms",
] as const;

/** What differs, for people. A secret is named, never shown. */
function changesOf(
	before: ExistingDevice | undefined,
	after: Fields,
	given: CheckedRow["fields"],
	login: PlannedRow["login"],
	around: Surroundings,
): PlannedRow["fields"] {
	const changes: PlannedRow["fields"] = {};
	const compare = (field: string, old: unknown, now: unknown) => {
		if (JSON.stringify(old ?? null) !== JSON.stringify(now ?? null))
			changes[field] = { before: old ?? null, after: now };
	};
	for (const field of plainFields) compare(field, before?.[field], after[field]);
	compare("tags", before?.tags ?? [], after.tags);
	compare("groups", [...(before?.groups ?? [])].toSorted(), after.groups);
	if ((before?.credential_id ?? null) !== after.credential_id) {
		const own = "own login";
		const old = before?.login === undefined ? (before?.credential ?? null) : own;
		changes.credential = { before: old, after: after.credential_id === after.id ? own : (given.credential ?? null) };
	}
	if ((before?.jump_device_id ?? null) !== after.jump_device_id) {
		const named = around.jumpHosts.get(given.jump_host?.toLowerCase() ?? "")?.name;
		changes.jump_host = { before: before?.jump_host ?? null, after: named ?? given.jump_host ?? null };
	}
	if (login?.username !== undefined) compare("username", before?.login?.username, login.username);
	for (const secret of ["password", "enable_password"] as const) {
		if (login?.[secret] === undefined) continue;
		changes[secret] = { before: before?.login?.[secret] === undefined ? "not set" : "set", after: "set anew" };
	}
	return changes;
}

function refuseJumpLoops(
	rows: CheckedRow[],
	planned: PlannedRow[],
	around: Surroundings,
	problems: ImportProblem[],
): void {
	// A jump host that stays may be one that does not exist for whoever imports, and is then planned as none.
	const planOf = new Map(
		planned.flatMap(({ device, jump_changed }) => (jump_changed ? [[device.id, device.jump_device_id]] : [])),
	);
	const jumpOf = (id: string) => (planOf.has(id) ? planOf.get(id) : around.jumps.get(id)) ?? null;
	planned.forEach(({ device, jump_changed }, index) => {
		if (!jump_changed) return;
		let hops = 0;
		for (let next = jumpOf(device.id); next !== null && hops <= maxJumpHosts; next = jumpOf(next)) hops++;
		const place = rows[index];
		if (hops > maxJumpHosts && place !== undefined) {
			problems.push({
				row: place.row,
				line: place.line,
				column: "jump_host",
				message: `The jump hosts lead in a circle, or are more than ${maxJumpHosts}`,
			});
		}
	});
}
