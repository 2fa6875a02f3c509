import type { Statement } from "./ast.ts";
import { compileTemplate } from "./compile.ts";
import { renderInto } from "./composition.ts";
import { type FaultReport, TemplateFault } from "./fault.ts";
import { createPlainWriter } from "./plain.ts";
import { readString } from "./read-string.ts";
import type {
	EvaluateOutcome,
	EvaluateTask,
	NamedString,
	RenderTask,
	StringKind,
	ThreadOutcome,
} from "./render-task.ts";
import { type CompiledTemplate, Output, Rendering, Scope } from "./rendering.ts";
import { library } from "./standard-library.ts";
import { createTemplateSet } from "./template-set.ts";
import { toValue, truthy, type Value } from "./values.ts";

/** Entry of the threads: renders the entry template once for every set of variables. */
export function renderSets({ entry, templates, settings, shared, sets, limits }: RenderTask): ThreadOutcome[] {
	const deadline = performance.now() + limits.total_time_ms;
	const set = createTemplateSet(templates, settings, library, limits);
	return sets.map((own) => {
		const rendering = new Rendering(library, set, limits, entry, deadline);
		try {
			const variables = scopeOf(shared, own);
			const output = new Output(rendering);
			renderInto(set.load(entry), rendering, output, variables);
			return { text: output.text() };
		} catch (error) {
			return { fault: reportOf(error, rendering) };
		}
	});
}

/** The variable that takes the value of a string that is one expression; no template can name it. */
const valueOfString = " value";

/** Entry of the threads: evaluates strings once for every set of variables. A set's strings share its limits and are evaluated in their order. */
export function evaluateSets({ strings, kind, shared, sets, limits }: EvaluateTask): EvaluateOutcome[] {
	const deadline = performance.now() + limits.total_time_ms;
	const templates = createTemplateSet({}, {}, library, limits);
	const compiled: CompiledTemplate[] = [];
	for (const one of strings) {
		try {
			compiled.push(compileString(one, kind));
		} catch (error) {
			const fault = reportOf(error, { at: { template: one.name, line: 0 }, limits });
			return sets.map(() => ({ fault }));
		}
	}
	return sets.map((own) => {
		const rendering = new Rendering(library, templates, limits, "", deadline);
		const toPlain = createPlainWriter(rendering);
		try {
			const variables = scopeOf(shared, own);
			const values = compiled.map((template) => {
				rendering.look();
				rendering.at = { template: template.name, line: 0 };
				const output = new Output(rendering);
				const { scope } = renderInto(template, rendering, output, variables);
				const value: Value | undefined = scope.own.get(valueOfString);
				if (kind === "condition") return truthy(value ?? null);
				return toPlain(value === undefined ? output.text() : value);
			});
			return { values };
		} catch (error) {
			return { fault: reportOf(error, rendering) };
		}
	});
}

function compileString({ name, source }: NamedString, kind: StringKind): CompiledTemplate {
	const { tree, expression } = readString(name, source, kind);
	if (expression === undefined) return compileTemplate(name, tree, library);
	const { line } = expression;
	const keep: Statement = { kind: "set", target: { kind: "name", name: valueOfString, line }, value: expression, line };
	return compileTemplate(name, [keep], library);
}

function scopeOf(...given: Record<string, unknown>[]): Scope {
	const variables = new Scope(undefined);
	for (const some of given) {
		for (const [name, value] of Object.entries(some)) if (value !== undefined) variables.own.set(name, toValue(value));
	}
	return variables;
}

/** What a thrown thing says to the author of the template. @throws what no template is to blame for */
function reportOf(error: unknown, { at, limits }: Pick<Rendering, "at" | "limits">): FaultReport {
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
