/** Longest unfinished line that may still be a prompt or a question; longer ones are output for certain. */
const longestTail = 1000;
/** Lines above this are not drawn cell by cell: escape sequences are removed, cursor movements within them are not followed. */
const longestDrawnLine = 64 * 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's control characters are the subject here
const controls = /[\x00-\x08\x0b-\x1f\x7f]/;
const sequence =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: ECMA-48 control sequences, strings, escapes, then single characters
	/\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;
// ESC E is "next line"; ProCurve scrolls with "insert line" instead of sending a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const lineMovement = /\x1bE|\x1b\[\d{0,3}L/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the start of a sequence whose rest is still on its way
const cutSequence = /\x1b(?:\[[0-?]{0,30})?$/;

/**
 * What one line looks like after a terminal has drawn it: backspaces, carriage returns, erasures and escape sequences carried out.
 * `line` holds one character per byte. Blanks that a carriage return left behind (a pager wiping its question) are gone.
 */
export function drawLine(line: string): string {
	if (!controls.test(line)) return line;
	if (line.length > longestDrawnLine) return line.replace(sequence, "");
	// One cell per character keeps this linear, whatever a hostile line does with the cursor.
	let cells: string[] = [];
	let column = 0;
	let from = 0;
	const write = (until: number) => {
		while (column > cells.length) cells.push(" ");
		for (let at = from; at < until; at++) cells[column++] = line.charAt(at);
	};
	const moveTo = (target: number) => {
		column = Math.max(0, Math.min(target, longestTail));
		if (column === 0 && blanks === cells.length) cells = [];
	};
	let blanks = 0;
	for (const match of line.matchAll(sequence)) {
		write(match.index);
		from = match.index + match[0].length;
		while (blanks < cells.length && cells[blanks] === " ") blanks++;
		const [text, parameters = "", final] = match;
		const count = Number.parseInt(parameters, 10) || 0;
		if (text === "\r") moveTo(0);
		else if (text === "\b") moveTo(column - 1);
		else if (final === "D") moveTo(column - Math.max(1, count));
		else if (final === "C") moveTo(column + Math.max(1, count));
		else if (final === "G") moveTo(Math.max(1, count) - 1);
		else if (final === "H" || final === "f") moveTo((Number(parameters.split(";")[1]) || 1) - 1);
		else if (final === "K" && count !== 1) cells.length = count === 0 ? Math.min(cells.length, column) : 0;
		blanks = Math.min(blanks, cells.length, column);
	}
	write(line.length);
	return cells.join("");
}

/** Decodes one character per byte as UTF-8; broken bytes become U+FFFD. */
export function decodeBytes(bytes: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: 0x00-0x7f is exactly ASCII
	return /^[\x00-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

/**
 * Splits a device's output into finished lines and the unfinished last one, as a terminal shows them. Text is kept as one character
 * per byte (latin1), so nothing is lost where the bytes are not UTF-8 or a character is cut by a chunk. Cost is linear in the input,
 * whatever the chunks.
 */
export class TerminalText {
	#pending = "";
	#cut = "";

	/** Takes in a chunk. Returns the lines that it finished, each ended by `\n`, or the empty string. */
	push(chunk: Buffer): string {
		let text = this.#cut + chunk.toString("latin1");
		this.#cut = "";
		if (text.includes("\x1b")) {
			const cut = cutSequence.exec(text.slice(-40));
			if (cut) {
				this.#cut = cut[0];
				text = text.slice(0, -cut[0].length);
			}
			text = text.replace(lineMovement, "\n");
		}
		const end = text.lastIndexOf("\n") + 1;
		if (end === 0) {
			this.#pending += text;
			return "";
		}
		const finished = (this.#pending + text.slice(0, end)).replaceAll("\r\n", "\n");
		this.#pending = text.slice(end);
		return controls.test(finished) ? finished.split("\n").map(drawLine).join("\n") : finished;
	}

	/** Whether nothing of an unfinished line has come yet. */
	get atLineStart(): boolean {
		return this.#pending === "" && this.#cut === "";
	}

	/** The unfinished line, or the empty string when it is too long to be a prompt. */
	tail(): string {
		return this.#pending.length > longestTail * 4 ? "" : drawLine(this.#pending).slice(0, longestTail);
	}

	/** Replaces the unfinished line: what was read from it is taken out. */
	setTail(tail: string): void {
		this.#pending = tail;
	}
}
