import type { MopStepType } from "@netconductor/contracts/config/mops";
import { hasProblem } from "../../failure.ts";
import { StepTypeDocument } from "../documents.ts";
import { changedMeanwhile, type Existing, inTermsOf, type Kind, picked } from "../kind.ts";
import { allOf, type World } from "../world.ts";

export const stepTypeKind: Kind<StepTypeDocument> = {
	async all({ clients }) {
		const types = await allOf((query) => clients.config.listStepTypes({ query: { ...query, built_in: "false" } }));
		return types.map(existingOf);
	},
	find,
	async settled(world, { document, placeOf }) {
		const same = await find(world, document.name);
		if (same?.id === "") {
			world.errors.push({
				path: placeOf(["name"]),
				message: "This is a step type of the product, which cannot be changed",
			});
		}
		return document;
	},
	async create({ clients }, { kind: _, name, ...fields }) {
		await clients.config.createStepType({ body: { type: name, ...fields } });
	},
	async change({ clients }, { id, seen }, document, changed) {
		const { updated_at } = await clients.config.getStepType({ params: { id } });
		if (updated_at !== seen) throw changedMeanwhile(document.name);
		const { kind: _, name: __, ...body } = picked(document, changed) as Partial<StepTypeDocument>;
		await clients.config.updateStepType({ params: { id }, body });
	},
};

async function find({ clients }: World, name: string): Promise<Existing<StepTypeDocument> | undefined> {
	try {
		return existingOf(await clients.config.getStepType({ params: { id: name } }));
	} catch (error) {
		if (hasProblem(error, "step_types.not_found")) return undefined;
		throw error;
	}
}

/** Those of the product have no id. */
function existingOf(type: MopStepType): Existing<StepTypeDocument> {
	const document = {
		...(inTermsOf(StepTypeDocument, type) as StepTypeDocument),
		kind: "StepType" as const,
		name: type.type,
		base: type.base ?? type.type,
	};
	return { id: type.id ?? "", seen: type.updated_at ?? "", document };
}
