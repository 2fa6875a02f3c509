import { z } from "zod";
import type { Permission } from "../auth/permissions.ts";
import { OutputChunk, Run, RunOperation } from "../tasks/model.ts";

/** What `/ws/tasks/{id}` sends. Output resumes with `?after=<seq>`; states are sent whole, so a missed one does no harm. */
export const TaskMessage = z.discriminatedUnion("type", [
	z.object({ type: z.literal("run"), run: Run }),
	z.object({ type: z.literal("operation"), operation: RunOperation }),
	z.object({ type: z.literal("output"), chunk: OutputChunk }),
	/** Steps of the procedure that the run carries out may have changed: read them again. */
	z.object({ type: z.literal("steps") }),
	/** Everything was sent and the run has ended; the server closes next. */
	z.object({ type: z.literal("end"), run: Run, last_seq: z.int() }),
]);
export type TaskMessage = z.infer<typeof TaskMessage>;

/**
 * Kinds of things that a page may show, and the permission that it takes to hear of a change of one; null: being signed in. The web app's
 * query keys begin with the kind. Runs are not among them: they are sent themselves, to those who hold runs:read.
 */
export const changeKinds = {
	devices: "devices:read",
	device_types: "devices:read",
	device_groups: "devices:read",
	overrides: "devices:read",
	host_keys: "devices:read",
	credentials: "credentials:read",
	backups: "backups:read",
	snapshots: "backups:read",
	backup_schedule: "backups:read",
	templates: "templates:read",
	stacks: "stacks:read",
	mops: "mops:read",
	step_types: "mops:read",
	approvals: "approvals:read",
	approval_policies: "approvals:read",
	schedules: "schedules:read",
	workers: "workers:read",
	users: "users:read",
	service_accounts: "service_accounts:read",
	roles: "roles:read",
	login_methods: "login_methods:read",
	/** One's own are everybody's business. */
	tokens: null,
	sessions: null,
	settings: "settings:read",
	keys: "settings:read",
	views: null,
	/** Who one is and what one may do. */
	me: null,
	system: "system:read",
	audit: "audit:read",
} as const satisfies Record<string, Permission | null>;
export type ChangeKind = keyof typeof changeKinds;
export const ChangeKind = z.enum(Object.keys(changeKinds) as [ChangeKind, ...ChangeKind[]]);

/**
 * What every operation that changes something makes different, by service and operation: the kind of the resource itself first, then those
 * whose answers tell of it. Empty: what it changes is told otherwise (a run), or is nobody's to see. A test holds it against the contracts.
 */
