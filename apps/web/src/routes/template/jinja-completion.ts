import {
	autocompletion,
	type Completion,
	type CompletionContext,
	type CompletionResult,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import type { TemplateVariable, TemplateWords } from "@netconductor/contracts/config/templates";

/** How far back a tag's beginning is looked for: nobody writes longer ones by hand. */
const farthest = 2_000;

const optionsOf = (labels: readonly string[], type: string): Completion[] => labels.map((label) => ({ label, type }));
/** What a template may use. */
export interface Known {
	variables: readonly TemplateVariable[];
	words: TemplateWords;
}

/**
 * What may come next where the cursor stands: a tag, a filter, a test, a variable or a key of one; in the text outside of tags nothing.
 * @param before the text before the cursor
 */
export function completionsAt(
	before: string,
	{ variables, words }: Known,
): { options: readonly Completion[]; length: number } | undefined {
	const begin = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
	if (begin < 0) return undefined;
	const inside = before.slice(begin + 2);
	if (/[%}]\}/.test(inside)) return undefined;
	const [word = ""] = /[\p{L}\p{N}_]*$/u.exec(inside) ?? [];
	const ahead = inside.slice(0, inside.length - word.length);
	const found = (options: readonly Completion[]) => ({ options, length: word.length });
	// An open quote: names of templates and texts are the writer's.
	if (count(ahead, '"') % 2 === 1 || count(ahead, "'") % 2 === 1) return undefined;
	if (before[begin + 1] === "%" && /^[-+]?\s*$/.test(ahead)) return found(optionsOf(words.tags, "keyword"));
	if (/\|\s*$/.test(ahead)) return found(optionsOf(words.filters, "function"));
	if (/\bis\s+(?:not\s+)?$/.test(ahead)) return found(optionsOf(words.tests, "function"));
	const path = /([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)\.$/u.exec(ahead)?.[1];
	if (path !== undefined) return found(named(keysAt(variables, path.split("."))));
	if (/\d\.$/.test(ahead)) return undefined;
	return found([...named(variables), ...optionsOf(words.globals, "function")]);
}

function named(variables: readonly TemplateVariable[]): Completion[] {
	return variables.map(({ name, shape }) => ({ label: name, type: "variable", detail: shape === "any" ? "" : shape }));
}

function keysAt(variables: readonly TemplateVariable[], path: readonly string[]): readonly TemplateVariable[] {
	let level = variables;
	for (const part of path) level = level.find(({ name }) => name === part)?.keys ?? [];
	return level;
}

/** Offers words while a template is written. What is known is asked each time. */
export function jinjaCompletion(known: () => Known): Extension {
	return autocompletion({
		icons: false,
		override: [
			(context: CompletionContext): CompletionResult | null => {
				const before = context.state.sliceDoc(Math.max(0, context.pos - farthest), context.pos);
				const found = completionsAt(before, known());
				if (found === undefined || (found.length === 0 && !context.explicit && !/[|.]\s?$|\{%\s$/.test(before)))
					return null;
				return { from: context.pos - found.length, options: [...found.options], validFor: /^[\p{L}\p{N}_]*$/u };
			},
		],
	});
}

function count(text: string, sign: string): number {
	return text.split(sign).length - 1;
}
