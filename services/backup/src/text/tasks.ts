import { maskSecrets, type TextRules } from "@netconductor/runtime/config-text";
import { countEdits } from "@netconductor/runtime/text/edits";
import { decodeConfig, splitLines } from "@netconductor/runtime/text/lines";
import { type Blame, firstBlame, nextBlame, type Origin } from "./blame.ts";
import { compareTexts } from "./compare.ts";
import { diffLines } from "./diff.ts";
import { matchTexts, type PackedTexts } from "./match-texts.ts";
import { createMatcher, findHits, fold, type SearchTerm } from "./matcher.ts";
import { pack, unpack, withCrlf } from "./packing.ts";
import { prepareConfig } from "./prepare.ts";

/** A masked text as it is stored. */
export interface PackedText {
	packed: Uint8Array;
	size: number;
}

/** A content as it is stored, opened by the vault but still packed. */
export interface PackedContent {
	masked: PackedText;
	normalised: PackedText;
	raw: PackedText & { crlf: boolean };
	/** Raw bytes that are not the content's own. */
	raw_delta: (PackedText & { against: DeltaBase }) | undefined;
}

/** What a difference of raw bytes was made against: the content's raw bytes, or its normalised text with these line ends. */
export type DeltaBase = "raw" | "normalised_lf" | "normalised_crlf";

const textOf = ({ packed, size }: PackedText) => unpack(packed, size).toString();

const largestBlame = 512 * 1024 * 1024;
const packBlame = (blame: Blame): Uint8Array => pack(Buffer.from(JSON.stringify(blame)));
const unpackBlame = (packed: Uint8Array): Blame => JSON.parse(unpack(packed, largestBlame).toString());

function normalisedBytes({ masked, normalised }: Pick<PackedContent, "masked" | "normalised">): Buffer {
	return unpack(normalised.packed, normalised.size, unpack(masked.packed, masked.size));
}

function rawBytes(content: PackedContent): Buffer {
	const normalised = normalisedBytes(content);
	const { raw, raw_delta } = content;
	const own = () => unpack(raw.packed, raw.size, raw.crlf ? withCrlf(normalised) : normalised);
	if (raw_delta === undefined) return own();
	const bases = { raw: own, normalised_lf: () => normalised, normalised_crlf: () => withCrlf(normalised) };
	return unpack(raw_delta.packed, raw_delta.size, bases[raw_delta.against]());
}

/**
 * All work on texts whose cost grows with them, by name: it runs where it is called for small texts and on a thread for large ones. Inputs and
 * outputs are plain data.
 */
export const textTasks = {
	prepare: prepareConfig,
	compare: compareTexts,

	/** Lines added and removed between two stored texts; one that is absent counts as empty. */
	countChanges({ from, to }: { from: PackedText | undefined; to: PackedText | undefined }) {
		const lines = (text: PackedText | undefined) => (text === undefined ? [] : splitLines(textOf(text)));
		return countEdits(diffLines(lines(from), lines(to)));
	},
	/** What a new version changes of the one before (if there is one), and who brought its lines. */
	nextVersion(input: {
		before: { text: PackedText; blame: Uint8Array | undefined; origin: Origin } | undefined;
		text: PackedText;
		origin: Origin;
	}) {
		const lines = splitLines(textOf(input.text));
		if (input.before === undefined) {
			return { added: null, removed: null, blame: packBlame(firstBlame(lines.length, input.origin)) };
		}
		const linesBefore = splitLines(textOf(input.before.text));
		const edits = diffLines(linesBefore, lines);
		const { blame } = input.before;
		const known = blame === undefined ? firstBlame(linesBefore.length, input.before.origin) : unpackBlame(blame);
		return { ...countEdits(edits), blame: packBlame(nextBlame(known, edits, input.origin)) };
	},
	/** Part of a blamed text's lines, each with the one who brought it; `start` 0 is the first line. */
	readBlame(input: { text: PackedText; blame: Uint8Array; start: number; count: number }) {
		const lines = splitLines(textOf(input.text));
		const { origins, runs } = unpackBlame(input.blame);
		const end = Math.min(lines.length, input.start + input.count);
		const told: ({ line: number; text: string } & Origin)[] = [];
		let position = 0;
		for (const [index, length] of runs) {
			const until = Math.min(position + length, end);
			for (let number = Math.max(position, input.start); number < until; number++) {
				told.push({ line: number + 1, text: lines[number] as string, ...(origins[index] as Origin) });
			}
			position += length;
		}
		return { lines: told, total: lines.length };
	},
	/** Raw bytes packed against those of the content they share a text with. */
	packDelta({ bytes, content }: { bytes: Uint8Array; content: PackedContent }) {
		return pack(bytes, rawBytes({ ...content, raw_delta: undefined }));
	},
	/** Text of a content as it is shown. */
	readText({ content, form, rules }: { content: PackedContent; form: "raw" | "normalised"; rules: TextRules | null }) {
		const text = form === "raw" ? decodeConfig(rawBytes(content)) : normalisedBytes(content).toString();
		return rules === null ? text : maskSecrets(text, rules);
	},
	/** A stored text as search compares it. */
	foldText: ({ text }: { text: PackedText }) => fold(textOf(text)),
	/** Which of the texts have a line that matches. */
	matchTexts: ({ term, ...texts }: PackedTexts & { term: SearchTerm }) => matchTexts(texts, term),
	/** Matching lines of each text. */
	findHits({ texts, term, context }: { texts: PackedText[]; term: SearchTerm; context: number }) {
		const matcher = createMatcher(term);
		return texts.map((text) => findHits(textOf(text), matcher, context));
	},
};

export type TextTasks = typeof textTasks;

/** Entry of the threads. */
export function runTextTask({ name, input }: { name: keyof TextTasks; input: unknown }): unknown {
	return (textTasks[name] as (given: unknown) => unknown)(input);
}
