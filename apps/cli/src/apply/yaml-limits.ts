import { CST, Lexer } from "yaml";

const deepest = 60;
/** Words, signs, blanks and line ends; a text of several lines is one. */
const mostTokens = 400_000;
const mostDocuments = 10_000;

/**
 * Why a text is not read: parsing it could take more time and memory than there is. Looked at piece by piece, and no further than to where it is
 * too much.
 */
export function tooMuch(text: string): string | undefined {
	let tokens = 0;
	let documents = 0;
	let open = 0;
	let onLine = 0;
	for (const token of new Lexer().lex(text)) {
		tokens += 1;
		if (tokens > mostTokens) return "It holds more than can be read; divide it into several files";
		switch (CST.tokenType(token)) {
			case "doc-start":
				documents += 1;
				if (documents > mostDocuments) return `It holds more than ${mostDocuments} documents`;
				break;
			case "flow-map-start":
			case "flow-seq-start":
				open += 1;
				break;
			case "flow-map-end":
			case "flow-seq-end":
				open -= 1;
				break;
			case "newline":
				onLine = 0;
				break;
			case "seq-item-ind":
			case "explicit-key-ind":
				onLine += 1;
				break;
		}
		if (open > deepest || onLine > deepest) return `More than ${deepest} levels deep`;
	}
	return undefined;
}
