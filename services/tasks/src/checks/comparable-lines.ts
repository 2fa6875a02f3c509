import { setLinesOf } from "@netconductor/driver-core/change/set-lines";
import type { Platform } from "@netconductor/driver-core/platform";

type Structure = Platform["definition"]["config"]["structure"];

/** One line for each thing that is set, where sections are not indentation. */
export function comparable(text: string, structure: Structure): string {
	if (structure !== "braces" && structure !== "set_lines") return text;
	const removed = text.split("\n").flatMap((line) => /^\s*delete (.+)$/.exec(line)?.[1] ?? []);
	return [...setLinesOf(text, structure), ...removed.map((path) => `no set ${path}`)].join("\n");
}
