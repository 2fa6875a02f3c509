import { pino } from "pino";
import { redactRecord } from "./redact.ts";
import { currentTraceId } from "./telemetry.ts";

/** A pino logger whose every record, message and child binding is redacted and carries the trace id. */
export type Log = pino.Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const logFormats = ["auto", "json", "text"] as const;

// Left to their serializers, which pick a few fields of these large objects.
const kept = ["req", "res"];

export interface LogOptions {
	level?: (typeof logLevels)[number];
	/** `json` is one object a line, `text` is for people, `auto` is text on a terminal. */
	format?: (typeof logFormats)[number];
	/** Where lines go; standard output unless told. */
	destination?: { write(line: string): void };
}

/**
 * The log. Children name their part: `log.child({ service: "devices" })`. Fields with a secret's name and texts with a secret's form
 * are masked wherever they are (see redact.ts); an `AppError` shows its code, phase and details.
 */
export function createLog({ level = "info", format = "auto", destination }: LogOptions = {}): Log {
	// Synchronous: what a process says last, before it dies, is what matters most.
	const output = destination ?? pino.destination({ fd: 1, sync: true });
	const forPeople =
		format === "text" || (format === "auto" && destination === undefined && process.stdout.isTTY === true);
	const log = pino(
		{
			level,
			base: { pid: process.pid },
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: {
				level: (label) => ({ level: label }),
				log: (record) => redactRecord(record, kept),
			},
			serializers: {
				msg: (message: unknown) => (typeof message === "string" ? redactRecord({ message }).message : message),
				err: (error: unknown) => error,
				req: describeRequest,
				res: describeResponse,
			},
			mixin() {
				const trace_id = currentTraceId();
				return trace_id === undefined ? {} : { trace_id };
			},
		},
		forPeople ? { write: (line: string) => output.write(textLine(line)) } : output,
	);
	return withRedactedBindings(log);
}

/** pino hands bindings of a child to no formatter, so they are redacted on their way in; children inherit this. */
function withRedactedBindings(log: Log): Log {
	const child: (bindings: pino.Bindings, options?: pino.ChildLoggerOptions) => Log = log.child;
	const { setBindings } = log;
	return Object.assign(log, {
		child(this: Log, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) {
			return child.call(this, redactRecord(bindings, kept), options);
		},
		setBindings(this: Log, bindings: pino.Bindings) {
			setBindings.call(this, redactRecord(bindings, kept));
		},
	});
}

function describeRequest(request: unknown): unknown {
	const { id, method, url, ip } = (request ?? {}) as Record<string, unknown>;
	return redactRecord({ id, method, url, ip });
}

function describeResponse(response: unknown): unknown {
	return redactRecord({ status: (response as { statusCode?: unknown } | null)?.statusCode });
}

/** One record as a line for people. Line breaks inside a value are escaped, so that no record can look like another. */
function textLine(json: string): string {
	const { time, level, pid: _, service, msg, trace_id, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
	const { stack, ...error } = (typeof err === "object" && err !== null ? err : {}) as Record<string, unknown>;
	const rest = {
		...fields,
		...(Object.keys(error).length > 0 && { err: error }),
		...(trace_id !== undefined && { trace_id }),
	};
	const words = [
		String(time).slice(11, 23),
		String(level).toUpperCase().padEnd(5),
		...(service === undefined ? [] : [`[${service}]`]),
		...(msg === undefined ? [] : [oneLine(String(msg))]),
		...Object.entries(rest).map(
			([key, value]) => `${key}=${oneLine(typeof value === "string" ? value : JSON.stringify(value))}`,
		),
	];
	const trace = typeof stack === "string" && (level === "error" || level === "fatal") ? `${indented(stack)}\n` : "";
	return `${words.join(" ")}\n${trace}`;
}

function oneLine(text: string): string {
	return text.replaceAll("\n", "\\n");
}

function indented(stack: string): string {
	return stack.replace(/^/gm, "    ");
}
