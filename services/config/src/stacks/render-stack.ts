import type { RenderedDevice, StackService } from "@netconductor/contracts/config/stacks";
import type { Template } from "@netconductor/contracts/config/templates";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Device, DeviceType, Target } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Database } from "@netconductor/runtime/db/database";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { inArray } from "drizzle-orm";
import type { ConfigOperation } from "../operation.ts";
import type { ResourceNeeds } from "../resources/resources.ts";
import { fillFromResources } from "../resources/variables.ts";
import { templates } from "../tables.ts";
import { deviceContext } from "../templates/device-context.ts";
import type { Sources } from "../templates/sources.ts";
import { noTemplate, templateColumns } from "../templates/template-store.ts";
import { inOrder } from "./stack.ts";
import { findStack, type StackRow } from "./stack-store.ts";

/**
 * What services are rendered for. `validation`: what is to stand on the devices, as their validation templates say, or the deployed ones where there
 * is none. `verification`: what only validation templates say.
 */
export type StackAction = "deploy" | "delete" | "validation" | "verification";

export interface RenderNeeds {
	db: Database;
	backup: ResourceNeeds["backup"];
	devices: Client<typeof devicesApi, CallerContext>;
	engine: TemplateEngine;
	sources: Sources;
}

/** One service on the devices that it stands on. */
export interface PlacedService {
	service: StackService;
	targets: Target[];
}

/** Services by the device that they are on. */
export type Parts = ReadonlyMap<string, ReadonlySet<string>>;

/** Which of a stack's services on which of its devices: all of them where nothing is named. */
export interface Only {
	device_ids?: readonly string[] | undefined;
	parts?: Parts | undefined;
}

/**
 * The services of a stack on their devices, in the order in which they are sent: taken away in the opposite one.
 * @throws devices.not_found, device_groups.not_found
 */
export async function placeServices(
	{ devices }: Pick<RenderNeeds, "devices">,
	stack: StackRow,
	action: StackAction,
	{ device_ids, parts }: Only,
	caller: CallerContext,
): Promise<PlacedService[]> {
	const ordered = inOrder(stack.services);
	if (action === "delete") ordered.reverse();
	const wanted = device_ids && new Set(device_ids);
	const isMeant = (service: string, device_id: string) =>
		(wanted?.has(device_id) ?? true) && (parts === undefined || parts.get(device_id)?.has(service) === true);
	const placed: PlacedService[] = [];
	for (const service of ordered) {
		const { targets } = await devices.listTargets({ body: { select: service.targets } }, caller);
		placed.push({ service, targets: targets.filter(({ device_id }) => isMeant(service.name, device_id)) });
	}
	return placed;
}

/** The same services on these devices alone. */
export function onlyOn(placed: readonly PlacedService[], device_ids: ReadonlySet<string>): PlacedService[] {
	return placed.map(({ service, targets }) => ({
		service,
		targets: targets.filter(({ device_id }) => device_ids.has(device_id)),
	}));
}

/** Every device on which a service stands, each once, in the order in which they are met. */
export function targetsOf(placed: readonly PlacedService[]): Target[] {
	return [...new Map(placed.flatMap(({ targets }) => targets).map((target) => [target.device_id, target])).values()];
}

/**
 * Renders the services on these devices: one hand-over to a thread for each template. What fails on a device is told with the device.
 * @throws templates.not_found — a template was deleted meanwhile
 */
export async function renderOn(
	needs: RenderNeeds,
	stack: StackRow,
	{ action, placed, on }: { action: StackAction; placed: readonly PlacedService[]; on: readonly Target[] },
	caller: CallerContext,
): Promise<RenderedDevice[]> {
	const rendered = new Map<string, RenderedDevice>(
		on.map(({ device_id, name, device_type, disabled_reason }) => [
			device_id,
			{
				device_id,
				device_name: name,
				device_type,
				left_out: disabled_reason && `disabled: ${disabled_reason}`,
				services: [],
			},
		]),
	);
	const contexts = await contextsOf(needs, on, caller);
	const known = await templatesOf(needs, stack, action);
	// As the stack has them here: those of where it was placed may still say what they are read from.
	const own = new Map(stack.services.map(({ name, variables }) => [name, variables]));
	for (const { service, targets } of placed) {
		const template = known.get(service.name);
		if (template === undefined) continue;
		const here = targets.filter(({ device_id }) => rendered.has(device_id));
		const sources = await needs.sources.gather(template);
		const outcomes = await needs.engine.renderMany(
			{
				entry: template.name,
				templates: sources,
				settings: template.settings,
				variables: { ...stack.variables, ...own.get(service.name) },
				sets: here.map(({ device_id }) => ({ ...contexts.get(device_id), ...stack.device_variables[device_id] })),
			},
			caller.signal,
		);
		for (const [index, { device_id }] of here.entries()) {
			const outcome = outcomes[index];
			const error = outcome?.error && { code: outcome.error.code, message: outcome.error.message };
			rendered.get(device_id)?.services.push({
				name: service.name,
				template: template.name,
				text: outcome?.text ?? "",
				error: error ?? null,
			});
		}
	}
	return [...rendered.values()];
}

