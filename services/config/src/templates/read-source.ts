import type { TemplateSettings, TemplateVariable } from "@netconductor/contracts/config/templates";
import { compileTemplate } from "@netconductor/templating/compile";
import { type FaultReport, TemplateFault } from "@netconductor/templating/fault";
import { parseTemplate } from "@netconductor/templating/parser";
import { library } from "@netconductor/templating/standard-library";
import { findVariables } from "@netconductor/templating/variables";
import { referencesOf } from "./references.ts";

interface Read {
	name: string;
	source: string;
	settings: TemplateSettings;
}

/** What a source says, or what is wrong with it: plain data that crosses from a thread. */
export type Outcome<T> = { value: T } | { fault: FaultReport };

/** Work on sources whose cost grows with them, without I/O. */
export const readingTasks = {
	/** Names that a source includes, imports or extends; filters and tests that are used in any case must exist. */
	check: ({ name, source, settings }: Read): Outcome<string[]> =>
		outcomeOf(name, () => {
			const tree = parseTemplate(name, source, settings);
			compileTemplate(name, tree, library);
			return referencesOf(tree);
		}),
	/** The same names, whether all else is well or not. */
	references: ({ name, source, settings }: Read): Outcome<string[]> =>
		outcomeOf(name, () => referencesOf(parseTemplate(name, source, settings))),
	variables: (given: {
		entry: string;
		templates: Record<string, string>;
		settings: TemplateSettings;
	}): Outcome<TemplateVariable[]> => outcomeOf(given.entry, () => findVariables(given)),
};

export type ReadingTasks = typeof readingTasks;

/** Entry of the threads. */
export function runReadingTask({ task, input }: { task: keyof ReadingTasks; input: unknown }): Outcome<unknown> {
	return (readingTasks[task] as (given: unknown) => Outcome<unknown>)(input);
}

function outcomeOf<T>(name: string, work: () => T): Outcome<T> {
	try {
		return { value: work() };
	} catch (error) {
		if (error instanceof RangeError) {
			return {
				fault: { code: "template.too_deep", message: "the template is nested too deep", template: name, line: 0 },
			};
		}
		if (!(error instanceof TemplateFault)) throw error;
		const { code, message, template = name, line = 0, variable, filter } = error;
		return {
			fault: {
				code,
				message,
				template,
				line,
				...(variable !== undefined && { variable }),
				...(filter !== undefined && { filter }),
			},
		};
	}
}
