import { syntaxHighlighting } from "@codemirror/language";

const classes: Readonly<Record<string, string>> = {
	keyword: "cm-word",
	brace: "cm-word",
	className: "cm-value",
	variableName: "cm-name",
	propertyName: "cm-name",
	string: "cm-text",
	number: "cm-value",
	comment: "cm-remark",
};

/** Colours what the reader of a language tells apart. */
export const highlight = syntaxHighlighting({
	style: ([tag]) => (tag === undefined ? null : (classes[tag.toString()] ?? null)),
});
