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
	"runs.was_cancelled": { kind: "conflict", title: "The run was cancelled and runs nothing again" },
	"runs.cannot_pause": { kind: "conflict", title: "The run has no batches between which it could pause" },
	"runs.not_paused": { kind: "conflict", title: "The run is not paused" },
	"runs.nothing_to_decide": { kind: "conflict", title: "No operation of this run waits for a decision" },
	"operations.not_undecided": { kind: "conflict", title: "The operation does not wait for a decision" },
	"operations.decided_failed": {
		kind: "conflict",
		title: "A person looked at the device and says that the operation failed",
	},
	"operations.not_found": { kind: "not_found", title: "There is no such operation" },
	"workers.not_found": { kind: "not_found", title: "There is no such worker" },
	"workers.already_ended": { kind: "conflict", title: "The worker has ended already" },
});
