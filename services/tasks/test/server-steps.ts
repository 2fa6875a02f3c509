import type { Actor } from "@netconductor/contracts/kernel/actor";
import { createOutbound } from "@netconductor/runtime/http/outbound";
import { newId } from "@netconductor/runtime/id";
import { createLog } from "@netconductor/runtime/log";
import { hideSecrets } from "../src/procedures/hide-secrets.ts";
import { loadStepTypes } from "../src/procedures/registry.ts";
import type { ServerStepContext, ServerStepResult, ServerStepType } from "../src/procedures/step-type.ts";

type Context = ServerStepContext<unknown>;
export type Surroundings = Partial<Omit<Context, "params" | "step">> & { key?: string };

const types = await loadStepTypes();

const somebody: Actor = { kind: "user", id: newId(), name: "somebody", permissions: ["*"] };

/** Carries out a step that is for no device once; this machine may be reached. @throws what the step throws */
export async function runServerStep(
	type: string,
	given: unknown,
	{ key = `${newId()}/step:1`, ...surroundings }: Surroundings = {},
): Promise<ServerStepResult> {
	const found = types.get(type) as ServerStepType;
	const starter = surroundings.starter ?? somebody;
	return found.run({
		params: found.params.parse(given),
		step: { id: "step", path: "step", key, name: "A step" },
		run: {
			id: newId(),
			title: "A procedure",
			reason: "Because",
			started_by: starter.name,
			mop: { id: newId(), name: "A procedure", version: 1 },
			procedure_sha256: "a".repeat(64),
		},
		devices: [],
		state: undefined,
		signal: new AbortController().signal,
		hide: hideSecrets([]),
		not_after: null,
		now: () => new Date(),
		expectRun: async () => {},
		isTrue: async () => {
			throw new Error("no variable was expected to be asked for");
		},
		clients: new Proxy({} as Context["clients"], {
			get(_, name) {
				throw new Error(`no call of ${String(name)} was expected`);
			},
		}),
		outbound: createOutbound({ allow: ["127.0.0.1"], deny: [] }),
		onBehalf: () => ({ actor: starter }),
		ownAccount: () => ({ actor: { kind: "service", id: "service:tasks", name: "tasks", permissions: ["*"] } }),
		starter,
		cover: () => undefined,
		log: createLog({ level: "silent" }),
		...surroundings,
	});
}

/** The same for a step that has to come to an end. */
export async function endOfStep(...given: Parameters<typeof runServerStep>) {
	const came = await runServerStep(...given);
	if ("wait" in came) throw new Error("the step waits");
	return came;
}

/** The same for a step that has to wait. */
export async function waitOfStep(...given: Parameters<typeof runServerStep>) {
	const came = await runServerStep(...given);
	if (!("wait" in came)) throw new Error(`the step has ended: ${JSON.stringify(came)}`);
	return came.wait;
}
