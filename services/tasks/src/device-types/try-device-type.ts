import { Worker } from "node:worker_threads";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { TranscriptReading } from "@netconductor/contracts/devices/transcript";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import { failed } from "@netconductor/runtime/errors";
import type { Handler } from "@netconductor/runtime/host/service";
import { badPatterns, platformFaults } from "@netconductor/runtime/platform-faults";

/** Longest time for one transcript. Patterns take linear time, but a pattern of thousands of states takes thousands of steps for each character. */
const longest_ms = 5_000;
const mostMemory_mb = 256;

/** Reads a transcript on a thread of its own, one at a time: a person tries a definition out, and nothing else may wait for that. */
export function tryDeviceType(): Handler<(typeof tasksApi)["operations"]["tryDeviceType"]> {
	let before: Promise<unknown> = Promise.resolve();
	return async (call) => {
		const { definition, transcript } = call.body;
		const faults = platformFaults(definition, "body.definition");
		if (faults.length > 0) throw badPatterns(faults);
		const reading = before.then(() => {
			call.signal.throwIfAborted();
			return readOnThread(definition, transcript, call.signal);
		});
		before = reading.catch(() => {});
		return reading;
	};
}

/** @throws device_types.try_too_slow; the signal's reason */
async function readOnThread(
	definition: PlatformDefinition,
	transcript: string,
	signal: AbortSignal,
): Promise<TranscriptReading> {
	const thread = new Worker(new URL("./transcript-thread.ts", import.meta.url), {
		workerData: { definition, transcript },
		// What is pasted comes from devices: no reason for it to know the environment.
		env: {},
		resourceLimits: { maxOldGenerationSizeMb: mostMemory_mb },
	});
	const { promise, resolve, reject } = Promise.withResolvers<TranscriptReading>();
	const tooSlow = () =>
		failed("device_types.try_too_slow", {
			message: `Reading the transcript took more than ${longest_ms / 1000} s or ${mostMemory_mb} MB and was given up. Shorten the transcript, or the counted repetitions in the patterns.`,
		});
	const timer = setTimeout(() => reject(tooSlow()), longest_ms);
	const abort = () => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	thread.once("message", resolve);
	thread.once("error", (error: Error & { code?: string }) =>
		reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooSlow() : error),
	);
	try {
		return await promise;
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", abort);
		await thread.terminate();
	}
}
