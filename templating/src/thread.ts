import { renderInto } from "./composition.ts";
import { type FaultReport, TemplateFault } from "./fault.ts";
import type { RenderTask, ThreadOutcome } from "./render-task.ts";
import { Output, Rendering, Scope } from "./rendering.ts";
import { library } from "./standard-library.ts";
import { createTemplateSet } from "./template-set.ts";
import { toValue } from "./values.ts";

/** Entry of the threads: renders the entry template once for every set of variables. */
export function renderSets({ entry, templates, settings, shared, sets, limits }: RenderTask): ThreadOutcome[] {
	const deadline = performance.now() + limits.total_time_ms;
	const set = createTemplateSet(templates, settings, library, limits);
	return sets.map((own) => {
		const rendering = new Rendering(library, set, limits, entry, deadline);
		try {
			const variables = new Scope(undefined);
			for (const given of [shared, own]) {
				for (const [name, value] of Object.entries(given))
					if (value !== undefined) variables.own.set(name, toValue(value));
			}
			const output = new Output(rendering);
			renderInto(set.load(entry), rendering, output, variables);
			return { text: output.text() };
		} catch (error) {
			return { fault: reportOf(error, rendering) };
		}
	});
}

/** What a thrown thing says to the author of the template. @throws what no template is to blame for */
function reportOf(error: unknown, { at, limits }: Rendering): FaultReport {
	if (error instanceof TemplateFault) {
		const { code, message, template = at.template, line = at.line, variable, filter } = error;
		return {
			code,
			message,
			template,
			line,
			...(variable !== undefined && { variable }),
			...(filter !== undefined && { filter }),
		};
	}
	// The engine's own limits: of the stack, and of the length of a string, list or map.
	if (error instanceof RangeError) {
		const isStack = error.message.includes("call stack");
		return isStack
			? { code: "template.too_deep", message: "the template is nested too deep", ...at }
			: {
					code: "template.too_large",
					message: `a value would be larger than is possible (${limits.memory_mb} MB for all)`,
					...at,
				};
	}
	throw error;
}
