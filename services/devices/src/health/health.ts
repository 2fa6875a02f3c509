import type { Health } from "@netconductor/contracts/devices/model";
import { FactName, type Facts } from "@netconductor/contracts/devices/platform";
import type { tasksEvents } from "@netconductor/contracts/tasks/events";
import { z } from "zod";

type OperationFinished = z.output<(typeof tasksEvents)["operation.finished.v1"]>;

/** What the end of an operation says about its device. */
export interface Observation {
	health: z.infer<typeof Health>;
	error: string | null;
	phases: { phase: string; ms: number; ok: boolean }[];
	/** Undefined when the operation did not ask for facts. */
	facts: Facts | undefined;
}

const healthOfCode: Record<string, Observation["health"]> = {
	"device.auth_failed": "auth_failed",
	"device.host_key_changed": "host_key_changed",
	"device.unreachable": "unreachable",
	"device.refused": "unreachable",
	"device.timeout": "unreachable",
	"device.jump_failed": "unreachable",
};

const Phases = z
	.array(z.object({ phase: z.string().max(40), ms: z.number().min(0), ok: z.boolean() }))
	.max(20)
	.catch([]);

/**
 * What an operation's end says about its device; undefined when it says nothing: it was skipped or cancelled, or failed for a reason of ours.
 * The result comes from a worker, which has it from a device: what does not fit is dropped.
 */
export function observe({ status, error, result }: OperationFinished): Observation | undefined {
	const phases = Phases.parse(result?.phases ?? []).map((phase) => ({ ...phase, phase: withoutControls(phase.phase) }));
	if (status === "succeeded") return { health: "reachable", error: null, phases, facts: readFacts(result?.facts) };
	if (status !== "failed" || error === null) return undefined;
	const aboutDevice = error.code.startsWith("device.") || error.code === "devices.no_credential";
	if (!aboutDevice || error.code === "device.cancelled") return undefined;
	return {
		health: healthOfCode[error.code] ?? "failing",
		error: withoutControls(error.message).slice(0, 1_000),
		phases,
		facts: undefined,
	};
}

function readFacts(given: unknown): Facts | undefined {
	if (typeof given !== "object" || given === null) return undefined;
	const facts: Facts = {};
	for (const name of FactName.options) {
		const value = (given as Record<string, unknown>)[name];
		if (typeof value === "string" && value !== "") facts[name] = withoutControls(value).slice(0, 500);
	}
	return Object.keys(facts).length === 0 ? undefined : facts;
}

/** PostgreSQL holds neither NUL nor half a surrogate pair, and no list should show an escape sequence. */
function withoutControls(text: string): string {
	return text.toWellFormed().replaceAll(/\p{Cc}/gu, " ");
}
