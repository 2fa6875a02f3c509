import { testConnection as tryConnection } from "@netconductor/driver-core/test-connection";
import { z } from "zod";
import { toOperationError } from "../operations/operation-error.ts";
import { defineStep } from "./step.ts";

/** Logs in, reads who the device is, logs out. Says of each phase how it went, also when one failed. */
export const testConnection = defineStep({
	type: "test_connection",
	category: "checks",
	mode: "read",
	params: z.object({}),
	outcome: () => "reachable",
	async run({ connection, session_options, log, show }) {
		log(`connecting to ${connection.host}:${connection.port}`);
		const { phases, facts, host_key } = await tryConnection(connection, { ...session_options, onOutput: show });
		const error = phases.at(-1)?.error;
		for (const { phase, ok, ms } of phases) log(`${phase}: ${ok ? "ok" : "failed"} after ${Math.round(ms)} ms`);
		return {
			result: {
				phases: phases.map(({ phase, ok, ms, error: fault }) => ({
					phase,
					ok,
					ms: Math.round(ms * 10) / 10,
					...(fault && { error: toOperationError(fault) }),
				})),
				facts,
				host_key: host_key && { fingerprint: host_key.fingerprint, algorithm: host_key.algorithm },
			},
			...(error && { error: toOperationError(error) }),
		};
	},
});
