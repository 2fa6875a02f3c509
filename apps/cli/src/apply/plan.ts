import { differences, type FieldChange } from "./compare.ts";
import { type AnyDocument, documentKinds } from "./documents.ts";
import type { Existing } from "./kind.ts";
import { kindOf } from "./kinds.ts";
import { inOrderOfUse } from "./mop-references.ts";
import type { Placed } from "./parse-documents.ts";
import { badDocuments } from "./read-documents.ts";
import type { World } from "./world.ts";

/** What has to be done so that the server has what a document says. */
export interface Step {
	action: "create" | "change" | "none";
	document: AnyDocument;
	/** Where the document stands. */
	at: string;
	existing: Existing | undefined;
	fields: FieldChange[];
}

/**
 * Compares documents with what is on the server. Steps stand in the order in which they can be done: each after those that it may refer to.
 * @throws cli.bad_documents — a document refers to what is not there
 */
export async function planDocuments(world: World, documents: readonly Placed[]): Promise<Step[]> {
	const steps: Step[] = [];
	const sorted = [...documents].sort((a, b) => rank(a.document) - rank(b.document));
	for (const placed of inOrderOfUse(sorted)) {
		const { document, at } = placed;
		const kind = kindOf(document.kind);
		const wanted = plain(await kind.settled(world, placed));
		const existing = await kind.find(world, document.name);
		const fields = existing === undefined ? [] : differences(plain(existing.document), wanted);
		const action = existing === undefined ? "create" : fields.length > 0 ? "change" : "none";
		steps.push({ action, document: wanted, at, existing, fields });
	}
	if (world.errors.length > 0) throw badDocuments(world.errors);
	return steps;
}

/** Templates that others link to come before those that may link. */
function rank(document: AnyDocument): number {
	return (
		documentKinds.indexOf(document.kind) * 2 + (document.kind === "Template" && document.type === "deploy" ? 1 : 0)
	);
}

/** Without keys that have no value, as JSON has it. */
function plain<T>(document: T): T {
	return JSON.parse(JSON.stringify(document)) as T;
}

/** Does one step. @throws what the server answers, for one that somebody changed meanwhile too */
export async function doStep(world: World, { action, document, existing, fields }: Step): Promise<void> {
	const kind = kindOf(document.kind);
	if (action === "create") return kind.create(world, document);
	if (action === "none" || existing === undefined) return;
	const changed = new Set(fields.map(({ path }) => path.split(".")[0] as keyof AnyDocument));
	await kind.change(world, existing, document, [...changed]);
}
