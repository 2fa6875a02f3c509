import { readLibrary } from "./mop-library.ts";
import { findMop } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { stepsOf } from "./read-document.ts";
import { readCatalogue } from "./step-type-catalogue.ts";
import { runsMops, type ValidationNeeds } from "./validate-mop.ts";
import { declarationsOf, valuesOf } from "./variables.ts";

/** What a service must know of a procedure that it is to start later. */
export function outlineMop({ db, tasks }: ValidationNeeds): MopOperation<"outlineMop"> {
	return async ({ body, ...caller }) => {
		const { name, document } = await findMop(db.orm, body.mop);
		const declarations = declarationsOf(document.variables);
		const open = new Map([...declarations].filter(([, { secret }]) => !secret));
		const given = Object.entries(body.variables).filter(([key]) => declarations.get(key)?.secret !== true);
		valuesOf(name, open, Object.fromEntries(given));
		const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
		const library = await readLibrary(db.orm, document, runsMops(catalogue));
		const documents = [document, ...new Set([...library.values()].map((one) => one.document))];
		return {
			name,
			targets: document.targets ?? null,
			step_targets: documents.flatMap((one) => stepsOf(one).flatMap(({ step }) => step.targets ?? [])),
			secrets: [...declarations].flatMap(([key, { secret, required }]) => (secret ? [{ name: key, required }] : [])),
		};
	};
}
