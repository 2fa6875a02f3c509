import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { parseMapping } from "./apply/parse-mapping.ts";
import { usageFailure } from "./failure.ts";

/** The text of a file, or of standard input (`-`). @throws cli.usage where it cannot be read */
export async function readText(file: string): Promise<string> {
	if (file === "-") return readAll(process.stdin);
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
}

/** Variables of a YAML or JSON file. @throws cli.usage */
export async function readVariables(file: string): Promise<Record<string, unknown>> {
	const text = await readText(file);
	try {
		return parseMapping(text);
	} catch (error) {
		throw usageFailure(`${file} cannot be read as variables: ${(error as Error).message}`);
	}
}

/** `name=value`, as text. @throws cli.usage */
export function namedValue(given: string): [name: string, value: string] {
	const at = given.indexOf("=");
	if (at < 1) throw usageFailure(`${given} is no variable: write it as name=value.`);
	return [given.slice(0, at), given.slice(at + 1)];
}

/** JSON where it is some, else the text itself. */
export function jsonOrText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
