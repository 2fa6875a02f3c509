import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type AnyStepType, defineDeviceStep } from "../src/procedures/step-type.ts";
import { collectConfig } from "../src/steps/collect-config.ts";
import { defineStep, type StepRegistry, stepRegistry } from "../src/steps/step.ts";
import { testConnection } from "../src/steps/test-connection.ts";

const params = z.object({
	/** How long it takes. */
	hold_ms: z.int().default(0),
	/** Goes on as long as there is a file of this name. */
	holds_while: z.string().optional(),
	/** What it prints, `%n` being the device's name. */
	says: z.string().optional(),
	/** Names of devices on which it fails. */
	fails_on: z.array(z.string()).default([]),
	/** Names of devices on which the steps after it have nothing to do. */
	done_with: z.array(z.string()).default([]),
	/** Answers what it was given, and what the step of this id before it answered. */
	answers_from: z.string().optional(),
	/** Calls another service at its end. */
	records: z.boolean().default(false),
});

async function hold(
	{ hold_ms, holds_while, fails_on }: z.output<typeof params>,
	device_name: string,
	signal: AbortSignal,
) {
	await sleep(hold_ms, undefined, { signal });
	while (holds_while !== undefined && existsSync(holds_while)) await sleep(20, undefined, { signal });
	if (fails_on.includes(device_name)) throw new Error("this device was to fail");
	return { result: { pid: process.pid } };
}

/** Steps that touch no device: what is tested is the engine around them. */
const probeRead = defineStep({
	type: "probe_read",
	category: "checks",
	mode: "read",
	params,
	async run({ params: given, operation, session_options, backup, input, earlier, log }) {
		log(given.says?.replaceAll("%n", operation.device_name) ?? `probing ${operation.device_name}\u001b[2J`);
		const result = await hold(given, operation.device_name, session_options.signal);
		if (given.records) {
			const { id: operation_id, ...where } = operation;
			await backup.recordBackup({
				body: {
					operation_id,
					...where,
					device_type: "generic_cli",
					snapshot_id: null,
					started_by: "test",
					collected_at: new Date().toISOString(),
					content_base64: "",
				},
			});
		}
		const skip_rest = given.done_with.includes(operation.device_name) ? { skip_rest: "Nothing to do" } : {};
		if (given.answers_from === undefined) return { ...result, ...skip_rest };
		return { result: { input: await input(), earlier: earlier(given.answers_from) }, ...skip_rest };
	},
});

const probeWrite = defineStep({
	type: "probe_write",
	category: "checks",
	mode: "write",
	params,
	run: ({ params: given, operation, session_options }) => hold(given, operation.device_name, session_options.signal),
});

export const probeSteps: StepRegistry = stepRegistry(probeRead, probeWrite, collectConfig, testConnection);

const typeParams = z.strictObject({
	/** File to which each time that it begins adds a line: the device, and what it was given. */
	marks: z.string(),
	says: z.unknown().optional(),
	/** Goes on as long as there is a file of this name. */
	holds_while: z.string().optional(),
	/** Names of devices on which it fails, so many times. */
	fails_on: z.record(z.string(), z.int()).default({}),
	/** It finds nothing to do. */
	idle: z.boolean().default(false),
	/** What `rollback` takes back, as a change of a device would. */
	undo: z.string().optional(),
});

function probeType(type: string, mode: "read" | "write"): AnyStepType {
	return defineDeviceStep({
		type,
		label: type,
		description: "For tests.",
		category: mode === "read" ? "checks" : "change",
		runs_on: "devices",
		mode,
		params: typeParams,
		example: { marks: "/tmp/marks" },
		async run({ params: given, operation, signal, beforeWriting, keepUndo, log }) {
			const name = operation.device_name;
			if (given.idle) return { result: { said: "idle" }, skipped: "Nothing to do" };
			if (mode === "write") await beforeWriting();
			appendFileSync(given.marks, `${type} ${name} ${JSON.stringify(given.says ?? null)}\n`);
			log(`${name} says ${JSON.stringify(given.says ?? null)}`);
			while (given.holds_while !== undefined && existsSync(given.holds_while)) {
				await sleep(20, undefined, { signal });
			}
			const before = readFileSync(given.marks, "utf8")
				.split("\n")
				.filter((line) => line.startsWith(`${type} ${name} `)).length;
			if (before <= (given.fails_on[name] ?? 0)) {
				return { result: { before }, error: { code: "procedure.check_failed", message: `${name} was to fail` } };
			}
			if (given.undo !== undefined) await keepUndo({ before: given.undo, after: null });
			return { result: { said: given.says ?? null, pid: process.pid } };
		},
	});
}

/** Step types that touch no device. */
export const probeTypes: readonly (readonly [string, AnyStepType])[] = [
	["probe", probeType("probe", "read")],
	["probe_change", probeType("probe_change", "write")],
];
