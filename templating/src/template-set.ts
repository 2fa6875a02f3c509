import { compileTemplate } from "./compile.ts";
import { TemplateFault } from "./fault.ts";
import type { RenderLimits } from "./limits.ts";
import { parseTemplate } from "./parser.ts";
import { repr } from "./print.ts";
import type { EngineSettings } from "./render-task.ts";
import type { CompiledTemplate, Library, TemplateSet } from "./rendering.ts";

/** The templates of one request. Each is read when it is first used, so that one that nobody uses cannot fail. */
export function createTemplateSet(
	sources: Record<string, string>,
	settings: EngineSettings,
	library: Library,
	{ source_length }: RenderLimits,
): TemplateSet {
	const bySource = new Map(Object.entries(sources));
	const compiled = new Map<string, CompiledTemplate>();
	return {
		has: (name) => bySource.has(name),
		load(name) {
			const known = compiled.get(name);
			if (known !== undefined) return known;
			const source = bySource.get(name);
			if (source === undefined) throw new TemplateFault("template.not_included", `there is no template ${repr(name)}`);
			if (source.length > source_length) {
				const message = `the source is longer than ${source_length.toLocaleString("en")} characters`;
				throw new TemplateFault("template.too_large", message, { template: name, line: 0 });
			}
			const made = compileTemplate(name, parseTemplate(name, source, settings), library);
			compiled.set(name, made);
			return made;
		},
	};
}
