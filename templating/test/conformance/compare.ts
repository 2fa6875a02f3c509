import { defaultLimits } from "../../src/limits.ts";
import { renderSets } from "../../src/thread.ts";
import type { Case } from "./case.ts";
import type { OracleOutcome } from "./oracle.ts";

/** What we make of a case, in the oracle's words. */
export function renderCase({
	template,
	json,
	variables = json === undefined ? {} : JSON.parse(json),
	templates = {},
	settings = {},
}: Case): OracleOutcome {
	const [outcome] = renderSets({
		entry: "case",
		templates: { ...templates, case: template },
		settings,
		shared: {},
		sets: [variables],
		limits: defaultLimits,
	});
	if (outcome === undefined) throw new Error("nothing was rendered");
	if ("text" in outcome) return { text: outcome.text, names: null };
	const { code, line, message } = outcome.fault;
	return { error: code.replace("template.", ""), line, message, names: null };
}

/** Whether both made the same text, or failed in the same way at the same line. */
export function agree(ours: OracleOutcome, theirs: OracleOutcome): boolean {
	if (ours.text !== undefined || theirs.text !== undefined) return ours.text === theirs.text;
	return ours.error === theirs.error && ours.line === theirs.line;
}
