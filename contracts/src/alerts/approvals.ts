import { z } from "zod";
import { RoleName } from "../auth/model.ts";
import { Actor } from "../kernel/actor.ts";
import { Id, Timestamp } from "../kernel/ids.ts";
import { PageQuery, QueryBoolean, QueryList, sortBy } from "../kernel/page.ts";

/** Text for people of one line or several: no control characters besides tab and line end. */
const Words = z
	.string()
	.trim()
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
	.regex(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$/, "Control characters are not allowed");
const Line = z
	.string()
	.trim()
	.regex(/^[^\p{Cc}]*$/u, "Control characters are not allowed");

/** SHA-256 of what would be done: rendered commands and resolved targets. Hex, lower case. */
export const PlanHash = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

/** What a change is: the kind of its run, `deploy`, `delete`, `mop`, `backup`. */
export const ChangeWord = z
	.string()
	.max(63)
	.regex(/^[a-z][a-z0-9_]*$/, "A lower-case word such as deploy");

export const RiskLevel = z.enum(["low", "medium", "high", "critical"]);
export type RiskLevel = z.infer<typeof RiskLevel>;

/** How dangerous a change is, and why, point by point. */
export const Risk = z
	.object({
		level: RiskLevel,
		points: z.int(),
		reasons: z.array(
			z.object({
				/** Stable word for the rule: `writes`, `devices`, `no_rollback`, `emulated_rollback`, `dangerous_command`. */
				code: z.string(),
				points: z.int(),
				text: z.string(),
				/** Some of the devices that it is about, at most 20, by name. */
				devices: z.array(z.string()).default([]),
			}),
		),
	})
	.meta({ id: "Risk" });
export type Risk = z.output<typeof Risk>;

export const DangerousCommand = z.object({
	device: z.string(),
	command: z.string(),
	why: z.string(),
	/** `critical`: the device may not come back by itself. */
	level: z.enum(["high", "critical"]).default("high"),
});

/** What the risk of a plan is computed from. */
export const RiskFacts = z.object({
	writes: z.boolean(),
	/** Names of devices whose platform cannot take a change back. */
	without_rollback: z.array(z.string()).max(50_000).default([]),
	/** Names of devices that have no timer of their own: our worker would take the change back, and must reach them again for that. */
	emulated_rollback: z.array(z.string()).max(50_000).default([]),
	dangerous_commands: z.array(DangerousCommand).max(100).default([]),
	/** Steps that send what is known only when they are carried out. */
	unknown_commands: z.array(z.string().max(250)).max(5_000).default([]),
});
export type RiskFacts = z.output<typeof RiskFacts>;

/**
 * `waiting` for votes. `approved`, `rejected`, `expired` without enough votes in time, `bypassed` by break-glass. `lapsed`: what it was for is no
 * more (plan changed, run cancelled, window over), or, after `approved`, those who approved may no longer.
 */
export const ApprovalStatus = z.enum(["waiting", "approved", "rejected", "expired", "lapsed", "bypassed"]);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;
export const DecidedStatus = ApprovalStatus.exclude(["waiting"]);
export type DecidedStatus = z.infer<typeof DecidedStatus>;

export const Person = z.object({ id: z.string(), name: z.string() });
export type Person = z.infer<typeof Person>;

/** Who must agree, and how many of them. Where neither users nor roles are named, everybody who holds `approvals:decide`. */
export const Stage = z.object({
	name: Line.pipe(z.string().min(1).max(100)).default("Approval"),
	needed: z.int().min(1).max(10).default(1),
	users: z
		.array(Person.extend({ id: Id, name: z.string().max(64) }))
		.max(50)
		.default([]),
	roles: z.array(RoleName).max(20).default([]),
});
export type Stage = z.output<typeof Stage>;
/** A stage as it is given: users by name or id. */
export const StageInput = Stage.extend({
	users: z.array(z.string().min(1).max(64)).max(50).default([]),
});

