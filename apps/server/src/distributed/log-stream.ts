import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** One stream out of those of several processes. */
export interface LogStream {
	/** Writes each line of a process under its name. */
	follow(name: string, from: Readable): void;
	write(name: string, line: string): void;
}

const nameWidth = "distributed".length;

/** @param forPeople lines begin with the name; otherwise records, which are JSON objects, get a field `process` */
export function createLogStream(forPeople: boolean, out: { write(text: string): unknown }): LogStream {
	function write(name: string, line: string): void {
		if (forPeople) out.write(`${name.padEnd(nameWidth)} | ${line}\n`);
		else out.write(line.startsWith("{") ? `{"process":${JSON.stringify(name)},${line.slice(1)}\n` : `${line}\n`);
	}
	return {
		write,
		follow: (name, from) => void createInterface({ input: from }).on("line", (line) => write(name, line)),
	};
}
