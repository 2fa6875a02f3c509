import { defineErrors } from "../kernel/errors.ts";

export const alertsErrors = defineErrors({
	"approvals.not_found": { kind: "not_found", title: "There is no such approval" },
	"approvals.already_decided": { kind: "conflict", title: "The approval is decided already" },
	"approvals.expired": { kind: "conflict", title: "The time to decide is over" },
	"approvals.plan_changed": { kind: "conflict", title: "The plan is not the one that you saw" },
	"approvals.own_request": { kind: "forbidden", title: "Nobody decides on what they asked for themselves" },
	"approvals.not_an_approver": { kind: "forbidden", title: "Somebody else has to decide on this" },
	"approvals.already_voted": { kind: "conflict", title: "You have decided on this already" },
	"approvals.bad_window": { kind: "invalid", title: "The run could not begin in this window" },
	"approvals.bad_delegate": { kind: "invalid", title: "It cannot be delegated to them" },
	"approval_policies.not_found": { kind: "not_found", title: "There is no such approval policy" },
	"approval_policies.name_taken": { kind: "conflict", title: "There is an approval policy with this name already" },
	"approval_policies.built_in": { kind: "conflict", title: "The built-in policy stays as it is" },
	"approval_policies.bad_order": { kind: "conflict", title: "The order must name every policy once" },
	"approval_policies.unknown_approver": { kind: "invalid", title: "An approver named does not exist" },
});