const policyFields = {
	name: Line.pipe(z.string().min(1).max(100)),
	description: Words.pipe(z.string().max(1_000)),
	enabled: z.boolean(),
	/** Kinds of change that it is for; none named: all. */
	kinds: z.array(ChangeWord).max(20),
	/** Device groups by name; none named: all devices. */
	groups: z.array(Line.pipe(z.string().min(1).max(100))).max(50),
	/** For plans of this risk or a higher one. */
	risk_at_least: RiskLevel,
	/** Only for plans that write. */
	writes_only: z.boolean(),
	/** How long there is time to decide; null: as configured for all. */
	expires_in_minutes: z.int().min(1).max(43_200).nullable(),
};

/**
 * For each device of a plan the first policy that matches decides; the plan needs what all of these policies together want. So a device of another
 * group never makes a plan easier. Last of all is a built-in one: writes need one approval by somebody else, reads need none.
 */
export const ApprovalPolicy = z
	.object({
		id: Id,
		...policyFields,
		/** One after another. None: what the policy is for needs no approval. */
		stages: z.array(Stage),
		/** Stands last; can be neither changed nor deleted. */
		built_in: z.boolean(),
		/** Counts from 1. */
		position: z.int(),
		created_at: Timestamp,
		updated_at: Timestamp,
	})
	.meta({ id: "ApprovalPolicy" });
export type ApprovalPolicy = z.output<typeof ApprovalPolicy>;

export const NewApprovalPolicy = z.object({
	...policyFields,
	description: policyFields.description.default(""),
	enabled: policyFields.enabled.default(true),
	kinds: policyFields.kinds.default([]),
	groups: policyFields.groups.default([]),
	risk_at_least: policyFields.risk_at_least.default("low"),
	writes_only: policyFields.writes_only.default(true),
	stages: z
		.array(StageInput)
		.max(5)
		.default([{ name: "Approval", needed: 1, users: [], roles: [] }]),
	expires_in_minutes: policyFields.expires_in_minutes.default(null),
});
/** Fields that are left out stay as they are. */
export const ApprovalPolicyChange = z.object({ ...policyFields, stages: z.array(StageInput).max(5) }).partial();
export const ListPolicies = PageQuery.extend({ sort: sortBy(["position", "name", "updated_at"], "position") });

/** What a plan would be, for trying policies out. */
export const Evaluation = z.object({
	kind: ChangeWord,
	writes: z.boolean().default(true),
	/** Devices that are in the same groups, by their number. */
	devices: z
		.array(
			z.object({
				count: z.int().min(0).max(50_000),
				groups: z
					.array(Line.pipe(z.string().max(100)))
					.max(50)
					.default([]),
			}),
		)
		.min(1)
		.max(20),
	/** How many of the devices cannot take a change back, or only our worker can. */
	without_rollback: z.int().min(0).max(50_000).default(0),
	emulated_rollback: z.int().min(0).max(50_000).default(0),
	/** Looked through for dangerous ones by the rules of this device type. */
	device_type: z.string().max(63).optional(),
	commands: z.array(z.string().max(1_000)).max(1_000).default([]),
});
/** Why a policy counts for a plan, or does not. */
export const PolicyVerdict = z.object({
	policy_id: Id,
	name: z.string(),
	matches: z.boolean(),
	/** Devices for which it is the first that matches. */
	devices: z.int(),
	why: z.string(),
});
export const EvaluationResult = z
	.object({
		needed: z.boolean(),
		risk: Risk,
		stages: z.array(Stage),
		expires_in_minutes: z.int(),
		policies: z.array(PolicyVerdict),
	})
	.meta({ id: "EvaluationResult" });
export type EvaluationResult = z.output<typeof EvaluationResult>;

