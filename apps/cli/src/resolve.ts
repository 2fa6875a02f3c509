import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import type { User } from "@netconductor/contracts/auth/model";
import type { ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import type { Backup, Snapshot } from "@netconductor/contracts/backup/model";
import type { Credential, Device, DeviceGroup } from "@netconductor/contracts/devices/model";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Schedule, ScheduleCalendar } from "@netconductor/contracts/scheduling/model";
import type { Cli } from "./cli.ts";
import { hasProblem, notFoundFailure, usageFailure } from "./failure.ts";
import { namesNear, nearHint } from "./near-names.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(text: string): boolean {
	return uuid.test(text);
}

interface Search<T> {
	/** `device`, for the message. */
	noun: string;
	code: string;
	given: string;
	nameOf: (item: T) => string;
	byId: (id: string) => Promise<T>;
	/** A page of those whose name contains `q`. */
	search: (query: { q: string; page: number; page_size: number }) => Promise<Page<T>>;
	list: string;
}

/** By id, else by exact name whatever its case. Several of one name are an error that lists them. */
async function find<T extends { id: string }>({
	noun,
	code,
	given,
	nameOf,
	byId,
	search,
	list,
}: Search<T>): Promise<T> {
	if (isId(given)) return byId(given);
	const wanted = given.toLowerCase();
	const matches: T[] = [];
	for (let page = 1; ; page++) {
		const answer = await search({ q: given.slice(0, 200), page, page_size: 500 });
		for (const item of answer.items) {
			if (nameOf(item).toLowerCase() === wanted) matches.push(item);
		}
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
	}
	const [match, second] = matches;
	if (match === undefined) {
		const near = await namesNear(given, async (query) => ({
			items: (await search(query)).items.map((item) => ({ name: nameOf(item) })),
		}));
		throw notFoundFailure(code, `There is no ${noun} ${given}.`, nearHint(near, list));
	}
	if (second !== undefined) {
		throw usageFailure(
			`${matches.length} ${noun}s have the name ${given}; name one by its id: ${matches.map(({ id }) => id).join(", ")}`,
		);
	}
	return match;
}

export function findDevice({ clients: { devices } }: Cli, given: string): Promise<Device> {
	return find({
		noun: "device",
		code: "devices.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => devices.getDevice({ params: { id } }),
		search: (query) => devices.listDevices({ query }),
		list: "devices list",
	});
}

export function findCredential({ clients: { devices } }: Cli, given: string): Promise<Credential> {
	return find({
		noun: "credential",
		code: "credentials.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => devices.getCredential({ params: { id } }),
		search: (query) => devices.listCredentials({ query }),
		list: "credentials list",
	});
}

export function findGroup({ clients: { devices } }: Cli, given: string): Promise<DeviceGroup> {
	return find({
		noun: "group",
		code: "device_groups.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => devices.getGroup({ params: { id } }),
		search: (query) => devices.listGroups({ query }),
		list: "groups list",
	});
}

export function findApprovalPolicy({ clients: { alerts } }: Cli, given: string): Promise<ApprovalPolicy> {
	return find({
		noun: "approval policy",
		code: "approval_policies.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => alerts.getApprovalPolicy({ params: { id } }),
		search: (query) => alerts.listApprovalPolicies({ query }),
		list: "approvals policies list",
	});
}

export function findUser({ clients: { auth } }: Cli, given: string): Promise<User> {
	return find({
		noun: "user",
		code: "users.not_found",
		given,
		nameOf: ({ username }) => username,
		byId: (id) => auth.getUser({ params: { id } }),
		search: (query) => auth.listUsers({ query }),
		list: "users list",
	});
}

export function findServiceAccount({ clients: { auth } }: Cli, given: string): Promise<ServiceAccount> {
	return find({
		noun: "service account",
		code: "service_accounts.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => auth.getServiceAccount({ params: { id } }),
		search: (query) => auth.listServiceAccounts({ query }),
		list: "service-accounts list",
	});
}

