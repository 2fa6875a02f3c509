import type { backupApi } from "@netconductor/contracts/backup/api";
import type { ApiResource, ResourceName } from "@netconductor/contracts/config/resources";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Page } from "@netconductor/contracts/kernel/page";
import type { Database } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { getTableColumns } from "drizzle-orm";
import type { AnyPgColumn, PgTable } from "drizzle-orm/pg-core";
import { serviceInstances } from "../instances/tables.ts";
import { stacks } from "../stacks/tables.ts";
import { templates } from "../tables.ts";

export interface ResourceNeeds {
	db: Database;
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listDevices" | "listGroups">;
	backup: Pick<Client<typeof backupApi, CallerContext>, "listBackups" | "listSnapshots">;
}

type Item = Record<string, unknown>;

interface Resource extends ApiResource {
	read(needs: ResourceNeeds, caller: CallerContext): Promise<Item[]>;
}

type Read = (needs: ResourceNeeds, caller: CallerContext, fields: readonly string[]) => Promise<Item[]>;

const mostItems = 50_000;
const pageSize = 500;

/** Fields by name: type, and what it is. Nothing else of an item is there. */
type Fields = Readonly<Record<string, readonly [type: string, description: string]>>;

function resource(
	name: ResourceName,
	given: { title: string; permission: string; fields: Fields; example: string; read: Read },
): Resource {
	const { title, permission, fields, example, read } = given;
	const names = Object.keys(fields);
	return {
		name,
		title,
		permission,
		example,
		fields: Object.entries(fields).map(([field, [type, description]]) => ({ name: field, type, description })),
		async read(needs, caller) {
			const items = await read(needs, caller, names);
			return items.map((item) => Object.fromEntries(names.map((field) => [field, item[field] ?? null])));
		},
	};
}

const id = ["string", "Its id"] as const;
const called = ["string", "What it is called"] as const;

/** In their order as they are offered. */
export const resources: readonly Resource[] = [
	resource("devices", {
		title: "Devices",
		permission: "devices:read",
		fields: {
			id,
			name: called,
			host: ["string", "Address or host name"],
			port: ["integer", "Port of the address"],
			device_type: ["string", "Id of its device type"],
			site: ["string or null", "Where it stands"],
			tags: ["list of strings", "Its tags"],
			groups: ["list of strings", "Names of its groups"],
			description: ["string", "What is written of it"],
			enabled: ["boolean", "Whether runs may touch it"],
			health: ["string", "How it was when it was reached last"],
			facts: ["mapping", "hostname, model, serial, os_version, as far as they are known"],
		},
		example: "$.items[?@.site=='ams'].host",
		read: ({ devices }, caller) => everything((query) => devices.listDevices({ query }, caller)),
	}),
	resource("device_groups", {
		title: "Device groups",
		permission: "devices:read",
		fields: { id, name: called, description: ["string", "What is written of it"] },
		example: "$.items[?search(@.name, '^Edge')].name",
		read: ({ devices }, caller) => everything((query) => devices.listGroups({ query }, caller)),
	}),
	resource("sites", {
		title: "Sites",
		permission: "devices:read",
		fields: { name: called, devices: ["integer", "How many devices stand there"] },
		example: "$.items[*].name",
		async read({ devices }, caller) {
			const counts = new Map<string, number>();
			for (const { site } of await everything((query) => devices.listDevices({ query }, caller))) {
				if (typeof site === "string" && site !== "") counts.set(site, (counts.get(site) ?? 0) + 1);
			}
			return [...counts]
				.sort(([one], [other]) => (one < other ? -1 : 1))
				.map(([name, count]) => ({ name, devices: count }));
		},
	}),
	resource("backups", {
		title: "Backups",
		permission: "backups:read",
		fields: {
			id,
			device_id: ["string", "Of which device"],
			device_name: ["string", "What that was called"],
			created_at: ["string", "When it was made, in UTC"],
			size_bytes: ["integer", "How long it is"],
		},
		example: "$.items[?@.device_name=='r1'].created_at",
		read: ({ backup }, caller) => everything((query) => backup.listBackups({ query }, caller)),
	}),
	resource("snapshots", {
		title: "Snapshots",
		permission: "backups:read",
		fields: {
			id,
			name: called,
			created_at: ["string", "When it was made, in UTC"],
			pinned: ["boolean", "Kept for good"],
		},
		example: "$.items[0].name",
		read: ({ backup }, caller) => everything((query) => backup.listSnapshots({ query }, caller)),
	}),
	resource("templates", {
		title: "Templates",
		permission: "templates:read",
		fields: {
			id,
			name: called,
			type: ["string", "deploy, delete, validation or partial"],
			tags: ["list of strings", "Its tags"],
			version: ["integer", "Its newest version"],
		},
		example: "$.items[?@.type=='deploy'].name",
		read: rowsOf(templates, templates.name),
	}),
	resource("stacks", {
		title: "Service stacks",
		permission: "stacks:read",
		fields: {
			id,
			name: called,
			state: ["string", "pending, deployed, partial, failed, …"],
			version: ["integer", "Version of its definition"],
			deployed_version: ["integer or null", "The version that was deployed"],
		},
		example: "$.items[?@.state=='deployed'].name",
		read: rowsOf(stacks, stacks.name),
	}),
	resource("service_instances", {
		title: "Service instances",
		permission: "stacks:read",
		fields: {
			id,
			stack_id: ["string", "Of which stack"],
			service: ["string", "Which of its services"],
			device_id: ["string", "On which device"],
			device_name: ["string", "What that is called"],
			state: ["string", "deployed, failed or unknown"],
		},
		example: "$.items[?@.service=='bgp'].device_name",
		read: rowsOf(serviceInstances, serviceInstances.device_name, serviceInstances.service),
	}),
];

/**
 * A resource as the caller may see it.
 * @throws auth.forbidden, resources.too_much
 */
export async function readResource(
	needs: ResourceNeeds,
	name: ResourceName,
	caller: CallerContext,
): Promise<{ items: Item[] }> {
	const found = resources.find((one) => one.name === name);
	if (found === undefined) throw failed("resources.not_found", { message: `There is no resource ${name}.` });
	if (!isPermitted(caller.actor, found.permission)) {
		throw failed("auth.forbidden", {
			message: `A variable is read from ${found.title.toLowerCase()}, which takes the permission ${found.permission}.`,
			details: { permission: found.permission },
		});
	}
	return { items: await found.read(needs, caller) };
}

async function everything(
	read: (query: { page: number; page_size: number }) => Promise<Page<object>>,
): Promise<Item[]> {
	const items: Item[] = [];
	for (let page = 1; ; page++) {
		const answer = await read({ page, page_size: pageSize });
		items.push(...(answer.items as Item[]));
		if (answer.total > mostItems) throw tooMany(answer.total);
		if (answer.items.length === 0 || page * pageSize >= answer.total) return items;
	}
}

/** The fields of a resource as columns of a table of ours. */
function rowsOf(table: PgTable, ...order: AnyPgColumn[]): Read {
	return async ({ db }, _, fields) => {
		const columns = Object.entries(getTableColumns(table)).filter(([name]) => fields.includes(name));
		const found = await db.orm
			.select(Object.fromEntries(columns))
			.from(table)
			.orderBy(...order)
			.limit(mostItems + 1);
		if (found.length > mostItems) throw tooMany(found.length);
		return found;
	};
}

function tooMany(items: number) {
	return failed("resources.too_much", {
		message: `There are ${items} of them; variables are read from at most ${mostItems}.`,
	});
}
