import { readdir } from "node:fs/promises";
import type { AnyStepType } from "./step-type.ts";

/** Step types by name and by alias. */
export type StepTypes = ReadonlyMap<string, AnyStepType>;

const folder = new URL("./types/", import.meta.url);

/** Every step type of procedures: each file in `types/` exports one as `stepType`. */
export async function loadStepTypes(): Promise<StepTypes> {
	const files = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
	const types = new Map<string, AnyStepType>();
	for (const file of files.sort()) {
		const { stepType } = (await import(new URL(file, folder).href)) as { stepType?: AnyStepType };
		if (stepType === undefined) throw new TypeError(`${file} exports no stepType`);
		for (const name of [stepType.type, ...(stepType.aliases ?? [])]) {
			if (types.has(name)) throw new TypeError(`two step types are named ${name}`);
			types.set(name, stepType);
		}
	}
	return types;
}
