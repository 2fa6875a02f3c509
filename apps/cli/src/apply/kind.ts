import type { z } from "zod";
import { type Failure, workFailure } from "../failure.ts";
import type { AnyDocument } from "./documents.ts";
import type { Placed } from "./parse-documents.ts";
import type { World } from "./world.ts";

/** What is on the server under a document's name. */
export interface Existing<D extends AnyDocument = AnyDocument> {
	id: string;
	document: D;
	/** Its version, or when it was changed last: what a change must begin from. */
	seen: number | string;
}

/** How one kind of document is read from the server and written to it. */
export interface Kind<D extends AnyDocument> {
	/** Everything of the kind that may be written. */
	all(world: World): Promise<Existing<D>[]>;
	find(world: World, name: string): Promise<Existing<D> | undefined>;
	/** The document in the one form in which it can be compared: what it refers to by its own name, sets in order. */
	settled(world: World, placed: Placed<D>): Promise<D>;
	create(world: World, document: D): Promise<void>;
	/** Writes these fields of the document. @throws when somebody changed it since it was seen */
	change(world: World, existing: Existing<D>, document: D, fields: readonly (keyof D)[]): Promise<void>;
}

/** Somebody else was quicker, where the API itself does not say so. */
export function changedMeanwhile(name: string): Failure {
	return workFailure(
		"cli.changed_meanwhile",
		"It was changed meanwhile",
		`Somebody changed ${name} since the plan was made.`,
		"Run the command again: it shows what there is to do now.",
	);
}

/** What of an object stands in documents of a schema, as far as both call it the same. */
export function inTermsOf<S extends z.ZodObject>(schema: S, stored: object): Partial<z.output<S>> {
	const known = Object.entries(stored).filter(([key]) => Object.hasOwn(schema.shape, key));
	return Object.fromEntries(known) as Partial<z.output<S>>;
}

/** These fields of an object. */
export function picked<T extends object, K extends keyof T>(from: T, fields: readonly K[]): Pick<T, K> {
	return Object.fromEntries(fields.map((field) => [field, from[field]])) as Pick<T, K>;
}
