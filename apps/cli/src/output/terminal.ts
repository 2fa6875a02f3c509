import { styleText } from "node:util";

/** The streams and settings that the process was started with. */
export interface System {
	env: Readonly<Record<string, string | undefined>>;
	stdin: NodeJS.ReadStream;
	stdout: NodeJS.WriteStream;
	stderr: NodeJS.WriteStream;
}

const styles = {
	added: "green",
	removed: "red",
	hunk: "cyan",
	heading: "bold",
	dim: "dim",
	good: "green",
	bad: "red",
	warning: "yellow",
	match: ["bold", "red"],
} as const;
export type Style = keyof typeof styles;
export type Paint = (style: Style, text: string) => string;

export interface Terminal {
	/** Writes to standard output, as it is. */
	out(text: string): void;
	/** Writes to standard error, as it is. */
	err(text: string): void;
	/** Columns of the terminal that standard output is; undefined when it is a file or a pipe. */
	readonly width: number | undefined;
	/** Aborted once nobody reads standard output any more. */
	readonly unread: AbortSignal;
	/** Whether standard output is a terminal, so that hostile bytes must not reach it. */
	readonly out_is_terminal: boolean;
	/** Whether standard error is a terminal, so that a bar may move on it. */
	readonly err_is_terminal: boolean;
	/** Colours for standard output: only on a terminal and without NO_COLOR. */
	paint: Paint;
	/** The same for standard error. */
	paintErr: Paint;
}

/** The terminal (or files and pipes) behind the process's streams. */
export function createTerminal({ env, stdout, stderr }: Pick<System, "env" | "stdout" | "stderr">): Terminal {
	const mayColour = !env.NO_COLOR && env.TERM !== "dumb";
	const painter =
		(on: boolean): Paint =>
		(style, text) =>
			on ? styleText(styles[style] as Parameters<typeof styleText>[0], text, { validateStream: false }) : text;
	const unread = new AbortController();
	stdout.once("error", () => unread.abort());
	return {
		unread: unread.signal,
		out: (text) => void stdout.write(text),
		err: (text) => void stderr.write(text),
		// Zero columns is what a terminal says that does not know, as below some container tools.
		get width() {
			return stdout.isTTY ? Math.max(20, stdout.columns || 80) : undefined;
		},
		out_is_terminal: stdout.isTTY === true,
		err_is_terminal: stderr.isTTY === true,
		paint: painter(mayColour && stdout.isTTY === true),
		paintErr: painter(mayColour && stderr.isTTY === true),
	};
}