export const Vote = z
	.object({
		id: Id,
		/** Index of the stage it was given in; null for a bypass. */
		stage: z.int().nullable(),
		decision: z.enum(["approve", "reject", "bypass"]),
		by: Person,
		/** In whose place, when it was delegated. */
		for: Person.nullable(),
		/** Signed in, or with an API token. */
		via: z.enum(["user", "token"]),
		reason: z.string(),
		at: Timestamp,
		/** False once who gave it is gone, disabled or no longer permitted, or their role does not cover its devices any more. */
		counts: z.boolean(),
		/** Why it does not count. */
		why_not: z.string().nullable(),
	})
	.meta({ id: "Vote" });
export type Vote = z.output<typeof Vote>;

export const Delegation = z.object({
	id: Id,
	from: Person,
	to: Person,
	until: Timestamp,
	reason: z.string(),
	at: Timestamp,
});
export type Delegation = z.output<typeof Delegation>;

/** What the one who asks may do with an approval now, and why not more. */
export const MyPart = z.object({
	is_requester: z.boolean(),
	can_decide: z.boolean(),
	can_delegate: z.boolean(),
	can_bypass: z.boolean(),
	/** Why they cannot decide. */
	why_not: z.string().nullable(),
});

export const ApprovalSummary = z
	.object({
		id: Id,
		run_id: Id,
		kind: z.string(),
		title: z.string(),
		status: ApprovalStatus,
		requested_by: Person.extend({ kind: z.string() }),
		reason: z.string().nullable(),
		plan_sha256: PlanHash,
		device_count: z.int(),
		risk_level: RiskLevel,
		risk_points: z.int(),
		/** Approvals that count, and those needed in all. */
		approved: z.int(),
		needed: z.int(),
		not_before: Timestamp.nullable(),
		not_after: Timestamp.nullable(),
		expires_at: Timestamp,
		created_at: Timestamp,
		decided_at: Timestamp.nullable(),
		/** User names. */
		decided_by: z.array(z.string()),
		decision_reason: z.string().nullable(),
		/** Whether it waits for the one who asks. */
		mine_to_decide: z.boolean(),
	})
	.meta({ id: "ApprovalSummary" });
export type ApprovalSummary = z.output<typeof ApprovalSummary>;

export const Approval = ApprovalSummary.extend({
	risk: Risk,
	/** Policies that want it. */
	policies: z.array(Person),
	stages: z.array(Stage.extend({ approved: z.int(), complete: z.boolean() })),
	/** Index of the stage that is open; null when none is. */
	stage: z.int().nullable(),
	votes: z.array(Vote),
	delegations: z.array(Delegation),
	mine: MyPart,
	/** When the run began under it. */
	used_at: Timestamp.nullable(),
}).meta({ id: "Approval" });
export type Approval = z.output<typeof Approval>;

export const ListApprovals = PageQuery.extend({
	status: QueryList(ApprovalStatus).optional(),
	/** `to_decide`: those that wait for the one who asks; `requested`: those they asked for; `decided`: those they voted in. */
	mine: z.enum(["to_decide", "requested", "decided"]).optional(),
	kind: QueryList(ChangeWord).optional(),
	risk: QueryList(RiskLevel).optional(),
	run_id: Id.optional(),
	bypassed: QueryBoolean.optional(),
	sort: sortBy(["created_at", "expires_at", "decided_at", "title", "risk"], "-created_at"),
});

export const ApprovalDevice = z
	.object({
		device_id: Id,
		name: z.string(),
		groups: z.array(z.string()),
		/** How a change would be taken back there; null for a plan that changes nothing. */
		rollback: z.enum(["native", "emulated", "none"]).nullable(),
	})
	.meta({ id: "ApprovalDevice" });
export const ListApprovalDevices = PageQuery.extend({
	rollback: QueryList(z.enum(["native", "emulated", "none"])).optional(),
});

