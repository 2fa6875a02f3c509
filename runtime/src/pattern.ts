import { RE2JS } from "re2js";

/** A compiled pattern of a platform definition. */
export interface CompiledPattern {
	source: string;
	test(text: string): boolean;
	/** Capture groups of the first match (index 0 is the whole), or null. */
	exec(text: string): (string | undefined)[] | null;
	/** Start and end of every capture group of every match. */
	groupSpans(text: string): [start: number, end: number][];
}

/**
 * Compiles a pattern in RE2 syntax on a linear-time engine, so that neither a user's pattern nor a device's output can stall us.
 * @throws the engine's syntax error, whose message names the fault
 */
export function compilePattern(source: string): CompiledPattern {
	const regex = RE2JS.compile(source);
	return {
		source,
		// A test runs on the automaton; a matcher, which must know positions, is two orders slower.
		test: (text) => regex.test(text),
		exec(text) {
			const matcher = regex.matcher(text);
			if (!matcher.find()) return null;
			return Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined);
		},
		groupSpans(text) {
			if (!regex.test(text)) return [];
			const spans: [number, number][] = [];
			const matcher = regex.matcher(text);
			while (matcher.find()) {
				for (let group = 1; group <= matcher.groupCount(); group++) {
					if (matcher.start(group) >= 0) spans.push([matcher.start(group), matcher.end(group)]);
				}
			}
			return spans;
		},
	};
}

/** Why a pattern does not compile, or undefined when it does. */
export function patternFault(source: string): string | undefined {
	try {
		RE2JS.compile(source);
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}
