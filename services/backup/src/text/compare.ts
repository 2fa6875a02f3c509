import type { DiffHunk } from "@netconductor/contracts/backup/model";
import { maskSecrets, type TextRules } from "@netconductor/runtime/config-text";
import { countEdits, type Edit } from "@netconductor/runtime/text/edits";
import { toHunks, toUnified } from "@netconductor/runtime/text/hunks";
import { splitLines } from "@netconductor/runtime/text/lines";
import type { z } from "zod";
import { diffLines } from "./diff.ts";
import { diffSections, type Structure } from "./sections.ts";

export interface CompareInput {
	/** Unmasked texts. */
	from: string;
	to: string;
	names: { from: string; to: string };
	/** How each is masked; null shows them as they are. */
	masking: { from: TextRules; to: TextRules } | null;
	mode: "text" | "section";
	structure: Structure;
	context: number;
	most_characters: number;
}

export interface CompareOutput {
	identical: boolean;
	added: number;
	removed: number;
	hunks: z.infer<typeof DiffHunk>[];
	unified: string;
	truncated: boolean;
	secrets_differ: boolean;
}

/** Compares two configs as they are shown: masked or not, in order or section by section. */
export function compareTexts(input: CompareInput): CompareOutput {
	const plain = { from: splitLines(input.from), to: splitLines(input.to) };
	const shown =
		input.masking === null
			? plain
			: {
					from: splitLines(maskSecrets(input.from, input.masking.from)),
					to: splitLines(maskSecrets(input.to, input.masking.to)),
				};
	const edits =
		input.mode === "section" && input.structure !== "flat"
			? diffSections(shown.from, shown.to, input.structure)
			: diffLines(shown.from, shown.to);
	const ordered = input.mode === "text" || input.structure === "flat";
	const { hunks, truncated } = toHunks(shown.from, shown.to, edits, {
		context: input.context,
		ordered,
		most_characters: input.most_characters,
	});
	const secrets_differ = input.masking !== null && (ordered ? hiddenChange(plain, edits) : hiddenSet(plain, shown));
	return {
		identical: edits.length === 0 && !secrets_differ,
		...countEdits(edits),
		hunks,
		unified: toUnified(hunks, input.names),
		truncated,
		secrets_differ,
	};
}

interface Pair {
	from: readonly string[];
	to: readonly string[];
}

/** Whether lines that look alike when masked differ. Masking keeps lines where they are. */
function hiddenChange(plain: Pair, edits: readonly Edit[]): boolean {
	let i = 0;
	let j = 0;
	for (const edit of [
		...edits,
		{ from_start: plain.from.length, from_count: 0, to_start: plain.to.length, to_count: 0 },
	]) {
		for (; i < edit.from_start; i++, j++) if (plain.from[i] !== plain.to[j]) return true;
		i = edit.from_start + edit.from_count;
		j = edit.to_start + edit.to_count;
	}
	return false;
}

/** The same where order does not count: a masked line that both have stands for other secrets in one than in the other. */
function hiddenSet(plain: Pair, shown: Pair): boolean {
	const secretsOf = (side: "from" | "to") => {
		const secrets = new Map<string, string[]>();
		for (const [index, line] of plain[side].entries()) {
			const masked = shown[side][index] as string;
			if (masked === line) continue;
			const list = secrets.get(masked);
			if (list === undefined) secrets.set(masked, [line]);
			else list.push(line);
		}
		return secrets;
	};
	const before = secretsOf("from");
	for (const [masked, lines] of secretsOf("to")) {
		const others = before.get(masked);
		if (others !== undefined && others.toSorted().join("\n") !== lines.toSorted().join("\n")) return true;
	}
	return false;
}
