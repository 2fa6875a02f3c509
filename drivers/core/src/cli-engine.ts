import type { Duplex } from "node:stream";
import type { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import type { DevicePhase } from "@netconductor/contracts/kernel/errors";
import { createLineMasker, maskEcho } from "@netconductor/runtime/config-text";
import { type AppError, failed } from "@netconductor/runtime/errors";
import type { CompiledPattern } from "@netconductor/runtime/pattern";
import { forPeople, nameOf, type Peer, sessionError } from "./device-error.ts";
import type { Mode, Platform } from "./platform.ts";
import { decodeBytes, TerminalText } from "./terminal-text.ts";

export interface CliOptions {
	peer: Peer;
	platform: Platform;
	timeouts: SessionTimeouts;
	/** Largest answer of one command, in bytes. */
	max_output_bytes: number;
	enable_password?: string | undefined;
	/** Texts that never appear in `onOutput`, an error or an excerpt, whatever the device does with them. */
	secrets: string[];
	/** The conversation as people may see it: finished lines, secrets masked. */
	onOutput?: ((text: string) => void) | undefined;
}

export interface CommandOptions {
	/** Longest silence, in milliseconds; the connection's `command_ms` unless told. */
	timeout_ms?: number | undefined;
	/** Largest answer; the connection's `max_output_bytes` unless told. */
	max_bytes?: number | undefined;
	/** A complete answer ends with a line like this. A prompt that comes without it is made sure of. */
	end?: CompiledPattern | undefined;
	/** Makes sure of the prompt in any case: for an answer that may hold one and has no end marker. */
	confirm?: boolean | undefined;
	/** False where an error message in the answer is no failure. */
	check?: boolean | undefined;
	/** Modes that the command may lead to: their prompts need no proof. */
	modes?: readonly Mode[] | undefined;
	/** Takes `?` as text and not as a cry for help: Control-V goes before each, which command lines do not show. */
	literal?: boolean | undefined;
	/** Questions on the unfinished line that are answered with the line ending: the answer that the device proposes. */
	questions?: readonly CompiledPattern[] | undefined;
	/** Ends with Control-C, after so long, a command that goes on until it is told to end. Only silence beyond that is too long. */
	interrupt_after_ms?: number | undefined;
	/** Questions on the unfinished line, and the text that answers each, sent with a line ending. They come before `questions`. */
	answers?: readonly { question: CompiledPattern; text: string }[] | undefined;
}

export interface CommandResult {
	command: string;
	/** The answer without echo, prompt, pager and escape sequences, decoded as UTF-8. Lines end with `\n`. */
	readonly output: string;
	/** The same, byte for byte where it is not UTF-8. */
	bytes: Buffer;
	ms: number;
}

/** Bytes that a device's buffers are cut to: a chunk of such a size may end in the middle of the output. */
const bufferGrain = 512;
/** Bounds of the quiet that proves a doubted prompt on a device whose output trickles, in milliseconds; within them, four of its own pauses. */
const shortestQuiet_ms = 20;
const longestQuiet_ms = 1000;
/** How often, and after which silence at most, a doubted prompt is asked for again. */
const askedAgain = 3;
const askAgain_ms = 1000;
/** An answer that flows more slowly than this, once its limit of silence has passed, would occupy us for ever; a console at 300 baud is twice as fast. */
const slowestFlow_bytesPerSecond = 16;
/** No answer takes longer, however it flows. */
const longestAnswer_ms = 3_600_000;
/** Lines at the beginning and end of an answer that may be an error message. */
const errorLines = 5;
/** What is quoted of a device's words, in characters. */
const longestExcerpt = 300;
const shortestSecret = 3;

/** One answer being read. */
interface Reading {
	phase: DevicePhase;
	/** What the device was asked, for messages. */
	what: string;
	startedAt: number;
	limit_ms: number;
	max_bytes: number;
	bytes: number;
	blocks: Buffer[];
	/** The echo still expected, without white space; undefined once it came or when none is expected. */
	echo: string | undefined;
	echoSeen: boolean;
	/** Lines kept back until it is clear whether they are a wrapped echo. */
	undecided: string;
	end: CompiledPattern | undefined;
	confirm: boolean;
	/** Modes whose prompt is accepted though it reads differently from the last one. */
	expected: readonly Mode[];
	/** Set while an empty line was sent to make sure of a prompt. `before` stands on its line, in pieces: joined only once. */
	doubted: { before: string[]; prompt: string; after: string[] } | undefined;
	/** Runs until the empty line is sent again. */
	again: NodeJS.Timeout | undefined;
	/** Runs while the prompt that answered the empty line may still turn out to be text. */
	quiet: { prompt: string; timer: NodeJS.Timeout } | undefined;
	promptSeenInside: boolean;
	/** Looks for a question on the unfinished line; answers true when it dealt with it. */
	question?: ((tail: string) => boolean) | undefined;
	resolve(): void;
	reject(error: Error): void;
}

/**
 * Speaks with a command line over any byte stream (an SSH shell, later Telnet or a console). One command at a time.
 *
 * The end of an answer is the exact prompt learnt at login. Where that alone could be the device's text (the prompt came in
 * pieces, at the end of a full buffer, reads differently than before, or an end marker is missing), an empty line is sent and the
 * answer ends where nothing but another prompt follows. Only a device that trickles is then listened to for a moment more.
 */
export class CliEngine {
	readonly #stream: Duplex;
	readonly #options: CliOptions;
	readonly #platform: Platform;
	readonly #text = new TerminalText();
	readonly #mask: (line: string) => string;
	#prompt = "";
	#mode: Mode = "exec";
	/** How many commands in a row came back without echo. */
	#unechoed = 0;
	#reading: Reading | undefined;
	#timer: NodeJS.Timeout | undefined;
	#nudge: NodeJS.Timeout | undefined;
	#ended: AppError | undefined;
	/** When the device was last heard, and the longest of its recent pauses. */
	#heardAt = performance.now();
	#pause_ms = 0;

	constructor(stream: Duplex, options: CliOptions) {
		this.#stream = stream;
		this.#options = options;
		this.#platform = options.platform;
		this.#mask = createLineMasker(options.platform.definition);
		stream.on("data", this.#onData);
		stream.on("error", this.#onEnd);
		stream.on("end", this.#onEnd);
		stream.on("close", this.#onEnd);
	}

	/** The last prompt, as the device shows it. */
	get prompt(): string {
		return this.#prompt;
	}

	get mode(): Mode {
		return this.#mode;
	}

	/** What the session is at. */
	get phase(): DevicePhase {
		return this.#reading?.phase ?? "command";
	}

	/** The connection below the stream is gone. */
	lost(cause: Error | undefined): void {
		this.#onEnd(cause);
	}

	/**
	 * Waits for the first prompt, raises privileges where the platform has them, and prepares the terminal.
	 * @throws device.no_prompt, device.enable_failed
	 */
	async login(): Promise<void> {
		const { definition, loginQuestions } = this.#platform;
		const { prompt_ms } = this.#options.timeouts;
		// Some consoles are silent until a key is pressed.
		this.#nudge = setTimeout(
			() => {
				this.#nudge = undefined;
				this.#send(definition.newline);
			},
			Math.min(3000, prompt_ms / 3),
		);
		await this.#read({
			phase: "prompt",
			what: "login",
			limit_ms: prompt_ms,
			// The echo of the next command confirms that this was no line of a banner; without one, an empty line must.
			expected: definition.session_start.length > 0 ? ["exec", "enable", "config"] : [],
			question: (tail) => {
				const asked = loginQuestions.find(({ pattern }) => pattern.test(tail));
				if (asked) this.#answer(asked.send);
				return asked !== undefined;
			},
		});
		clearTimeout(this.#nudge);
		this.#nudge = undefined;
		const enable = definition.enable?.command;
		if (enable !== undefined && this.#mode === "exec") await this.#enable(enable);
		for (const command of definition.session_start) {
			await this.#exchange(command, { phase: "prompt", limit_ms: prompt_ms, expected: [this.#mode] });
		}
		// A banner's last line had been taken for the privileged prompt.
		if (enable !== undefined && this.#mode === "exec") await this.#enable(enable);
	}

	/**
	 * Sends one line and returns the answer.
	 * @throws device.command_failed — the device answered with an error; the session stays usable
	 * @throws device.timeout, device.connection_lost, device.output_too_large — the session is over
	 */
	async run(command: string, options: CommandOptions = {}): Promise<CommandResult> {
		const startedAt = performance.now();
		const { interrupt_after_ms } = options;
		const interrupt =
			interrupt_after_ms === undefined ? undefined : setTimeout(() => this.#send("\x03"), interrupt_after_ms);
		const bytes = await this.#exchange(command, {
			phase: "command",
			literal: options.literal,
			limit_ms: (options.timeout_ms ?? this.#options.timeouts.command_ms) + (interrupt_after_ms ?? 0),
			max_bytes: options.max_bytes,
			end: options.end,
			confirm: options.confirm ?? false,
			expected: options.modes ?? (this.#mode === "config" ? ["config"] : []),
			question: (options.answers ?? options.questions) && ((tail) => this.#answerQuestion(tail, options)),
		}).finally(() => clearTimeout(interrupt));
		const fault = options.check === false ? undefined : this.#errorIn(bytes);
		if (fault !== undefined) {
			throw sessionError(
				"device.command_failed",
				this.#options.peer,
				"command",
				`answered "${this.#redact(fault)}" to \`${this.#redact(command)}\`. Check the command, the device type and the user's rights on the device.`,
				{ details: { command: this.#redact(command), excerpt: this.#redact(fault) } },
			);
		}
		let output: string | undefined;
		return {
			command,
			bytes,
			get output() {
				output ??= bytes.toString("utf8");
				return output;
			},
			ms: performance.now() - startedAt,
		};
	}

	/** Enters configuration mode. @throws device.command_failed where the platform has none or the device refuses */
	async enterConfig(): Promise<void> {
		await this.#switchMode("enter", ["config"]);
	}

	/** Leaves configuration mode. */
	async exitConfig(): Promise<void> {
		await this.#switchMode("exit", ["enable", "exec"]);
	}

	/** Says goodbye and stops listening. The stream's owner ends it. Safe to call twice. */
	close(): void {
		if (this.#ended === undefined && this.#prompt !== "") {
			this.#send(this.#platform.definition.logout + this.#platform.definition.newline);
		}
		this.abandon(
			sessionError(
				"device.cancelled",
				this.#options.peer,
				this.#reading?.phase ?? "command",
				"was being talked to when the session was closed.",
			),
		);
	}

	/** Ends the session at once with `error` for whoever waits. */
	abandon(error: AppError): void {
		if (this.#ended !== undefined) return;
		this.#ended = error;
		clearTimeout(this.#timer);
		clearTimeout(this.#nudge);
		this.#stream.off("data", this.#onData);
		this.#stream.off("end", this.#onEnd);
		this.#stream.off("close", this.#onEnd);
		// The listener for "error" stays: a stream may still fail while it closes, and nobody else listens.
		const reading = this.#reading;
		this.#reading = undefined;
		clearTimeout(reading?.quiet?.timer);
		clearTimeout(reading?.again);
		reading?.reject(error);
	}

	#answerQuestion(tail: string, { questions = [], answers = [] }: CommandOptions): boolean {
		const given = answers.find(({ question }) => question.test(tail))?.text;
		const text = given ?? (questions.some((pattern) => pattern.test(tail)) ? "" : undefined);
		if (text === undefined) return false;
		this.#answer(text + this.#platform.definition.newline);
		return true;
	}

	async #enable(command: string): Promise<void> {
		const { peer, enable_password, timeouts } = this.#options;
		const refused = (message: string) => sessionError("device.enable_failed", peer, "prompt", message);
		let asked = 0;
		const bytes = await this.#exchange(command, {
			phase: "prompt",
			limit_ms: timeouts.prompt_ms,
			expected: ["exec", "enable"],
			question: (tail) => {
				if (!this.#platform.enablePassword?.test(tail)) return false;
				asked++;
				if (enable_password === undefined) {
					this.abandon(
						refused(
							"asks for a password to enter privileged mode, and none is set. Set the enable password of its credential.",
						),
					);
				} else if (asked > 1) {
					this.abandon(refused("did not accept the enable password. Correct the enable password of its credential."));
				} else {
					this.#answer(enable_password + this.#platform.definition.newline);
				}
				return true;
			},
		});
		if (this.#mode !== "exec") return;
		const said = this.#redact(lastLine(bytes));
		throw refused(
			`stayed in unprivileged mode after \`${command}\`${said === "" ? "" : ` and said "${said}"`}. Check the enable password and the user's rights on the device.`,
		);
	}

	async #switchMode(way: "enter" | "exit", expected: Mode[]): Promise<void> {
		const command = this.#platform.definition.configure?.[way];
		const { peer, timeouts } = this.#options;
		if (command === undefined || this.#platform.definition.prompt.config === undefined) {
			throw sessionError(
				"device.command_failed",
				peer,
				"command",
				`has no configuration mode: its device type "${this.#platform.definition.label}" defines none.`,
			);
		}
		const bytes = await this.#exchange(command, { phase: "command", limit_ms: timeouts.prompt_ms, expected });
		if (expected.includes(this.#mode)) return;
		const said = this.#redact(lastLine(bytes));
		throw sessionError(
			"device.command_failed",
			peer,
			"command",
			`did not ${way === "enter" ? "enter" : "leave"} configuration mode on \`${command}\`${said === "" ? "" : `: it said "${said}"`}.`,
			{ details: { command, excerpt: said } },
		);
	}

	async #exchange(
		command: string,
		wanted: Pick<Reading, "phase" | "limit_ms" | "expected"> &
			Partial<Pick<Reading, "end" | "confirm" | "question">> & {
				max_bytes?: number | undefined;
				literal?: boolean | undefined;
			},
	): Promise<Buffer> {
		if (/[\r\n]/.test(command)) {
			throw sessionError(
				"device.command_failed",
				this.#options.peer,
				"command",
				"takes one line at a time: a command must not hold a line break.",
			);
		}
		this.#text.setTail("");
		const reading = this.#read({
			...wanted,
			what: `\`${this.#redact(command)}\``,
			echo: this.#unechoed < 2 ? command : undefined,
		});
		this.#options.onOutput?.(`${this.#prompt}${this.#redact(command)}\n`);
		const typed = wanted.literal ? command.replaceAll("?", "\x16?") : command;
		this.#send(typed + this.#platform.definition.newline);
		return reading;
	}

	#read(
		wanted: Pick<Reading, "phase" | "what" | "limit_ms" | "expected"> & { max_bytes?: number | undefined } & Partial<
				Pick<Reading, "end" | "confirm" | "echo" | "question">
			>,
	): Promise<Buffer> {
		if (this.#ended !== undefined) return Promise.reject(this.#ended);
		if (this.#reading !== undefined) {
			return Promise.reject(
				failed("internal.unexpected", { message: `A command is already running on ${nameOf(this.#options.peer)}.` }),
			);
		}
		return new Promise((resolve, reject) => {
			const blocks: Buffer[] = [];
			const echo = wanted.echo === undefined ? "" : squeeze(wanted.echo);
			this.#reading = {
				phase: wanted.phase,
				what: wanted.what,
				limit_ms: wanted.limit_ms,
				expected: wanted.expected,
				max_bytes: wanted.max_bytes ?? this.#options.max_output_bytes,
				end: wanted.end,
				confirm: wanted.confirm ?? false,
				question: wanted.question,
				startedAt: performance.now(),
				bytes: 0,
				blocks,
				echo: echo === "" ? undefined : echo,
				echoSeen: echo === "",
				undecided: "",
				doubted: undefined,
				again: undefined,
				quiet: undefined,
				promptSeenInside: false,
				resolve: () => resolve(Buffer.concat(blocks)),
				reject,
			};
			this.#timer = setTimeout(this.#onSilence, wanted.limit_ms);
		});
	}

	readonly #onData = (chunk: Buffer): void => {
		const reading = this.#reading;
		const now = performance.now();
		this.#pause_ms = Math.max(this.#pause_ms * 0.7, now - this.#heardAt);
		this.#heardAt = now;
		if (reading?.quiet && reading.doubted === undefined) {
			// Text after all: it is the beginning of the line that goes on now.
			clearTimeout(reading.quiet.timer);
			this.#text.setTail(reading.quiet.prompt);
			reading.quiet = undefined;
		}
		const startsLine = this.#text.atLineStart;
		const finished = this.#text.push(chunk);
		if (reading === undefined) {
			// Between commands a device may say something (a log message): it belongs to no answer, however long it is.
			this.#text.setTail("");
			return;
		}
		this.#nudge?.refresh();
		if (reading.again !== undefined && reading.doubted && !reading.quiet) reading.again.refresh();
		reading.bytes += chunk.length;
		if (reading.bytes > reading.max_bytes) {
			this.abandon(
				sessionError(
					"device.output_too_large",
					this.#options.peer,
					reading.phase,
					`sent more than ${reading.max_bytes} bytes in answer to ${reading.what}. The session was ended. Raise the device's output limit if this is right.`,
				),
			);
			return;
		}
		if (reading.phase === "command") {
			if (now - reading.startedAt > this.#longest_ms(reading)) {
				this.#tooSlow(reading);
				return;
			}
			this.#timer?.refresh();
		}
		if (reading.quiet) {
			if (finished === "" && this.#text.tail().trim() === "") {
				reading.quiet.timer.refresh();
				return;
			}
			this.#resumeDoubt(reading, reading.quiet);
		}
		if (finished !== "") {
			if (reading.doubted) reading.doubted.after.push(finished);
			else this.#take(reading, finished);
		}
		this.#lookAtTail(reading, finished !== "" || startsLine, chunk.length % bufferGrain === 0);
	};

	/** Is the unfinished line a pager, a question, a prompt? */
	#lookAtTail(reading: Reading, whole: boolean, fullBuffer: boolean): void {
		const shown = decodeBytes(this.#text.tail());
		const tail = shown.trimEnd();
		if (tail === "") return;
		const pager = this.#platform.pager.find(({ pattern }) => pattern.test(shown));
		if (pager) {
			this.#answer(pager.send);
			return;
		}
		if (reading.question?.(shown)) return;
		const known = tail === this.#prompt;
		// A config that was cut off, or a file without a last line break: the prompt follows on the same line.
		const glued = !known && this.#prompt.length > 1 && tail.endsWith(this.#prompt);
		const mode = known || glued ? this.#mode : this.#platform.modeOf(tail);
		if (mode === undefined) return;
		const raw = this.#text.tail();
		this.#text.setTail("");
		const complete =
			whole &&
			!fullBuffer &&
			!reading.promptSeenInside &&
			(reading.end === undefined || this.#endsWith(reading, reading.end));
		if (reading.doubted) {
			const after = reading.doubted.after.join("");
			const doubted = decodeBytes(reading.doubted.prompt).trimEnd();
			const answered = this.#withoutPromptLines(after).trimEnd();
			if (answered !== "" && (answered === tail || answered.endsWith(`\n${tail}`))) {
				// The prompt and, right behind it, the one that answers the empty line came at once.
				const at = after.lastIndexOf(tail);
				reading.doubted.after = [after.slice(0, at)];
				this.#takeDoubted(reading, raw);
				this.#listen(reading, raw, () => this.#finish(reading, tail, mode));
			} else if (answered !== "" || !doubted.endsWith(tail)) {
				// What looked like the prompt was part of the answer after all.
				this.#takeDoubted(reading, raw);
			} else if (complete) {
				this.#finish(reading, tail, mode);
			} else {
				this.#listen(reading, raw, () => this.#finish(reading, tail, mode));
			}
			return;
		}
		const certain = complete && !reading.confirm && reading.echoSeen && (known || reading.expected.includes(mode));
		if (certain) {
			// A banner may hold the end marker and then the prompt, and a piece may end there: what is stored as complete must be.
			if (reading.end) this.#listen(reading, raw, () => this.#finish(reading, tail, mode));
			else this.#finish(reading, tail, mode);
			return;
		}
		reading.doubted = { before: [], prompt: raw, after: [] };
		this.#ask(reading, askedAgain);
	}

	/** Takes `prompt` for the answer to the empty line once the device has been quiet for a moment. */
	#listen(reading: Reading, prompt: string, done: () => void): void {
		clearTimeout(reading.again);
		const quiet_ms = Math.min(longestQuiet_ms, Math.max(shortestQuiet_ms, 4 * this.#pause_ms));
		reading.quiet = { prompt, timer: setTimeout(done, quiet_ms) };
	}

	/** Sends an empty line, and again where the device threw it away because it was busy. */
	#ask(reading: Reading, left: number): void {
		this.#send(this.#platform.definition.newline);
		this.#askLater(reading, left);
	}

	#askLater(reading: Reading, left: number): void {
		clearTimeout(reading.again);
		reading.again = undefined;
		if (left === 0) return;
		const silence_ms = Math.min(askAgain_ms, reading.limit_ms / (askedAgain + 2));
		reading.again = setTimeout(() => this.#ask(reading, left - 1), silence_ms);
	}

	/** The doubted prompt was text: it joins the answer with what came after it, and `next` is doubted in its place. */
	#takeDoubted(reading: Reading, next: string): void {
		if (reading.doubted === undefined) return;
		const { before, prompt, after } = reading.doubted;
		if (after.length === 0) {
			before.push(prompt);
			reading.doubted.prompt = next;
		} else {
			reading.doubted = { before: [], prompt: next, after: [] };
			this.#take(reading, before.join("") + prompt + after.join(""));
		}
		reading.promptSeenInside = true;
	}

	/** More came after the prompt that had answered the empty line: the true prompt is that one or later. */
	#resumeDoubt(reading: Reading, { prompt, timer }: NonNullable<Reading["quiet"]>): void {
		clearTimeout(timer);
		reading.quiet = undefined;
		this.#askLater(reading, 1);
		this.#takeDoubted(reading, prompt);
	}

	#finish(reading: Reading, prompt: string, mode: Mode): void {
		clearTimeout(this.#timer);
		clearTimeout(reading.again);
		// What stands before the prompt on its line belongs to the answer.
		if (reading.doubted) {
			const { before, prompt: raw } = reading.doubted;
			const glued = before.join("") + raw.trimEnd().slice(0, -Buffer.byteLength(prompt));
			if (glued !== "") this.#take(reading, `${glued}\n`);
		}
		if (reading.undecided !== "") this.#keep(reading, reading.undecided);
		// A device that twice answered without repeating the command does not echo: no need to doubt it every time.
		if (reading.echoSeen) this.#unechoed = 0;
		else this.#unechoed++;
		this.#dropPromptLines(reading);
		this.#prompt = prompt;
		this.#mode = mode;
		this.#reading = undefined;
		reading.resolve();
	}

	/** Takes finished lines into the answer, the echo left out. */
	#take(reading: Reading, block: string): void {
		if (this.#prompt !== "" && !reading.promptSeenInside) {
			reading.promptSeenInside = block.startsWith(`${this.#prompt}\n`) || block.includes(`\n${this.#prompt}\n`);
		}
		if (reading.echo === undefined) {
			this.#keep(reading, block);
			return;
		}
		let rest = reading.undecided + block;
		reading.undecided = "";
		const prompt = squeeze(this.#prompt);
		let seen = "";
		let from = 0;
		for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", from)) {
			const line = squeeze(decodeBytes(rest.slice(from, end)));
			if (reading.echoSeen) {
				// RouterOS and ProCurve draw the prompt and the command again once it is entered.
				if (line !== prompt + reading.echo) break;
			} else {
				seen += line;
				// IOS scrolls a long line sideways, and marks that with a dollar sign.
				const scrolled = seen.lastIndexOf("$");
				reading.echoSeen =
					seen === reading.echo ||
					seen === prompt + reading.echo ||
					(scrolled !== -1 && seen.length > scrolled + 8 && reading.echo.endsWith(seen.slice(scrolled + 1)));
				const mayGoOn = reading.echo.startsWith(seen) || (prompt + reading.echo).startsWith(seen);
				if (!reading.echoSeen && !mayGoOn) {
					reading.echo = undefined;
					this.#keep(reading, rest);
					return;
				}
			}
			from = end + 1;
		}
		if (!reading.echoSeen) {
			reading.undecided = rest;
			return;
		}
		rest = rest.slice(from);
		if (rest !== "") {
			reading.echo = undefined;
			this.#keep(reading, rest);
		}
	}

	#keep(reading: Reading, block: string): void {
		reading.blocks.push(Buffer.from(block, "latin1"));
		if (this.#options.onOutput && reading.phase === "command") {
			const lines = decodeBytes(block.endsWith("\n") ? block.slice(0, -1) : block).split("\n");
			this.#options.onOutput(`${lines.map((line) => this.#shown(line)).join("\n")}\n`);
		}
	}

	/** Junos and others put a line above the prompt (`{master:0}`): not part of the answer. */
	#dropPromptLines(reading: Reading): void {
		if (this.#platform.definition.prompt.above === undefined) return;
		const last = reading.blocks.pop();
		if (last !== undefined)
			reading.blocks.push(Buffer.from(this.#withoutPromptLines(last.toString("latin1")), "latin1"));
	}

	#withoutPromptLines(block: string): string {
		let end = block.length;
		let dropped = false;
		while (end > 0) {
			const start = end < 2 ? 0 : block.lastIndexOf("\n", end - 2) + 1;
			const line = decodeBytes(block.slice(start, end)).trim();
			if (line !== "" && (dropped || !this.#platform.isAbovePrompt(line))) break;
			dropped ||= line !== "";
			end = start;
		}
		return dropped ? block.slice(0, end) : block;
	}

	#endsWith(reading: Reading, end: CompiledPattern): boolean {
		for (let index = reading.blocks.length - 1; index >= 0; index--) {
			const line = lastLine(reading.blocks[index] as Buffer);
			if (line !== "") return end.test(line);
		}
		return false;
	}

	/** The first line of an answer that is an error message. Only its beginning and end can hold one; the rest is content. */
	#errorIn(bytes: Buffer): string | undefined {
		const edge = 4096;
		const text =
			bytes.length <= 2 * edge
				? bytes.toString("utf8")
				: `${bytes.toString("utf8", 0, edge)}\n${bytes.toString("utf8", bytes.length - edge)}`;
		const lines = text.split("\n").filter((line) => line.trim() !== "");
		const looked =
			lines.length <= 2 * errorLines ? lines : [...lines.slice(0, errorLines), ...lines.slice(-errorLines)];
		return looked.find((line) => this.#platform.isError(line.trimEnd()))?.trim();
	}

	#send(text: string): void {
		this.#heardAt = performance.now();
		if (this.#ended === undefined && this.#stream.writable) this.#stream.write(text);
	}

	/** Answers a question on the unfinished line, which is then no part of the answer. */
	#answer(text: string): void {
		this.#text.setTail("");
		this.#send(text);
	}

	#redact(text: string): string {
		// Cut only when masked: half of a secret would no longer be known.
		const lines = text
			.trim()
			.slice(0, 2 * longestExcerpt)
			.split("\n");
		return lines
			.map((line) => maskEcho(this.#withoutKnownSecrets(line), this.#platform.definition))
			.join("\n")
			.slice(0, longestExcerpt);
	}

	/** A line of output as it may be watched. An error may repeat a line of config. */
	#shown(line: string): string {
		const masked = this.#mask(line);
		const isError = line.length <= longestExcerpt && this.#platform.isError(line.trimEnd());
		return this.#withoutKnownSecrets(isError ? maskEcho(masked, this.#platform.definition) : masked);
	}

	#withoutKnownSecrets(line: string): string {
		return this.#options.secrets.reduce(
			(text, secret) => (secret.length >= shortestSecret ? text.replaceAll(secret, "<secret>") : text),
			line,
		);
	}

	/** How long the answer may have taken with what came of it so far. */
	#longest_ms({ limit_ms, bytes }: Reading): number {
		return limit_ms + Math.min(longestAnswer_ms, (bytes / slowestFlow_bytesPerSecond) * 1000);
	}

	#tooSlow(reading: Reading): void {
		const took_ms = performance.now() - reading.startedAt;
		this.abandon(
			sessionError(
				"device.timeout",
				this.#options.peer,
				reading.phase,
				`answers ${reading.what} too slowly: ${reading.bytes} bytes in ${forPeople(took_ms)}. Look at the device's load and at the line to it; if the command takes that long, raise the device's command timeout.`,
				{ details: { received_bytes: reading.bytes } },
			),
		);
	}

	readonly #onSilence = (): void => {
		const reading = this.#reading;
		if (reading === undefined) return;
		const { peer } = this.#options;
		const said = this.#redact(decodeBytes(this.#text.tail()) || lastLine(reading.blocks.at(-1) ?? Buffer.alloc(0)));
		const details = { excerpt: said, received_bytes: reading.bytes };
		if (reading.phase === "prompt") {
			const seen = said === "" ? "It sent nothing" : `It last showed "${said}"`;
			const about = reading.what === "login" ? "after login" : `after ${reading.what}`;
			this.abandon(
				sessionError(
					"device.no_prompt",
					peer,
					"prompt",
					`showed no prompt within ${forPeople(reading.limit_ms)} ${about}. ${seen}. If that is its prompt, choose the device type that fits ("${this.#platform.definition.label}" is set).`,
					{ details },
				),
			);
			return;
		}
		this.abandon(
			sessionError(
				"device.timeout",
				peer,
				reading.phase,
				`was silent for ${forPeople(reading.limit_ms)} after ${reading.bytes} bytes of the answer to ${reading.what}${said === "" ? "" : ` (last line: "${said}")`}. Try again; if the command takes that long, raise the device's command timeout.`,
				{ details },
			),
		);
	};

	readonly #onEnd = (cause?: unknown): void => {
		if (this.#ended !== undefined) return;
		const reading = this.#reading;
		const phase = reading?.phase ?? "command";
		const when =
			reading === undefined
				? "between two commands"
				: reading.what === "login"
					? "before it showed a prompt"
					: `after ${reading.bytes} bytes of the answer to ${reading.what}`;
		this.abandon(
			sessionError(
				"device.connection_lost",
				this.#options.peer,
				phase,
				`closed the connection ${when}. Nothing of that answer was used. Try again; if it recurs, look at the device's log and its limit of sessions.`,
				{
					details: { received_bytes: reading?.bytes ?? 0 },
					cause: cause instanceof Error ? cause : undefined,
				},
			),
		);
	};
}

/** Text without white space and control characters: what remains of an echo however a terminal wrapped it. */
function squeeze(text: string): string {
	return text.replace(/\s+/g, "");
}

/** The last line of a block that is not blank; long ones are cut at the front. */
function lastLine(block: Buffer): string {
	const text = block.toString("utf8", Math.max(0, block.length - 2000)).trimEnd();
	return text.slice(text.lastIndexOf("\n") + 1);
}
