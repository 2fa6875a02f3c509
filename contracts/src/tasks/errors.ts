import { defineErrors } from "../kernel/errors.ts";

export const tasksErrors = defineErrors({
	"runs.not_found": { kind: "not_found", title: "There is no such run" },
	"runs.already_ended": { kind: "conflict", title: "The run has ended already" },
	"runs.still_running": { kind: "conflict", title: "The run has not ended yet" },
	"runs.nothing_to_retry": { kind: "conflict", title: "Nothing in this run failed" },
	"runs.unknown_step": { kind: "invalid", title: "There is no such step type" },
	"runs.bad_plan": { kind: "invalid", title: "The plan cannot be run" },
	"operations.worker_lost": {
		kind: "unavailable",
		title: "The worker that ran the operation was lost",
		retryable: true,
	},
	"operations.not_found": { kind: "not_found", title: "There is no such operation" },
	"workers.not_found": { kind: "not_found", title: "There is no such worker" },
});