/** By id or name, or `latest` and `previous`: the two newest that are complete. */
export async function findSnapshot(cli: Cli, given: string): Promise<Snapshot> {
	const { backup } = cli.clients;
	if (given === "latest" || given === "previous") {
		const wanted = given === "latest" ? 0 : 1;
		const finished: Snapshot[] = [];
		for (let page = 1; finished.length <= wanted; page++) {
			const answer = await backup.listSnapshots({ query: { page, page_size: 50 } });
			finished.push(...answer.items.filter(({ status }) => status !== "running"));
			if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
		}
		const found = finished[wanted];
		if (found === undefined) {
			throw notFoundFailure(
				"snapshots.not_found",
				`There is no ${given} snapshot.`,
				"Take one: `netconductor backup run --all`.",
			);
		}
		return found;
	}
	return find({
		noun: "snapshot",
		code: "snapshots.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => backup.getSnapshot({ params: { id } }),
		search: (query) => backup.listSnapshots({ query }),
		list: "snapshots list",
	});
}

/** What a device may still be called by after it was deleted: its backups stay, and their history is asked for by id. */
export async function findBackedUpDevice(cli: Cli, given: string): Promise<{ id: string; name: string }> {
	try {
		return await findDevice(cli, given);
	} catch (error) {
		if (isId(given) && hasProblem(error, "devices.not_found")) return { id: given, name: given };
		throw error;
	}
}

/** A device's version: a backup id, `latest`, `previous`, `~N` (N versions back), a time, or a snapshot (name or id). */
export async function findVersion(cli: Cli, device: { id: string; name: string }, given: string): Promise<Backup> {
	const { backup } = cli.clients;
	const back =
		given === "latest" ? 0 : given === "previous" ? 1 : /^~\d{1,6}$/.test(given) ? Number(given.slice(1)) : undefined;
	if (back !== undefined) return backup.getBackup({ params: { id: await versionBack(cli, device, back) } });
	if (/^\d{4}-\d{2}-\d{2}/.test(given)) {
		const at = new Date(/^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00` : given.replace(" ", "T"));
		if (Number.isNaN(at.getTime())) throw usageFailure(`${given} is not a time.`);
		const query = { device_id: device.id, status: "succeeded", to: at.toISOString(), page_size: 1 };
		const [newest] = (await backup.listBackups({ query })).items;
		if (newest === undefined)
			throw notFoundFailure("backups.no_backup_at", `There is no backup of ${device.name} before ${given}.`);
		return newest;
	}
	if (isId(given)) {
		try {
			const found = await backup.getBackup({ params: { id: given } });
			if (found.device_id !== device.id)
				throw usageFailure(`${given} is a backup of ${found.device_name}, not of ${device.name}.`);
			return found;
		} catch (error) {
			if (!hasProblem(error, "backups.not_found")) throw error;
		}
	}
	const snapshot = await findSnapshot(cli, given);
	const query = { device_id: device.id, snapshot_id: snapshot.id, status: "succeeded", page_size: 1 };
	const [inSnapshot] = (await backup.listBackups({ query })).items;
	if (inSnapshot === undefined) {
		throw notFoundFailure("backups.not_found", `The snapshot ${snapshot.name} holds no good backup of ${device.name}.`);
	}
	return inSnapshot;
}

async function versionBack(cli: Cli, device: { id: string; name: string }, back: number): Promise<string> {
	let passed = 0;
	for (let cursor: string | undefined; ; ) {
		const answer = await cli.clients.backup.getHistory({
			params: { device_id: device.id },
			query: { limit: Math.min(500, back + 1), cursor },
		});
		const found = answer.items[back - passed];
		if (found !== undefined) return found.backup_id;
		passed += answer.items.length;
		if (answer.next_cursor === null || answer.items.length === 0) break;
		cursor = answer.next_cursor;
	}
	throw passed === 0
		? notFoundFailure(
				"backups.not_found",
				`There is no good backup of ${device.name} yet.`,
				`Make one: \`netconductor backup run ${device.name}\`.`,
			)
		: notFoundFailure(
				"backups.not_found",
				`${device.name} has ${passed} ${passed === 1 ? "version" : "versions"}; there is none ${back} back.`,
			);
}

export function findSchedule({ clients: { scheduling } }: Cli, given: string): Promise<Schedule> {
	return find({
		noun: "schedule",
		code: "schedules.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => scheduling.getSchedule({ params: { id } }),
		search: (query) => scheduling.listSchedules({ query }),
		list: "schedules list",
	});
}

export function findCalendar({ clients: { scheduling } }: Cli, given: string): Promise<ScheduleCalendar> {
	return find({
		noun: "calendar",
		code: "schedule_calendars.not_found",
		given,
		nameOf: ({ name }) => name,
		byId: (id) => scheduling.getCalendar({ params: { id } }),
		search: (query) => scheduling.listCalendars({ query }),
		list: "schedules calendars list",
	});
}
