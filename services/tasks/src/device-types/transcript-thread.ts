// A thread for one transcript: it can be ended, whatever its patterns are.
import { parentPort, workerData } from "node:worker_threads";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { readTranscript } from "./read-transcript.ts";

const { definition, transcript } = workerData as { definition: PlatformDefinition; transcript: string };
parentPort?.postMessage(readTranscript(definition, transcript));
