import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { LoadOptions, LoadResult } from "./load.ts";

export interface LoadProcess {
	/** What came of it, once its time is over. */
	result: Promise<LoadResult>;
	/** Ends it early. */
	stop(): Promise<LoadResult>;
}

/** Starts `load.ts`. */
export function startLoad(options: LoadOptions): LoadProcess {
	const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts")], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	child.stdin.write(`${JSON.stringify(options)}\n`);
	const result = text(child.stdout).then((answer): LoadResult => {
		if (answer === "") throw new Error("the load generator ended without a result");
		return JSON.parse(answer);
	});
	return {
		result,
		stop() {
			child.stdin.end();
			return result;
		},
	};
}
