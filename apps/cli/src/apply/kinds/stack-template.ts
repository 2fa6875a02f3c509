import type { StackTemplate } from "@netconductor/contracts/config/stack-templates";
import { hasProblem } from "../../failure.ts";
import { type NamedDevices, StackTemplateDocument } from "../documents.ts";
import { inTermsOf, type Kind, picked } from "../kind.ts";
import { namedOf, selectionFrom, settledDevices } from "../named-devices.ts";
import type { Placed } from "../parse-documents.ts";
import { allOf, templateIdOf, templateNamed, type World } from "../world.ts";

/** A name that a parameter stands for. */
const isPlace = (name: string) => name.startsWith("${");

export const stackTemplateKind: Kind<StackTemplateDocument> = {
	async all(world) {
		const found = [];
		for (const { id } of await allOf((query) => world.clients.config.listStackTemplates({ query }))) {
			found.push(await existingOf(world, await world.clients.config.getStackTemplate({ params: { id } })));
		}
		return found;
	},
	async find(world, name) {
		try {
			return await existingOf(world, await world.clients.config.getStackTemplate({ params: { id: name } }));
		} catch (error) {
			if (hasProblem(error, "stack_templates.not_found")) return undefined;
			throw error;
		}
	},
	async settled(world, placed) {
		const { document } = placed;
		const services = [];
		for (const [at, service] of document.services.entries()) {
			const template = await templateNamed(world, placed, ["services", at, "template"], service.template);
			services.push({ ...service, template, targets: await settledTargets(world, placed, at, service.targets) });
		}
		return { ...document, services };
	},
	async create(world, document) {
		const { kind: _, services, ...fields } = document;
		const body = { ...fields, services: await servicesFrom(world, services) };
		await world.clients.config.createStackTemplate({ body });
	},
	async change(world, { id, seen }, document, changed) {
		const { kind: _, services, ...fields } = picked(document, changed) as Partial<StackTemplateDocument>;
		const body = {
			...fields,
			...(services !== undefined && { services: await servicesFrom(world, services) }),
			version: Number(seen),
		};
		await world.clients.config.updateStackTemplate({ params: { id }, body });
	},
};

async function existingOf(world: World, template: StackTemplate) {
	return { id: template.id, seen: template.version, document: await stackTemplateDocumentOf(world, template) };
}

/** A stack template as a document. */
export async function stackTemplateDocumentOf(world: World, template: StackTemplate): Promise<StackTemplateDocument> {
	const services = [];
	for (const { template_id, targets, ...service } of template.services) {
		const name = (await world.templates()).nameOf(template_id) ?? template_id;
		services.push({ ...service, template: name, targets: await namedOf(world, targets) });
	}
	return {
		...(inTermsOf(StackTemplateDocument, template) as StackTemplateDocument),
		kind: "StackTemplate",
		services,
	};
}

/** Devices are called as the inventory has them; places of parameters stay. */
async function settledTargets(
	world: World,
	placed: Placed<StackTemplateDocument>,
	at: number,
	{ names = [], ...rest }: NamedDevices,
): Promise<NamedDevices> {
	const known = { ...rest, names: names.filter((name) => !isPlace(name)) };
	const settled = await settledDevices(world, placed, ["services", at, "targets"], known);
	const called = [...new Set([...(settled.names ?? []), ...names.filter(isPlace)])].sort();
	return { ...settled, ...(called.length > 0 && { names: called }) };
}

async function servicesFrom(world: World, services: StackTemplateDocument["services"]) {
	return Promise.all(
		services.map(async ({ template, targets: { names = [], ...targets }, ...service }) => {
			const selection = await selectionFrom(world, { ...targets, names: names.filter((name) => !isPlace(name)) });
			const places = names.filter(isPlace);
			return {
				...service,
				template_id: await templateIdOf(world, template),
				targets: { ...selection, ...(places.length > 0 && { names: places }) },
			};
		}),
	);
}
