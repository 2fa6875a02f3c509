import type { Template } from "@netconductor/contracts/config/templates";
import { hasProblem } from "../../failure.ts";
import { TemplateDocument } from "../documents.ts";
import { inTermsOf, type Kind, picked } from "../kind.ts";
import { asSet } from "../named-devices.ts";
import { templateNamed, type World } from "../world.ts";

export const templateKind: Kind<TemplateDocument> = {
	async all(world) {
		const found = [];
		for (const id of (await world.templates()).ids()) {
			const template = await world.clients.config.getTemplate({ params: { id } });
			found.push({ id, seen: template.version, document: await documentOf(world, template) });
		}
		return found;
	},
	async find(world, name) {
		try {
			const template = await world.clients.config.getTemplate({ params: { id: name } });
			return { id: template.id, seen: template.version, document: await documentOf(world, template) };
		} catch (error) {
			if (hasProblem(error, "templates.not_found")) return undefined;
			throw error;
		}
	},
	async settled(world, placed) {
		const { document } = placed;
		const link = async (field: "validation_template" | "delete_template") => {
			const name = document[field];
			return name === null ? null : templateNamed(world, placed, [field], name);
		};
		return {
			...document,
			platforms: asSet(document.platforms),
			tags: asSet(document.tags),
			validation_template: await link("validation_template"),
			delete_template: await link("delete_template"),
		};
	},
	async create(world, document) {
		const { kind: _, validation_template, delete_template, ...fields } = document;
		const body = { ...fields, ...(await links(world, { validation_template, delete_template })) };
		const created = await world.clients.config.createTemplate({ body });
		(await world.templates()).add(created);
	},
	async change(world, { id, seen }, document, changed) {
		const {
			kind: _,
			validation_template,
			delete_template,
			...fields
		} = picked(document, changed) as Partial<TemplateDocument>;
		const body = {
			...fields,
			...(await links(world, { validation_template, delete_template })),
			version: Number(seen),
		};
		(await world.templates()).add(await world.clients.config.updateTemplate({ params: { id }, body }));
	},
};

async function documentOf(world: World, template: Template): Promise<TemplateDocument> {
	const nameOf = async (id: string | null) => (id === null ? null : ((await world.templates()).nameOf(id) ?? null));
	return {
		...(inTermsOf(TemplateDocument, template) as TemplateDocument),
		kind: "Template",
		platforms: asSet(template.platforms),
		tags: asSet(template.tags),
		validation_template: await nameOf(template.validation_template_id),
		delete_template: await nameOf(template.delete_template_id),
	};
}

/** Ids of the links that are given; undefined ones stay as they are. */
async function links(
	world: World,
	{
		validation_template,
		delete_template,
	}: { [K in "validation_template" | "delete_template"]?: string | null | undefined },
) {
	const idOf = async (name: string | null) =>
		name === null ? null : ((await world.templates()).find(name)?.id ?? null);
	return {
		...(validation_template !== undefined && { validation_template_id: await idOf(validation_template) }),
		...(delete_template !== undefined && { delete_template_id: await idOf(delete_template) }),
	};
}
