import type { ServiceInstance, ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import type { Database } from "@netconductor/runtime/db/database";
import { pageWindow, toPage } from "@netconductor/runtime/db/paging";
import { failed } from "@netconductor/runtime/errors";
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { ConfigOperation, Statements } from "../operation.ts";
import { findStack } from "../stacks/stack-store.ts";
import { stacks } from "../stacks/tables.ts";
import { inNaturalOrder, templates } from "../tables.ts";
import { serviceInstances } from "./tables.ts";

const i = serviceInstances;

const summary = {
	id: i.id,
	stack_id: i.stack_id,
	stack_name: stacks.name,
	service: i.service,
	device_id: i.device_id,
	device_name: i.device_name,
	template_id: i.template_id,
	template_name: i.template_name,
	template_version: i.template_version,
	state: i.state,
	error: i.error,
	stack_version: i.stack_version,
	outdated: sql<boolean>`${i.stack_version} is not null and (${i.stack_version} <> ${stacks.version}
		or ${i.template_version} <> coalesce(${templates.version}, ${i.template_version}))`,
	deployed_at: i.deployed_at,
	run_id: i.run_id,
	updated_at: i.updated_at,
};

function rowsWhere(on: Statements, where: SQL | undefined) {
	return on
		.select(summary)
		.from(i)
		.innerJoin(stacks, eq(stacks.id, i.stack_id))
		.leftJoin(templates, eq(templates.id, i.template_id))
		.where(where);
}

/** @throws instances.not_found — naming the first that is not there */
export async function findInstances(on: Statements, ids: readonly string[]): Promise<ServiceInstanceSummary[]> {
	const wanted = [...new Set(ids)];
	const found = await rowsWhere(on, inArray(i.id, wanted));
	const known = new Map(found.map((instance) => [instance.id, instance]));
	return wanted.map((id) => {
		const instance = known.get(id);
		if (instance === undefined) throw noInstance(id);
		return instance;
	});
}

function noInstance(id: string) {
	return failed("instances.not_found", {
		message: `There is no service instance ${id}. It may have been taken off its device meanwhile.`,
		details: { instance_id: id },
	});
}

export function listServiceInstances({ db }: { db: Database }): ConfigOperation<"listServiceInstances"> {
	return async ({ query }) => {
		const stack_id = query.stack === undefined ? undefined : (await findStack(db.orm, query.stack)).id;
		const where = and(
			stack_id === undefined ? undefined : eq(i.stack_id, stack_id),
			query.device_id === undefined ? undefined : eq(i.device_id, query.device_id),
			query.state && query.state.length > 0 ? inArray(i.state, query.state) : undefined,
			query.q ? sql`strpos(${i.search_text}, lower(${query.q})) > 0` : undefined,
		);
		const { limit, offset, order_by } = pageWindow(query, {
			columns: {
				device_name: inNaturalOrder(i.device_name),
				service: i.service,
				state: i.state,
				deployed_at: i.deployed_at,
				updated_at: i.updated_at,
			},
			id: i.id,
			fallback: "device_name",
		});
		const [rows, total] = await Promise.all([
			rowsWhere(db.orm, where)
				.orderBy(...order_by)
				.limit(limit)
				.offset(offset),
			db.orm.$count(i, where),
		]);
		return toPage(query, rows, total);
	};
}

export function getServiceInstance({ db }: { db: Database }): ConfigOperation<"getServiceInstance"> {
	return async ({ params }): Promise<ServiceInstance> => {
		const [found] = await findInstances(db.orm, [params.id]);
		const [row] = await db.orm.select({ text: i.text }).from(i).where(eq(i.id, params.id));
		if (found === undefined || row === undefined) throw noInstance(params.id);
		return { ...found, ...row };
	};
}
