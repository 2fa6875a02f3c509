import type { Mop } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { hasProblem } from "../../failure.ts";
import type { MopText } from "../documents.ts";
import type { Existing, Kind } from "../kind.ts";
import { mopsRunBy } from "../mop-references.ts";
import { oneForm } from "../mop-text.ts";
import { allOf } from "../world.ts";

export const mopKind: Kind<MopText> = {
	async all(world) {
		const found = [];
		for (const { id } of await allOf((query) => world.clients.config.listMops({ query }))) {
			found.push(existingOf(await world.clients.config.getMop({ params: { id } })));
		}
		return found;
	},
	async find(world, name) {
		try {
			return existingOf(await world.clients.config.getMop({ params: { id: name } }));
		} catch (error) {
			if (hasProblem(error, "mops.not_found")) return undefined;
			throw error;
		}
	},
	/** Everything that the server finds wrong with it is told before anything is applied, but for what the documents themselves will make. */
	async settled(world, { document, placeOf }) {
		const { faults } = await world.clients.config.validateMop({ body: { source: document.source } });
		const makes = [
			...mopsRunBy(document.source).filter((name) => world.declared("Mop", name) !== undefined),
			...world.declaredNames("StepType"),
		];
		for (const { severity, path, message, code } of faults) {
			if (severity !== "error") continue;
			if (makes.length > 0 && madeLater.has(code)) continue;
			world.errors.push({ path: placeOf(path === "" ? [] : path.split(".")), message: visibleLine(message) });
		}
		return document;
	},
	async create({ clients }, { source }) {
		await clients.config.createMop({ body: { source } });
	},
	async change({ clients }, { id, seen }, { source }) {
		await clients.config.updateMop({ params: { id }, body: { source, version: Number(seen) } });
	},
};

/** Faults that may be gone once other documents are applied. */
const madeLater: ReadonlySet<string> = new Set(["mop.unknown", "step.unknown_type"]);

function existingOf({ id, version, name, source }: Mop): Existing<MopText> {
	return { id, seen: version, document: { kind: "Mop", name, source: oneForm(source) } };
}
