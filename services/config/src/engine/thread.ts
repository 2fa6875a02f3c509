import { Environment } from "minijinja-js";
import type { RenderTask, ThreadOutcome } from "./render-task.ts";

/** Entry of the threads: renders the entry template once for every set of variables. */
export function renderSets({ entry, templates, settings, shared, sets, limits }: RenderTask): ThreadOutcome[] {
	const environment = new Environment();
	environment.enablePyCompat();
	environment.undefinedBehavior = "strict";
	environment.fuel = limits.fuel;
	environment.trimBlocks = settings.trim_blocks ?? true;
	environment.lstripBlocks = settings.lstrip_blocks ?? true;
	environment.keepTrailingNewline = settings.keep_trailing_newline ?? true;
	try {
		for (const [name, source] of Object.entries(templates)) environment.addTemplate(name, source);
	} catch (error) {
		return sets.map(() => faultOf(error, entry));
	}
	return sets.map((variables) => {
		try {
			return { text: environment.renderTemplate(entry, { ...shared, ...variables }) };
		} catch (error) {
			return faultOf(error, entry);
		}
	});
}

function faultOf(error: unknown, entry: string): ThreadOutcome {
	const message = error instanceof Error ? error.message : String(error);
	const place = /\(in (.*):(\d+)\)/.exec(message);
	const code = message.startsWith("syntax error")
		? "template.syntax"
		: message.startsWith("undefined")
			? "template.undefined_variable"
			: "template.bad_value";
	return { fault: { code, message, template: place?.[1] ?? entry, line: Number(place?.[2] ?? 0) } };
}
