import { run } from "./program.ts";

// A reader that has seen enough (`| head`) is no error and ends nothing: what was begun is finished, and the exit code says how.
for (const stream of [process.stdout, process.stderr]) {
	stream.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") throw error;
	});
}

process.exitCode = await run(process.argv.slice(2), process);
