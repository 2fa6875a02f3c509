import { sanitiseLine } from "./sanitise.ts";
import type { Paint } from "./terminal.ts";

/**
 * Unified diff text as a terminal shows it: coloured, with hostile characters escaped. `safe` is false for a file or pipe, where
 * the text must stay as it is so that `patch` and scripts can use it.
 */
export function renderUnified(unified: string, { paint, safe }: { paint: Paint; safe: boolean }): string {
	if (unified === "") return "";
	let inHunk = false;
	return `${unified
		.replace(/\n$/, "")
		.split("\n")
		.map((raw) => {
			const line = safe ? sanitiseLine(raw.replace(/\r$/, "").replaceAll("\t", "    ")) : raw;
			if (line.startsWith("@@")) {
				inHunk = true;
				return paint("hunk", line);
			}
			// Only above the first hunk: inside one, "--- x" is a removed line that reads "-- x".
			if (!inHunk && /^(---|\+\+\+|diff |index |===)/.test(line)) return paint("heading", line);
			if (line.startsWith("+")) return paint("added", line);
			if (line.startsWith("-")) return paint("removed", line);
			return line;
		})
		.join("\n")}\n`;
}

/** `+3 -1`, coloured. */
export function renderCounts(added: number, removed: number, paint: Paint): string {
	return `${paint("added", `+${added}`)} ${paint("removed", `-${removed}`)}`;
}
