import { z } from "zod";
import { Id, Timestamp } from "../kernel/ids.ts";
import { defineApi, del, get, internal, patch, post, put } from "../kernel/operation.ts";
import { Page } from "../kernel/page.ts";
import {
	Approval,
	ApprovalDevice,
	ApprovalPolicy,
	ApprovalPolicyChange,
	ApprovalRequest,
	ApprovalState,
	ApprovalStats,
	ApprovalSummary,
	Approve,
	Bypass,
	Delegate,
	Evaluation,
	EvaluationResult,
	ListApprovalDevices,
	ListApprovals,
	ListPolicies,
	NewApprovalPolicy,
	Person,
	PlanHash,
	Reject,
	RequestedApproval,
} from "./approvals.ts";

const byId = z.object({ id: Id });

export const alertsApi = defineApi("alerts", {
	listApprovals: get("/api/approvals", {
		summary: "Approvals: those that wait, for whom, and how others were decided",
		query: ListApprovals,
		returns: Page(ApprovalSummary),
		permission: "approvals:read",
		scope: "devices",
	}),
	getApprovalStats: get("/api/approvals/stats", {
		summary: "How many approvals wait, for whom, and how those of the last 30 days were decided",
		returns: ApprovalStats,
		permission: "approvals:read",
		scope: "devices",
	}),
	getApproval: get("/api/approvals/:id", {
		summary: "One approval: what is bound, its risk, who decides and how they did",
		params: byId,
		returns: Approval,
		permission: "approvals:read",
		scope: "devices",
		errors: ["approvals.not_found"],
	}),
	listApprovalDevices: get("/api/approvals/:id/devices", {
		summary: "Devices that the plan would touch",
		params: byId,
		query: ListApprovalDevices,
		returns: Page(ApprovalDevice),
		permission: "approvals:read",
		scope: "devices",
		errors: ["approvals.not_found"],
	}),
	listApprovers: get("/api/approvals/:id/approvers", {
		summary: "Who may decide on it now, at most 100 of them",
		params: byId,
		returns: z.object({
			items: z.array(Person.extend({ display_name: z.string(), role: z.string() })),
			total: z.int(),
		}),
		permission: "approvals:read",
		scope: "devices",
		errors: ["approvals.not_found"],
	}),
	approve: post("/api/approvals/:id/approve", {
		summary: "Approve a plan; never one that oneself asked for",
		params: byId,
		body: Approve,
		returns: Approval,
		permission: "approvals:decide",
		scope: "devices",
		errors: [
			"approvals.not_found",
			"approvals.already_decided",
			"approvals.expired",
			"approvals.plan_changed",
			"approvals.own_request",
			"approvals.not_an_approver",
			"approvals.already_voted",
			"approvals.bad_window",
		],
	}),
	reject: post("/api/approvals/:id/reject", {
		summary: "Reject a plan, with a reason",
		params: byId,
		body: Reject,
		returns: Approval,
		permission: "approvals:decide",
		scope: "devices",
		errors: [
			"approvals.not_found",
			"approvals.already_decided",
			"approvals.expired",
			"approvals.plan_changed",
			"approvals.own_request",
			"approvals.not_an_approver",
			"approvals.already_voted",
		],
	}),
	delegate: post("/api/approvals/:id/delegate", {
		summary: "Have somebody else decide in one's place until a given time",
		params: byId,
		body: Delegate,
		returns: Approval,
		permission: "approvals:decide",
		scope: "devices",
		errors: [
			"approvals.not_found",
			"approvals.already_decided",
			"approvals.expired",
			"approvals.plan_changed",
			"approvals.own_request",
			"approvals.not_an_approver",
			"approvals.already_voted",
			"approvals.bad_delegate",
		],
	}),
	bypass: post("/api/approvals/:id/bypass", {
		summary: "Break glass: let the run begin without approval, with a reason that everybody sees",
		params: byId,
		body: Bypass,
		returns: Approval,
		permission: "approvals:bypass",
		errors: [
			"approvals.not_found",
			"approvals.already_decided",
			"approvals.expired",
			"approvals.plan_changed",
			"approvals.not_an_approver",
		],
	}),

	listApprovalPolicies: get("/api/approval-policies", {
		summary: "Which changes need whose approval, in the order in which they are looked through",
		query: ListPolicies,
		returns: Page(ApprovalPolicy),
		permission: "approvals:read",
	}),
	createApprovalPolicy: post("/api/approval-policies", {
		summary: "Add an approval policy, last before the built-in one",
		body: NewApprovalPolicy,
		returns: ApprovalPolicy,
		status: 201,
		permission: "approvals:write",
		errors: ["approval_policies.name_taken", "approval_policies.unknown_approver"],
	}),
	evaluateApprovalPolicies: post("/api/approval-policies/evaluate", {
		summary: "What a plan would need, policy by policy; nothing is kept",
		body: Evaluation,
		returns: EvaluationResult,
		permission: "approvals:read",
		changes: false,
	}),
	orderApprovalPolicies: put("/api/approval-policies/order", {
		summary: "Set the order in which policies are looked through",
		body: z.object({
			/** Every policy but the built-in one, first looked at first. */
			ids: z.array(Id).max(500),
		}),
		permission: "approvals:write",
		errors: ["approval_policies.bad_order"],
	}),
	getApprovalPolicy: get("/api/approval-policies/:id", {
		summary: "One approval policy",
		params: byId,
		returns: ApprovalPolicy,
		permission: "approvals:read",
		errors: ["approval_policies.not_found"],
	}),
	updateApprovalPolicy: patch("/api/approval-policies/:id", {
		summary: "Change an approval policy; approvals already asked for stay as they are",
		params: byId,
		body: ApprovalPolicyChange,
		returns: ApprovalPolicy,
		permission: "approvals:write",
		errors: [
			"approval_policies.not_found",
			"approval_policies.name_taken",
			"approval_policies.built_in",
			"approval_policies.unknown_approver",
		],
	}),
	deleteApprovalPolicy: del("/api/approval-policies/:id", {
		summary: "Delete an approval policy; approvals already asked for stay as they are",
		params: byId,
		permission: "approvals:write",
		errors: ["approval_policies.not_found", "approval_policies.built_in"],
	}),

	/** Idempotent by key and plan: asked again it answers the same approval as it stands now. */
	requestApproval: internal("/internal/alerts/approvals", {
		summary: "Ask for an approval where the policies want one",
		body: ApprovalRequest,
		returns: RequestedApproval,
		max_body_bytes: 48 * 1024 * 1024,
		timeout_ms: 60_000,
		errors: ["approval_policies.unknown_approver"],
	}),
	/** Looks whether those who approved still may: an approval that no longer counts is answered as `lapsed`, for good. */
	getApprovalState: internal("/internal/alerts/approvals/state", {
		summary: "Where an approval stands",
		body: z.object({ approval_id: Id }),
		returns: ApprovalState,
		errors: ["approvals.not_found"],
	}),
	/**
	 * The engine's last question before the first operation: may a run with this plan begin now? A yes is remembered, so that it stays one after
	 * a crash; nothing makes the approval lapse from then on.
	 */
	startApproved: internal("/internal/alerts/approvals/start", {
		summary: "Begin a run under its approval",
		body: z.object({ approval_id: Id, plan_sha256: PlanHash }),
		returns: z.object({
			may_start: z.boolean(),
			/** Why not, for people. */
			why_not: z.string().nullable(),
			/** When to ask again, where its time has not come yet. */
			ask_again_at: Timestamp.nullable(),
			state: ApprovalState,
		}),
		errors: ["approvals.not_found"],
	}),
	/** One that is decided otherwise, or under which a run has begun, stays as it is. */
	lapseApproval: internal("/internal/alerts/approvals/lapse", {
		summary: "What the approval was for is no more",
		body: z.object({ approval_id: Id, why: z.string().max(1_000) }),
		returns: ApprovalState,
		errors: ["approvals.not_found"],
	}),
});
