import { readFile } from "node:fs/promises";
import { buffer as readAll } from "node:stream/consumers";
import { parseMapping } from "./apply/parse-mapping.ts";
import { usageFailure } from "./failure.ts";

/**
 * The text of a file, or of standard input (`-`), without a mark of its byte order.
 * @throws cli.usage where it cannot be read or is not UTF-8, and where standard input was read before: a second text of it would be an empty one
 */
export async function readText(file: string): Promise<string> {
	if (file === "-" && process.stdin.readableEnded) throw usageFailure("Standard input can be read once only.");
	try {
		const bytes = file === "-" ? await readAll(process.stdin) : await readFile(file);
		// What is replaced silently would end up on devices, or make another secret.
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
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

/** JSON where it is some, else the text itself; so is a number that would not be written again as it was given, such as 17.10 or one of many digits. */
export function jsonOrText(text: string): unknown {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "number" && String(value) !== text.trim() ? text : value;
	} catch {
		return text;
	}
}
