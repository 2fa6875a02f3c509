import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { compareLines } from "@netconductor/runtime/text/missing-lines";
import { comparable } from "./comparable-lines.ts";

/** Lines of a difference that a result holds, and that an error names. */
const mostLines = 500;
const mostNamed = 20;

/** What of a configuration is not as it should be, as a result holds it. */
export interface Drift {
	/** Lines that are to stand there and do not, each with its sections. */
	missing: string[];
	/** Lines that must not stand there and do. */
	unwanted: string[];
	/** There are more. */
	cut: boolean;
}

/**
 * Compares lines that are to stand in a configuration with the one that stands, whose secrets are masked: secrets count as equal.
 * `problems` has every line that is not as it should be, in words; it is empty when all stands.
 */
export async function findDrift(
	lines: readonly string[],
	masked: string,
	platform: PlatformDefinition,
): Promise<{ drift: Drift; problems: string[] }> {
	const { structure } = platform.config;
	const wanted = comparable(await maskSecretsInSlices(lines.join("\n"), platform), structure);
	const found = compareLines(wanted, comparable(masked, structure));
	const [missing = [], unwanted = []] = [found.missing, found.unwanted].map((all) => all.map(visibleText));
	return {
		drift: {
			missing: missing.slice(0, mostLines),
			unwanted: unwanted.slice(0, mostLines),
			cut: Math.max(missing.length, unwanted.length) > mostLines,
		},
		problems: [...missing.map((line) => `missing: ${line}`), ...unwanted.map((line) => `not to be there: ${line}`)],
	};
}

/** Writes what is not as it should be into a run's output, as much of it as a result holds. */
export function logProblems(problems: readonly string[], log: (line: string) => void): void {
	for (const problem of problems.slice(0, mostLines)) log(problem);
}

/** What is not as it should be, short enough for an error's message. */
export function inWords(problems: readonly string[]): string {
	const more = problems.length > mostNamed ? ` and ${problems.length - mostNamed} more` : "";
	return `${problems.slice(0, mostNamed).join("; ").slice(0, 4_000)}${more}`;
}
