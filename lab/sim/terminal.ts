import { setTimeout as sleep } from "node:timers/promises";
import type { ServerChannel } from "ssh2";

/** How one operating system treats a terminal. */
export interface TerminalTraits {
	/** The pager's question; `percent` is how much of the output was shown. */
	more(percent: number): string;
	/** What wipes the question away once a key is pressed. */
	eraseMore: string;
	/** What the device sends for a finished line; `\r\n` unless stated. */
	lineEnd?: string;
	/** IOS shows a command wider than the terminal by scrolling it sideways with `$`. */
	scrollsLongLines?: boolean;
}

/** Where the session breaks: after so many more bytes of output. */
export interface Interruption {
	after_bytes: number;
	how: "hang" | "drop";
}

/** Thrown through a CLI when the client is gone; only the session's loop catches it. */
export class SessionEnded extends Error {}

export interface Terminal {
	/** Lines per page; 0 switches the pager off. */
	page_rows: number;
	columns: number;
	/** Set by a fault: the pager cannot be switched off. */
	always_pages: boolean;
	/** Characters that are not in ASCII go out as this. */
	encoding: "utf8" | "latin1";
	interruption: Interruption | undefined;
	/** Writes text; `\n` becomes the device's line end. */
	print(text: string): Promise<void>;
	/** Writes text page by page; `false` when the user quit the pager. */
	page(text: string): Promise<boolean>;
	/** Shows `prompt` and reads one line. Control-C gives an empty line, control-Z the line `\x1a`, control-D with `eof` the line `\x04`. */
	readLine(prompt: string, options?: { echo?: boolean; eof?: boolean }): Promise<string>;
	/** Sends what is buffered. */
	flush(): Promise<void>;
	close(): void;
}

export interface TerminalOptions {
	traits: TerminalTraits;
	columns: number;
	rows: number;
	/** One byte group at a time, for lines of nightmare. */
	drip?: { bytes: number; delay_ms: number };
	onDrop(): void;
}

const writeSize = 32_768;

/**
 * The device's side of a terminal: echo, line editing, type-ahead, paging. Output is gathered until the device waits for input, as real
 * ones do, and waits for the client when it reads slowly: 50 MB do not pile up in memory.
 */
