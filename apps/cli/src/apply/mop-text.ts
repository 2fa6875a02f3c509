import { type Document, isMap, isScalar, parseDocument, stringify } from "yaml";

/** Name of the key that says what a document is, in a file that `apply` takes. A procedure itself does not have it. */
const key = "kind";

/**
 * The text of a procedure within the text of its file: without `kind`, and otherwise as it was written, comments included. `isFirst`: there is no
 * document before it in the file.
 */
export function mopSource(text: string, document: Document.Parsed, isFirst: boolean): string {
	const { contents } = document;
	const begin = isFirst ? 0 : document.range[0];
	const end = document.range[1];
	const pair = isMap(contents)
		? contents.items.find((item) => isScalar(item.key) && item.key.value === key)
		: undefined;
	const [at] = (isScalar(pair?.key) && pair.key.range) || [];
	const [, ends] = (isScalar(pair?.value) && pair.value.range) || [];
	const line = at === undefined ? -1 : text.lastIndexOf("\n", at - 1) + 1;
	if (
		!isMap(contents) ||
		contents.flow ||
		at === undefined ||
		ends === undefined ||
		text.slice(line, at).trim() !== ""
	) {
		const { [key]: _, ...rest } = document.toJS() as Record<string, unknown>;
		return oneForm(stringify(rest, { lineWidth: 0 }));
	}
	const newline = text.indexOf("\n", ends);
	const after = newline === -1 || newline >= end ? end : newline + 1;
	return oneForm(`${text.slice(begin, line)}${text.slice(after, end)}`.replace(/^---[ \t]*\r?\n/, ""));
}

/** The same as a document of a file. */
export function mopFileText(source: string): string {
	const { contents } = parseDocument(source);
	const [first] = isMap(contents) && !contents.flow ? contents.items : [];
	const [at] = (isScalar(first?.key) && first.key.range) || [];
	if (at === undefined)
		return stringify({ [key]: "Mop", ...(parseDocument(source).toJS() as object) }, { lineWidth: 0 });
	const line = source.lastIndexOf("\n", at - 1) + 1;
	return oneForm(`${source.slice(0, line)}${source.slice(line, at)}${key}: Mop\n${source.slice(line)}`);
}

/** A text as it is compared: how its lines end, and how many empty ones it has at its end, says nothing. */
export function oneForm(source: string): string {
	return `${source.replaceAll("\r\n", "\n").trimEnd()}\n`;
}
