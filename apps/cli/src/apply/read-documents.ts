import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import type { FieldError } from "@netconductor/contracts/kernel/errors";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { exitCodes, Failure, usageFailure } from "../failure.ts";
import { type Placed, parseDocuments } from "./parse-documents.ts";

const mostFiles = 2_000;
const mostBytes = 64 * 1024 * 1024;
const mostBytesOfFile = 8 * 1024 * 1024;
const mostErrors = 100;

/**
 * Every document of a file, of standard input (`-`), or of the `.yaml` and `.yml` files of a folder and those below it. Hidden folders and links
 * are left out.
 * @throws cli.bad_documents with the place of everything that is wrong
 */
export async function readDocuments(given: string): Promise<Placed[]> {
	const documents: Placed[] = [];
	const errors: FieldError[] = [];
	let bytes = 0;
	for (const { name, read } of await filesOf(given)) {
		const text = await read();
		bytes += Buffer.byteLength(text);
		if (bytes > mostBytes) throw usageFailure(`${given} holds more than ${mostBytes / 1024 / 1024} MiB of documents.`);
		const found = parseDocuments(name, text);
		documents.push(...found.documents);
		errors.push(...found.errors);
		if (errors.length > mostErrors) break;
	}
	if (errors.length === 0) errors.push(...sameNames(documents));
	if (errors.length > 0) throw badDocuments(errors);
	return documents;
}

/** What stands in the files cannot be applied. Each error's path is its place. */
export function badDocuments(errors: readonly FieldError[]): Failure {
	return new Failure(
		{
			type: "about:blank",
			title: "The documents are not valid",
			status: 400,
			code: "cli.bad_documents",
			detail: "Nothing was changed.",
			errors: errors.slice(0, mostErrors),
		},
		exitCodes.usage,
		"`netconductor apply --schema` writes what a document may hold.",
	);
}

interface Source {
	/** As errors name it. */
	name: string;
	read(): Promise<string>;
}

async function filesOf(given: string): Promise<Source[]> {
	if (given === "-") return [{ name: "-", read: () => readAll(process.stdin) }];
	const about = await stat(given).catch((error: Error) => {
		throw usageFailure(`${given} cannot be read: ${error.message}`);
	});
	if (!about.isDirectory()) return [fileSource(basename(given), given)];
	const sources: Source[] = [];
	const visit = async (folder: string, name: string) => {
		const entries = await readdir(folder, { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const [path, called] = [join(folder, entry.name), join(name, entry.name)];
			if (entry.isDirectory() && !entry.name.startsWith(".")) await visit(path, called);
			else if (entry.isFile() && /\.ya?ml$/i.test(entry.name)) sources.push(fileSource(called, path));
			if (sources.length > mostFiles) throw usageFailure(`${given} holds more than ${mostFiles} files.`);
		}
	};
	await visit(given, "");
	if (sources.length === 0) throw usageFailure(`${given} holds no .yaml or .yml file.`);
	return sources;
}

function fileSource(name: string, path: string): Source {
	return {
		name,
		async read() {
			try {
				const { size } = await stat(path);
				if (size > mostBytesOfFile) throw new Error(`it is larger than ${mostBytesOfFile / 1024 / 1024} MiB`);
				return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
			} catch (error) {
				throw usageFailure(`${name} cannot be read: ${(error as Error).message}`);
			}
		},
	};
}

/** Names are the same whatever their case, as the server has it. */
function sameNames(documents: readonly Placed[]): FieldError[] {
	const first = new Map<string, string>();
	return documents.flatMap(({ document: { kind, name }, at, placeOf }) => {
		const key = `${kind} ${name.toLowerCase()}`;
		const before = first.get(key);
		if (before === undefined) {
			first.set(key, at);
			return [];
		}
		return [{ path: placeOf(["name"]), message: `There is a ${kind} ${visibleLine(name)} at ${before} already` }];
	});
}