const Window = {
	not_before: Timestamp.nullable().optional(),
	not_after: Timestamp.nullable().optional(),
};
/** `plan_sha256` is that of the plan that the person saw: for another one the vote is refused. */
export const Approve = z.object({
	plan_sha256: PlanHash,
	reason: Words.pipe(z.string().max(1_000)).default(""),
	/** When the run may begin. It can only be narrowed: never earlier or later than was asked for or approved before. */
	...Window,
});
export const Reject = z.object({ plan_sha256: PlanHash, reason: Words.pipe(z.string().min(1).max(1_000)) });
export const Delegate = z.object({
	plan_sha256: PlanHash,
	/** User name or id of who decides in one's place. */
	to: Line.pipe(z.string().min(1).max(64)),
	until: Timestamp,
	reason: Words.pipe(z.string().min(1).max(1_000)),
});
export const Bypass = z.object({ plan_sha256: PlanHash, reason: Words.pipe(z.string().min(10).max(1_000)) });

export const ApprovalStats = z
	.object({
		waiting: z.int(),
		/** Of those, the ones that wait for who asks. */
		waiting_for_me: z.int(),
		requested_by_me: z.int(),
		/** When the first of those that wait expires. */
		next_expiry_at: Timestamp.nullable(),
		/** Of the last 30 days. */
		approved: z.int(),
		rejected: z.int(),
		expired: z.int(),
		lapsed: z.int(),
		bypassed: z.int(),
		/** Between the request and the decision of those approved or rejected, in seconds. */
		median_decision_s: z.number().nullable(),
	})
	.meta({ id: "ApprovalStats" });

/** What a role that is limited to device groups has to cover for a run, and so for its approvals, to exist for it. */
export const RunCover = z.object({
	/** All of its devices, also those that it has done with, leaves out or has not come to yet. */
	device_ids: z.array(Id).max(50_000),
	/** Ids of the groups that whoever started a procedure was limited to. */
	device_groups: z.array(z.string()).optional(),
});
export type RunCover = z.output<typeof RunCover>;

/** What a run's engine asks for. `key` makes it idempotent: the same key with another plan makes the earlier approval lapse. */
export const ApprovalRequest = z.object({
	key: z.string().min(1).max(300),
	run_id: Id,
	kind: ChangeWord,
	title: z.string().max(500),
	/** The person, also when a schedule or a service asks in their place: they can never approve. */
	requested_by: Actor,
	plan_sha256: PlanHash,
	/** A device whose groups are left out counts as one that may be in any group. */
	devices: z
		.array(z.object({ device_id: Id, name: z.string(), groups: z.array(z.string()).max(1_000).optional() }))
		.max(50_000),
	/** Left out: it exists for no limited role. */
	cover: RunCover.optional(),
	risk_facts: RiskFacts,
	reason: z.string().max(2_000).optional(),
	not_before: Timestamp.nullable().optional(),
	not_after: Timestamp.nullable().optional(),
	/** Wanted in any case, whatever the policies say; what they want comes after it. */
	demand: z
		.object({
			stages: z.array(StageInput).min(1).max(5),
			/** Null: as configured for all. */
			expires_in_minutes: z.int().min(1).max(43_200).nullable().default(null),
		})
		.optional(),
});
export const RequestedApproval = z.discriminatedUnion("needed", [
	z.object({ needed: z.literal(false), risk: Risk }),
	z.object({
		needed: z.literal(true),
		approval_id: Id,
		status: ApprovalStatus,
		expires_at: Timestamp,
		risk: Risk,
	}),
]);

/** Where an approval stands, for the engine. */
export const ApprovalState = z.object({
	approval_id: Id,
	run_id: Id,
	status: ApprovalStatus,
	plan_sha256: PlanHash,
	/** User names. */
	decided_by: z.array(z.string()),
	reason: z.string().nullable(),
	not_before: Timestamp.nullable(),
	not_after: Timestamp.nullable(),
	expires_at: Timestamp,
	decided_at: Timestamp.nullable(),
});
export type ApprovalState = z.infer<typeof ApprovalState>;
