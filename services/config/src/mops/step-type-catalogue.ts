import type { StepTypeInfo } from "@netconductor/contracts/tasks/procedure";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Statements } from "../operation.ts";
import type { TasksClient } from "./clients.ts";
import { createHints, type Hints } from "./hints.ts";
import { stepTypes } from "./tables.ts";

export type StepTypeRow = typeof stepTypes.$inferSelect;

/** A step type as a step of a document names it. */
export interface KnownType {
	/** Of the built-in type that carries it out. */
	info: StepTypeInfo;
	/** Of one that somebody defined. */
	preset: StepTypeRow | null;
}

/** All step types, those of the product and those that somebody defined. */
export interface StepTypeCatalogue {
	built_in: readonly StepTypeInfo[];
	presets: readonly StepTypeRow[];
	/** By name, or by an older name. */
	find(name: string): KnownType | undefined;
	/** What is said of a name that is none: what to use in its place. */
	adviceFor(name: string, hints?: Hints): string;
	/** Name of a built-in type, or what is said of it: no type that somebody defines may have it. */
	isTaken(name: string): boolean;
}

export async function readCatalogue(
	{ tasks, on }: { tasks: Pick<TasksClient, "describeStepTypes">; on: Statements },
	caller: CallerContext,
): Promise<StepTypeCatalogue> {
	const [{ types, hints }, presets] = await Promise.all([
		tasks.describeStepTypes({}, caller),
		on.select().from(stepTypes).orderBy(stepTypes.type),
	]);
	const known = new Map<string, KnownType>();
	for (const info of types) for (const name of [info.type, ...info.aliases]) known.set(name, { info, preset: null });
	for (const preset of presets) {
		const base = known.get(preset.base);
		if (base !== undefined && !known.has(preset.type)) known.set(preset.type, { info: base.info, preset });
	}
	const hintOf = new Map(hints.map(({ name, hint }) => [name, hint]));
	return {
		built_in: types,
		presets,
		find: (name) => known.get(name),
		adviceFor(name, hints = createHints()) {
			const hint = hintOf.get(name);
			if (hint !== undefined) return `there is no step type \`${name}\`. ${hint}`;
			const nearest = hints(name, known.keys());
			const shown = name.slice(0, 63);
			return `there is no step type \`${shown}\`${nearest === undefined ? "" : `; did you mean \`${nearest}\`?`}`;
		},
		isTaken: (name) => hintOf.has(name) || types.some(({ type, aliases }) => type === name || aliases.includes(name)),
	};
}
