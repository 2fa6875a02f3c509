import type { Stack } from "@netconductor/contracts/config/stacks";
import { hasProblem } from "../../failure.ts";
import { StackDocument } from "../documents.ts";
import { inTermsOf, type Kind, picked } from "../kind.ts";
import { namedOf, selectionFrom, settledDevices } from "../named-devices.ts";
import { allOf, deviceNamed, templateIdOf, templateNamed, type World } from "../world.ts";

export const stackKind: Kind<StackDocument> = {
	async all(world) {
		const found = [];
		for (const { id } of await allOf((query) => world.clients.config.listStacks({ query }))) {
			found.push(await existingOf(world, await world.clients.config.getStack({ params: { id } })));
		}
		return found;
	},
	async find(world, name) {
		try {
			return await existingOf(world, await world.clients.config.getStack({ params: { id: name } }));
		} catch (error) {
			if (hasProblem(error, "stacks.not_found")) return undefined;
			throw error;
		}
	},
	async settled(world, placed) {
		const { document } = placed;
		const services = [];
		for (const [at, service] of document.services.entries()) {
			const template = await templateNamed(world, placed, ["services", at, "template"], service.template);
			const targets = await settledDevices(world, placed, ["services", at, "targets"], service.targets);
			services.push({ ...service, template, targets });
		}
		const device_variables: StackDocument["device_variables"] = {};
		for (const [name, variables] of Object.entries(document.device_variables)) {
			device_variables[await deviceNamed(world, placed, ["device_variables", name], name)] = variables;
		}
		return { ...document, services, device_variables };
	},
	async create(world, document) {
		const { kind: _, services, device_variables, ...fields } = document;
		const body = { ...fields, ...(await references(world, { services, device_variables })) };
		await world.clients.config.createStack({ body: { ...body, services: body.services ?? [] } });
	},
	async change(world, { id, seen }, document, changed) {
		const { kind: _, services, device_variables, ...fields } = picked(document, changed) as Partial<StackDocument>;
		const body = { ...fields, ...(await references(world, { services, device_variables })), version: Number(seen) };
		await world.clients.config.updateStack({ params: { id }, body });
	},
};

async function existingOf(world: World, stack: Stack) {
	return { id: stack.id, seen: stack.version, document: await stackDocumentOf(world, stack) };
}

/** A stack as a document. */
export async function stackDocumentOf(world: World, stack: Stack): Promise<StackDocument> {
	const services = [];
	for (const { template_id, name, targets, variables, depends_on } of stack.services) {
		const template = (await world.templates()).nameOf(template_id) ?? template_id;
		services.push({ name, template, targets: await namedOf(world, targets), variables, depends_on });
	}
	const device_variables: StackDocument["device_variables"] = {};
	for (const [id, variables] of Object.entries(stack.device_variables)) {
		const device = (await world.devices()).nameOf(id);
		if (device !== undefined) device_variables[device] = variables;
	}
	return { ...(inTermsOf(StackDocument, stack) as StackDocument), kind: "Stack", services, device_variables };
}

/** Services and variables of devices with ids in place of names; undefined ones stay as they are. */
async function references(
	world: World,
	{ services, device_variables }: Partial<Pick<StackDocument, "services" | "device_variables">>,
) {
	return {
		...(services !== undefined && {
			services: await Promise.all(
				services.map(async ({ template, targets, ...service }) => ({
					...service,
					template_id: await templateIdOf(world, template),
					targets: await selectionFrom(world, targets),
				})),
			),
		}),
		...(device_variables !== undefined && {
			device_variables: Object.fromEntries(
				await Promise.all(
					Object.entries(device_variables).map(
						async ([name, variables]) => [(await world.devices()).find(name)?.id ?? name, variables] as const,
					),
				),
			),
		}),
	};
}
