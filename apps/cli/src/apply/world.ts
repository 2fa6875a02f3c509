import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import type { Page } from "@netconductor/contracts/kernel/page";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Schedule, ScheduleCalendar, ScheduleKind } from "@netconductor/contracts/scheduling/model";
import type { Clients } from "../client.ts";
import { notFoundFailure } from "../failure.ts";
import type { AnyDocument, DocumentKind } from "./documents.ts";
import type { Placed } from "./parse-documents.ts";

/** Things of one kind by id and by name, whatever its case. */
interface Directory {
	nameOf(id: string): string | undefined;
	find(name: string): { id: string; name: string } | undefined;
	ids(): string[];
	add(thing: { id: string; name: string }): void;
}

/** What documents refer to: what is on the server, and what the documents themselves will make. Each list is read once, when it is needed. */
export interface World {
	clients: Clients;
	devices(): Promise<Directory>;
	templates(): Promise<Directory>;
	stacks(): Promise<Directory>;
	mops(): Promise<Directory>;
	scheduleKinds(): Promise<ScheduleKind[]>;
	schedules(): Promise<Schedule[]>;
	calendars(): Promise<ScheduleCalendar[]>;
	policies(): Promise<ApprovalPolicy[]>;
	/** The name that a document of this kind has; undefined where there is none of that name. */
	declared(kind: DocumentKind, name: string): string | undefined;
	/** Names of all documents of this kind. */
	declaredNames(kind: DocumentKind): string[];
	/** What documents refer to and what is not there. */
	errors: FieldError[];
}

export function createWorld(clients: Clients, documents: readonly Placed[] = []): World {
	const declared = new Map(documents.map(({ document }) => [keyOf(document.kind, document.name), document.name]));
	return {
		clients,
		devices: once(() => directoryOf((query) => clients.devices.listDevices({ query }))),
		templates: once(() => directoryOf((query) => clients.config.listTemplates({ query }))),
		stacks: once(() => directoryOf((query) => clients.config.listStacks({ query }))),
		mops: once(() => directoryOf((query) => clients.config.listMops({ query }))),
		scheduleKinds: once(async () => (await clients.scheduling.listScheduleKinds({})).items),
		schedules: once(() => allOf((query) => clients.scheduling.listSchedules({ query }))),
		calendars: once(() => allOf((query) => clients.scheduling.listCalendars({ query }))),
		policies: once(() => allOf((query) => clients.alerts.listApprovalPolicies({ query }))),
		declared: (kind, name) => declared.get(keyOf(kind, name)),
		declaredNames: (kind) => documents.flatMap(({ document }) => (document.kind === kind ? [document.name] : [])),
		errors: [],
	};
}

function keyOf(kind: DocumentKind, name: string): string {
	return `${kind} ${name.toLowerCase()}`;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
	let reading: Promise<T> | undefined;
	return () => (reading ??= read());
}

/** Every page of a list. */
export async function allOf<T>(read: (query: { page: number; page_size: number }) => Promise<Page<T>>): Promise<T[]> {
	const items: T[] = [];
	for (let page = 1; ; page++) {
		const answer = await read({ page, page_size: 500 });
		items.push(...answer.items);
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) return items;
	}
}

async function directoryOf(
	read: (query: { page: number; page_size: number }) => Promise<Page<{ id: string; name: string }>>,
): Promise<Directory> {
	const byId = new Map<string, string>();
	const byName = new Map<string, { id: string; name: string }>();
	const add = ({ id, name }: { id: string; name: string }) => {
		byId.set(id, name);
		byName.set(name.toLowerCase(), { id, name });
	};
	for (const thing of await allOf(read)) add(thing);
	return {
		nameOf: (id) => byId.get(id),
		ids: () => [...byId.keys()],
		find: (name) => byName.get(name.toLowerCase()),
		add,
	};
}

/** The name of a template as it is written where it is made; an error at `path` where it is made nowhere. */
export async function templateNamed(
	world: World,
	{ placeOf }: Placed<AnyDocument>,
	path: readonly PropertyKey[],
	name: string,
): Promise<string> {
	const found = world.declared("Template", name) ?? (await world.templates()).find(name)?.name;
	if (found === undefined) {
		world.errors.push({ path: placeOf(path), message: `There is no template ${visibleLine(name)}` });
	}
	return found ?? name;
}

/** The name of a device as the inventory has it; an error at `path` where there is none. */
export async function deviceNamed(
	world: World,
	{ placeOf }: Placed<AnyDocument>,
	path: readonly PropertyKey[],
	name: string,
): Promise<string> {
	const found = (await world.devices()).find(name)?.name;
	if (found === undefined) {
		world.errors.push({ path: placeOf(path), message: `There is no device ${visibleLine(name)}` });
	}
	return found ?? name;
}

/** Id of a template that is there by now. @throws templates.not_found */
export async function templateIdOf(world: World, name: string): Promise<string> {
	const found = (await world.templates()).find(name);
	if (found === undefined) throw notFoundFailure("templates.not_found", `There is no template ${name}.`);
	return found.id;
}