export function createTerminal(channel: ServerChannel, options: TerminalOptions): Terminal {
	const { traits, drip } = options;
	const lineEnd = traits.lineEnd ?? "\r\n";
	let outgoing = "";
	let incoming = "";
	let ended = false;
	/** The client will send nothing more; what it has sent is still answered, as for `ssh device < commands`. */
	let inputEnded = false;
	let lastWasReturn = false;
	let wake: (() => void) | undefined;

	const wakeUp = () => {
		wake?.();
		wake = undefined;
	};
	channel.on("data", (chunk: Buffer) => {
		// A client that pastes megabytes into a busy device loses them, as on a real one; so does our memory gain nothing.
		if (incoming.length < 1_000_000) incoming += chunk.toString("utf8");
		wakeUp();
	});
	const end = () => {
		ended = true;
		wakeUp();
	};
	channel.on("end", () => {
		inputEnded = true;
		wakeUp();
	});
	channel.on("close", end);
	channel.on("error", end);
	channel.on("drain", wakeUp);

	async function wait() {
		if (ended) throw new SessionEnded();
		await new Promise<void>((resolve) => {
			wake = resolve;
		});
		if (ended) throw new SessionEnded();
	}

	async function waitForInput() {
		if (inputEnded) throw new SessionEnded();
		await wait();
	}

	async function send(text: string) {
		if (ended) throw new SessionEnded();
		let bytes = Buffer.from(text, terminal.encoding);
		const { interruption } = terminal;
		const breaks = interruption !== undefined && bytes.length >= interruption.after_bytes;
		if (breaks) bytes = bytes.subarray(0, interruption.after_bytes);
		else if (interruption) interruption.after_bytes -= bytes.length;
		if (drip) {
			// By the clock: timers of a busy machine fire late, and a steady device would become a slow one.
			let due = performance.now();
			for (let at = 0; at < bytes.length && !ended; at += drip.bytes) {
				const piece = bytes.subarray(at, at + drip.bytes);
				channel.write(piece);
				due += (drip.delay_ms * piece.length) / drip.bytes;
				await sleep(Math.max(0, due - performance.now()));
			}
			if (ended) throw new SessionEnded();
		} else if (!channel.write(bytes)) {
			let drained = false;
			channel.once("drain", () => {
				drained = true;
			});
			while (!drained) await wait();
		}
		if (!breaks) return;
		if (interruption.how === "drop") options.onDrop();
		for (;;) await wait();
	}

	async function flush() {
		if (outgoing === "") return;
		const text = outgoing;
		outgoing = "";
		await send(text);
	}

	async function print(text: string) {
		for (let at = 0; at < text.length; at += writeSize) {
			const piece = text.length <= writeSize ? text : text.slice(at, at + writeSize);
			outgoing += lineEnd === "\n" ? piece : piece.replaceAll("\n", lineEnd);
			if (outgoing.length >= writeSize) await flush();
		}
	}

	async function key(): Promise<string> {
		await flush();
		while (incoming === "") await waitForInput();
		const pressed = incoming[0] ?? "";
		incoming = incoming.slice(1);
		return pressed;
	}

	async function page(text: string): Promise<boolean> {
		const rows = terminal.page_rows > 0 ? terminal.page_rows : terminal.always_pages ? 24 : 0;
		if (rows === 0) {
			await print(text);
			return true;
		}
		let at = 0;
		let budget = rows - 1;
		while (at < text.length) {
			const end = text.indexOf("\n", at) + 1 || text.length;
			await print(text.slice(at, end));
			at = end;
			budget--;
			if (budget > 0 || at >= text.length) continue;
			await print(traits.more(Math.floor((100 * at) / text.length)));
			const pressed = await key();
			outgoing += traits.eraseMore;
			if (pressed === "q" || pressed === "Q" || pressed === "\x03") return false;
			budget = pressed === "\r" || pressed === "\n" ? 1 : rows - 1;
		}
		return true;
	}

	function echo(line: string, text: string, prompt: string): string {
		if (!traits.scrollsLongLines || terminal.columns === 0) return text;
		const room = terminal.columns - (prompt.length - prompt.lastIndexOf("\n") - 1) - 1;
		if (line.length + text.length <= room) return text;
		let shown = "";
		for (let i = 0; i < text.length; i++) {
			const length = line.length + i + 1;
			shown += text[i];
			if (length < room || (length - room) % 10 !== 0) continue;
			const visible = (line + text).slice(Math.max(0, length - room + 10), length);
			shown += `${"\b".repeat(room)}$${visible}${" ".repeat(9)}${"\b".repeat(9)}`;
		}
		return shown;
	}

	async function readLine(
		prompt: string,
		{ echo: echoes = true, eof = false }: { echo?: boolean; eof?: boolean } = {},
	): Promise<string> {
		outgoing += prompt.replaceAll("\n", lineEnd);
		let line = "";
		for (;;) {
			if (incoming === "") {
				await flush();
				while (incoming === "") await waitForInput();
			}
			// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
			const special = incoming.search(/[\x00-\x1f\x7f]/);
			if (special !== 0) {
				const plain = special < 0 ? incoming : incoming.slice(0, special);
				if (echoes) outgoing += echo(line, plain, prompt);
				line += plain;
				incoming = incoming.slice(plain.length);
				lastWasReturn = false;
				continue;
			}
			const control = incoming[0] ?? "";
			incoming = incoming.slice(1);
			const follows = control === "\n" && lastWasReturn;
			lastWasReturn = control === "\r";
			if (follows) continue;
			switch (control) {
				case "\r":
				case "\n":
					outgoing += lineEnd;
					return line;
				case "\x03":
					outgoing += echoes ? `^C${lineEnd}` : lineEnd;
					return "";
				case "\x1a":
					outgoing += `^Z${lineEnd}`;
					return "\x1a";
				case "\x04":
					if (eof) return "\x04";
					if (line === "") throw new SessionEnded();
					break;
				case "\x08":
				case "\x7f":
					if (line !== "" && echoes) outgoing += "\b \b";
					line = line.slice(0, -1);
					break;
				case "\x15":
					if (echoes) outgoing += "\b \b".repeat(line.length);
					line = "";
					break;
				default:
				// Tab, escape and the rest are ignored: no driver should send them.
			}
		}
	}

	const terminal: Terminal = {
		page_rows: options.rows,
		columns: options.columns,
		always_pages: false,
		encoding: "utf8",
		interruption: undefined,
		print,
		page,
		readLine,
		flush,
		close() {
			ended = true;
			wakeUp();
		},
	};
	return terminal;
}
