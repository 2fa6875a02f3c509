import { library } from "@netconductor/templating/standard-library";
import type { ConfigOperation } from "../operation.ts";

const tags = [
	"autoescape",
	"block",
	"break",
	"call",
	"continue",
	"do",
	"elif",
	"else",
	"extends",
	"filter",
	"for",
	"from",
];
const furtherTags = ["if", "import", "include", "macro", "raw", "set", "with"];
const ends = ["autoescape", "block", "call", "filter", "for", "if", "macro", "raw", "set", "with"];

/** Filters and tests are those of the engine; signs like `==`, which are tests too, are left out. */
const words = {
	tags: [...tags, ...furtherTags, ...ends.map((tag) => `end${tag}`)].toSorted(),
	filters: namesOf(library.filters),
	tests: namesOf(library.tests),
	globals: namesOf(library.globals),
};

export function getTemplateWords(): ConfigOperation<"getTemplateWords"> {
	return async () => words;
}

function namesOf(known: ReadonlyMap<string, unknown>): string[] {
	return [...known.keys()].filter((name) => /^\w+$/.test(name)).toSorted();
}
