import { nearestName } from "@netconductor/runtime/nearest-name";

/** Which of the names that there are was meant; undefined where none is near, or where it is not looked for any more. */
export type Hints = (name: string, known: Iterable<string>) => string | undefined;

const mostAsked = 50;
const mostNames = 200;
const longestName = 100;

/**
 * Hints for one document. Every name is compared with every other, letter by letter, and both may be many: so only the first that are asked for are
 * answered, and only the first of those that there are looked at.
 */
export function createHints(): Hints {
	let asked = 0;
	return (name, known) => {
		if (asked === mostAsked || name.length > longestName) return undefined;
		asked += 1;
		return nearestName(name, [...Iterator.from(known).take(mostNames)]);
	};
}
