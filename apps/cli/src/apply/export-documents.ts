import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { usageFailure } from "../failure.ts";
import type { AnyDocument, DocumentKind } from "./documents.ts";
import { mopFileText } from "./mop-text.ts";

const folders: Record<DocumentKind, string> = {
	Template: "templates",
	StackTemplate: "stack-templates",
	Stack: "stacks",
	StepType: "step-types",
	Mop: "mops",
	ApprovalPolicy: "approval-policies",
	Calendar: "calendars",
	Schedule: "schedules",
};

/** A document as YAML that reads back as the same, longer texts as they are. */
export function documentText(document: AnyDocument): string {
	if (document.kind === "Mop") return mopFileText(document.source);
	return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, indentSeq: true });
}

/**
 * The documents as files below a folder. Approval policies are in one, since their order in it is the order in which they would be made.
 * @throws cli.usage where the folder holds something already, unless `overwrite`
 */
export async function writeDocuments(
	folder: string,
	documents: readonly AnyDocument[],
	{ overwrite }: { overwrite: boolean },
): Promise<string[]> {
	await mkdir(folder, { recursive: true });
	if (!overwrite && (await readdir(folder)).length > 0) {
		throw usageFailure(`${folder} is not empty.`, "Add --force to write over files of the same names there.");
	}
	const texts = new Map<string, string>();
	const taken = new Set<string>();
	for (const document of documents) {
		const text = documentText(document);
		if (document.kind === "ApprovalPolicy") {
			const before = texts.get("approval-policies.yaml");
			texts.set("approval-policies.yaml", before === undefined ? text : `${before}---\n${text}`);
			continue;
		}
		texts.set(pathFor(document, taken), text);
	}
	for (const [path, text] of texts) {
		await mkdir(dirname(join(folder, path)), { recursive: true });
		await writeFile(join(folder, path), text);
	}
	return [...texts.keys()];
}

/** A path that no other has, on file systems without case either. */
function pathFor({ kind, name }: AnyDocument, taken: Set<string>): string {
	const parts = name.split("/").map((part) => part.replace(/[^\p{L}\p{N}._ -]/gu, "_").replace(/^[. ]+|[. ]+$/g, "_"));
	// A folder that ends like a file could be where another document's file has to be.
	const below = parts.slice(0, -1).map((part) => part.replace(/\.ya?ml$/i, "_"));
	const stem = [folders[kind], ...below, parts.at(-1)?.slice(0, 100) || "_"].join("/");
	for (let again = 1; ; again++) {
		const path = `${stem}${again === 1 ? "" : `-${again}`}.yaml`;
		if (taken.has(path.toLowerCase())) continue;
		taken.add(path.toLowerCase());
		return path;
	}
}