async function contextsOf(
	{ devices }: RenderNeeds,
	on: readonly Target[],
	caller: CallerContext,
): Promise<Map<string, Record<string, unknown>>> {
	const { devices: found } = await devices.describeDevices(
		{ body: { device_ids: on.map(({ device_id }) => device_id) } },
		caller,
	);
	const ids = [...new Set(found.map(({ device_type }) => device_type))];
	const { platforms } = await devices.getPlatforms({ body: { ids } }, caller);
	const types = new Map(
		platforms.map(({ id, label, vendor }) => [id, { label, vendor } satisfies Pick<DeviceType, "label" | "vendor">]),
	);
	const unknownType = { label: "", vendor: "" };
	return new Map(
		found.map((device: Device) => [device.id, deviceContext(device, types.get(device.device_type) ?? unknownType)]),
	);
}

/** The template that each service needs for this, by service. A service without one has nothing to do. */
export async function templatesOf(
	{ db }: Pick<RenderNeeds, "db">,
	stack: StackRow,
	action: StackAction,
): Promise<Map<string, Template>> {
	const read = async (ids: readonly string[]) => {
		const rows =
			ids.length === 0
				? []
				: await db.orm
						.select(templateColumns)
						.from(templates)
						.where(inArray(templates.id, [...ids]));
		return new Map(rows.map((row) => [row.id, row as Template]));
	};
	const own = await read(stack.services.map(({ template_id }) => template_id));
	const linkOf = (template: Template) =>
		action === "delete" ? template.delete_template_id : action === "deploy" ? null : template.validation_template_id;
	const linked = await read([...own.values()].flatMap((template) => linkOf(template) ?? []));
	const found = new Map<string, Template>();
	for (const { name, template_id } of stack.services) {
		const template = own.get(template_id);
		if (template === undefined) throw noTemplate(template_id);
		const link = linkOf(template);
		const used = action === "deploy" ? template : link === null ? undefined : linked.get(link);
		// Without a template of its own for it, what was deployed is what must stand there.
		const chosen = used ?? (action === "validation" ? template : undefined);
		if (chosen !== undefined) found.set(name, chosen);
	}
	return found;
}

/** Lines as they are sent. */
export function linesOf({ services }: RenderedDevice): string[] {
	return services.flatMap(({ text }) => text.split(/\r?\n/)).filter((line) => line.trim() !== "");
}

/** What validation templates say is to stand on each device, by device: nothing where none says a line. */
export function verificationsOf(
	rendered: readonly RenderedDevice[],
): Map<string, { templates: string[]; lines: string[] }> {
	return new Map(
		rendered.flatMap((device) => {
			const lines = linesOf(device);
			const saying = device.services.filter(({ text }) => text.trim() !== "").map(({ template }) => template);
			return lines.length === 0 ? [] : [[device.device_id, { templates: [...new Set(saying)], lines }]];
		}),
	);
}

export function renderStack(needs: RenderNeeds): ConfigOperation<"renderStack"> {
	return async ({ params, query, ...caller }) => {
		const stack = await findStack(needs.db.orm, params.id);
		const placed = await placeServices(needs, stack, query.action, {}, caller);
		const q = query.q?.toLowerCase();
		const targets = targetsOf(placed).filter(({ name }) => q === undefined || name.toLowerCase().includes(q));
		const from = (query.page - 1) * query.page_size;
		const on = targets.slice(from, from + query.page_size);
		const filled = await fillFromResources(needs, stack, on, caller);
		const items = await renderOn(needs, filled, { action: query.action, placed, on }, caller);
		return { items, page: query.page, page_size: query.page_size, total: targets.length };
	};
}
