import { parseAllDocuments } from "yaml";

/** The documents of a YAML text as Compose and Kubernetes read them: several in a file, merge keys. @throws of what is not valid, or said twice */
export function parseYamlDocuments(text: string): unknown[] {
	return Array.from(parseAllDocuments(text, { merge: true, prettyErrors: true }), (document) => {
		const [fault] = [...document.errors, ...document.warnings];
		if (fault !== undefined) throw fault;
		return document.toJS() as unknown;
	});
}
