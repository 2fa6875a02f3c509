import type { CompiledPattern } from "@netconductor/runtime/pattern";

/**
 * The lines of a configuration that a pattern matches, without their indentation, each with what is indented below it and the lines that it stands
 * below. Linear but for the depth of the sections.
 */
export function sectionsWith(config: string, pattern: Pick<CompiledPattern, "test">): string {
	const kept: string[] = [];
	/** Lines that what comes stands in, outermost first. */
	let above: { indent: number; line: string; isKept: boolean }[] = [];
	let wholeBelow: number | undefined;
	for (const line of config.split("\n")) {
		const text = line.trim();
		if (text === "") continue;
		const indent = line.length - line.trimStart().length;
		if (wholeBelow !== undefined && indent > wholeBelow) {
			kept.push(line);
			continue;
		}
		wholeBelow = undefined;
		above = above.filter((section) => section.indent < indent);
		const isKept = pattern.test(text);
		if (isKept) {
			kept.push(...above.filter((section) => !section.isKept).map((section) => section.line), line);
			above = above.map((section) => ({ ...section, isKept: true }));
			wholeBelow = indent;
		}
		above.push({ indent, line, isKept });
	}
	return kept.length === 0 ? "" : `${kept.join("\n")}\n`;
}