export const changesOf: Readonly<Record<string, Readonly<Record<string, readonly ChangeKind[]>>>> = {
	auth: {
		login: ["users", "sessions"],
		signInWithCode: ["users", "sessions"],
		signInWithPasskey: ["users", "sessions"],
		signInWithPasskeyAsWell: ["users", "sessions"],
		finishOidc: ["users", "sessions"],
		endOidcSession: ["sessions"],
		logout: ["sessions"],
		revokeMySession: ["sessions"],
		revokeOtherSessions: ["sessions"],
		revokeUserSession: ["sessions"],
		changePassword: ["users", "me"],
		beginSecondFactor: [],
		confirmSecondFactor: ["users", "me"],
		removeSecondFactor: ["users", "me"],
		beginPasskey: [],
		addPasskey: ["users", "me"],
		renamePasskey: ["users", "me"],
		removePasskey: ["users", "me"],
		createRecoveryCodes: ["users", "me"],
		removeUserSecondFactors: ["users", "me", "sessions"],
		createToken: ["tokens"],
		revokeMyToken: ["tokens"],
		revokeUserToken: ["tokens"],
		createUser: ["users", "roles"],
		updateUser: ["users", "roles", "me", "service_accounts"],
		setUserPassword: ["users"],
		deleteUser: ["users", "roles", "tokens", "views", "service_accounts"],
		createServiceAccount: ["service_accounts"],
		updateServiceAccount: ["service_accounts"],
		deleteServiceAccount: ["service_accounts"],
		createServiceAccountToken: ["service_accounts"],
		rotateServiceAccountToken: ["service_accounts"],
		revokeServiceAccountToken: ["service_accounts"],
		createRole: ["roles"],
		updateRole: ["roles", "me"],
		deleteRole: ["roles"],
		createLoginMethod: ["login_methods"],
		orderLoginMethods: ["login_methods"],
		updateLoginMethod: ["login_methods", "users"],
		deleteLoginMethod: ["login_methods"],
		testLoginMethod: [],
		createView: ["views"],
		updateView: ["views"],
		deleteView: ["views"],
		updateSettings: ["settings"],
		rotateKeys: ["keys"],
	},
	devices: {
		createDevice: ["devices", "device_groups", "device_types", "credentials"],
		updateDevice: ["devices", "device_groups", "device_types", "credentials", "overrides", "host_keys"],
		deleteDevice: ["devices", "device_groups", "device_types", "credentials", "overrides", "host_keys"],
		updateDevices: ["devices", "device_groups", "device_types", "credentials", "overrides", "host_keys"],
		importDevices: ["devices", "device_groups", "device_types", "credentials"],
		testDevice: [],
		testDevices: [],
		putOverride: ["overrides", "credentials"],
		deleteOverride: ["overrides", "credentials"],
		createGroup: ["device_groups", "credentials"],
		updateGroup: ["device_groups", "devices", "credentials"],
		deleteGroup: ["device_groups", "devices", "credentials"],
		setGroupMembers: ["device_groups", "devices"],
		createCredential: ["credentials"],
		updateCredential: ["credentials"],
		deleteCredential: ["credentials"],
		createDeviceType: ["device_types"],
		updateDeviceType: ["device_types"],
		deleteDeviceType: ["device_types"],
		acceptHostKey: ["host_keys", "devices"],
		rejectHostKey: ["host_keys", "devices"],
		forgetHostKey: ["host_keys", "devices"],
	},
	tasks: {
		cancelRun: [],
		pauseRun: [],
		resumeRun: [],
		breakGlass: [],
		overrideStep: [],
		retryRun: [],
		decideOperation: [],
		decideRun: [],
		cancelTask: [],
		drainWorker: ["workers"],
	},
	backup: {
		runSingle: [],
		runSelected: ["snapshots"],
		runAll: ["snapshots"],
		cleanupBackups: ["backups", "snapshots"],
		deleteBackup: ["backups", "snapshots"],
		updateSnapshot: ["snapshots"],
		deleteSnapshot: ["snapshots", "backups"],
		recalculateSnapshot: ["snapshots"],
		putBackupSchedule: ["backup_schedule"],
	},
	config: {
		createTemplate: ["templates"],
		updateTemplate: ["templates"],
		deleteTemplate: ["templates"],
		deleteTemplates: ["templates"],
		restoreTemplateVersion: ["templates"],
		createStack: ["stacks"],
		updateStack: ["stacks"],
		deleteStack: ["stacks"],
		planStack: ["stacks"],
		startValidation: ["stacks"],
		deployStack: ["stacks"],
		removeStack: ["stacks"],
		createStackTemplate: ["stacks"],
		updateStackTemplate: ["stacks"],
		deleteStackTemplate: ["stacks"],
		instantiateStackTemplate: ["stacks"],
		upgradeStack: ["stacks"],
		redeployInstances: ["stacks"],
		checkInstances: ["stacks"],
		validateInstances: ["stacks"],
		deleteInstances: ["stacks"],
		forgetInstances: ["stacks"],
		createMop: ["mops"],
		updateMop: ["mops"],
		deleteMop: ["mops"],
		toggleMop: ["mops"],
		restoreMopVersion: ["mops"],
		executeMop: ["mops"],
		cancelExecution: ["mops"],
		restartExecution: ["mops"],
		createStepType: ["step_types"],
		updateStepType: ["step_types", "mops"],
		deleteStepType: ["step_types"],
	},
	alerts: {
		approve: ["approvals"],
		reject: ["approvals"],
		delegate: ["approvals"],
		bypass: ["approvals"],
		createApprovalPolicy: ["approval_policies"],
		orderApprovalPolicies: ["approval_policies"],
		updateApprovalPolicy: ["approval_policies"],
		deleteApprovalPolicy: ["approval_policies"],
	},
	scheduling: {
		createSchedule: ["schedules"],
		updateSchedule: ["schedules"],
		deleteSchedule: ["schedules"],
		pauseSchedule: ["schedules"],
		resumeSchedule: ["schedules"],
		runScheduleNow: ["schedules"],
		createScheduledOperation: ["schedules"],
		updateScheduledOperation: ["schedules"],
		deleteScheduledOperation: ["schedules"],
		pauseScheduledOperation: ["schedules"],
		resumeScheduledOperation: ["schedules"],
		runScheduledOperationNow: ["schedules"],
		createCalendar: ["schedules"],
		updateCalendar: ["schedules"],
		deleteCalendar: ["schedules"],
	},
	system: {
		replayDeadLetters: ["system"],
		discardDeadLetters: ["system"],
		startSimulatedNetwork: ["system"],
		changeSimulatedNetwork: ["system"],
		removeSimulatedNetwork: ["system"],
	},
};

/**
 * What `/ws/dashboard` sends: that something changed, so that the page reads it again. With `?past_ms=` it tells first what changed in that
 * time, at most `longestPast_ms`: what somebody did after a page was read and before its view was open is not missed.
 */
export const DashboardMessage = z.discriminatedUnion("type", [
	/** Sent first: every change is told from now on. */
	z.object({ type: z.literal("ready") }),
	z.object({ type: z.literal("run"), run: Run }),
	z.object({
		type: z.literal("changed"),
		what: ChangeKind,
		/** Of the one that changed last; empty where there were many, or it is not known. */
		id: z.string(),
	}),
]);
export type DashboardMessage = z.infer<typeof DashboardMessage>;

export const longestPast_ms = 60_000;

/** Ephemeral topic with which any service says what became different, after the commit. Its payload is `DashboardNews`. */
export const dashboardTopic = "dashboard.changed";
export const DashboardNews = z.object({
	changed: z.array(z.object({ what: ChangeKind, id: z.string().max(200) })).max(40),
});
export type DashboardNews = z.infer<typeof DashboardNews>;

/** Ephemeral topic that says: run `run_id` has news (rows up to date in the database). Payload of the topic `run.progress`. */
export const RunProgress = z.object({
	run_id: z.string(),
	/** Latest stored output. */
	seq: z.int().optional(),
	/** Operations that changed. */
	operation_ids: z.array(z.string()).max(100).optional(),
	/** The run itself changed. */
	run: z.boolean().optional(),
	/** Steps of its procedure changed. */
	steps: z.boolean().optional(),
});
export type RunProgress = z.infer<typeof RunProgress>;

/** Close codes of our WebSockets, besides RFC 6455's. */
export const closeCodes = {
	ticket_invalid: 4401,
	forbidden: 4403,
	not_found: 4404,
	too_slow: 4408,
	too_many: 4429,
} as const;
