import type { MopDocument } from "@netconductor/contracts/config/mops";
import { referencedVariables } from "@netconductor/templating/expressions";
import { expressionsOf, textsOf } from "./check-structure.ts";
import { type Fault, inStep, warning } from "./faults.ts";
import type { Hints } from "./hints.ts";
import type { PlacedStep } from "./read-document.ts";
import type { KnownType } from "./step-type-catalogue.ts";

/** Names of one step that are looked at. */
const mostOfStep = 200;

/** Names of variables that a step refers to. */
export function referencesOf(step: PlacedStep["step"], type: string): string[] {
	return [
		...new Set([
			...referencedVariables(textsOf(step, type)),
			...expressionsOf(step, type).flatMap(({ source }) => referencedVariables(source, "condition")),
		]),
	];
}

/** Variable that holds the round of a loop. */
export function loopVariable(step: PlacedStep["step"]): string {
	const name = step.with?.as;
	return typeof name === "string" ? name : "item";
}

/** Variables that nobody declares and no step saves. A step may still live without one (`x is defined`), so it is a warning. */
export function checkReferences(
	document: MopDocument,
	steps: readonly PlacedStep[],
	typeOf: (step: PlacedStep) => KnownType | undefined,
	hints: Hints,
): Fault[] {
	const saved = steps.flatMap(({ step }) => step.save_to_variable ?? []);
	const declared = Object.keys(document.variables ?? {});
	const everywhere = new Set([...declared, ...saved, "device", "run"]);
	return steps.flatMap((placed) => {
		const { step, path, around } = placed;
		const known = typeOf(placed);
		if (known === undefined) return [];
		const rounds = around.filter(({ type }) => type === "loop");
		const loops = rounds.length === 0 ? [] : [...rounds.map(loopVariable), "loop"];
		return referencesOf(step, known.info.type)
			.slice(0, mostOfStep)
			.flatMap((name): Fault[] => {
				if (loops.includes(name)) return [];
				if (name === "device" && known.info.runs_on === "server") {
					const message = "refers to `device`, which only steps on devices have";
					return [warning("variable.no_device", path, inStep(document, path, message))];
				}
				if (everywhere.has(name)) return [];
				const meant = hints(name, [...loops, ...everywhere]);
				const hint = meant === undefined ? "" : `; did you mean \`${meant}\`?`;
				const message = `refers to \`${name}\`, which is no variable of the procedure and which no step saves${hint}`;
				return [warning("variable.unknown", path, inStep(document, path, message))];
			});
	});
}
