import { type Actor, isPermitted } from "../kernel/actor.ts";

/** Every permission of the product, with what it allows. Operations name one; roles and API tokens hold some. */
export const permissions = {
	"devices:read": "See devices, device types, groups and their health",
	"devices:write": "Add, change, import and delete devices, device types, groups and overrides",
	"devices:test": "Test connections to devices",
	"devices:trust": "Accept or forget host keys",
	"credentials:read": "See credentials, never their secrets",
	"credentials:write": "Add, change and delete credentials",
	"backups:read": "See backups, snapshots, diffs and search them, secrets masked",
	"backups:reveal": "See the secrets inside backed-up configurations",
	"backups:run": "Start backups",
	"backups:write": "Delete backups and snapshots, change the schedule and retention",
	"templates:read": "See templates, their versions and variables, and render them",
	"templates:write": "Add, change and delete templates",
	"runs:read": "See runs, their output and task history",
	"runs:start": "Start again what failed in a run",
	"runs:cancel": "Cancel, pause and resume runs",
	"runs:decide": "Decide on operations of which nobody knows whether they changed the device",
	"stacks:read": "See service stacks, what they come to, and what differs on devices",
	"stacks:write": "Add, change and delete service stacks",
	"stacks:deploy": "Plan, deploy and remove service stacks, as approvals allow",
	"mops:read": "See procedures, their versions, step types and what they would do",
	"mops:write": "Add, change and delete procedures and step types",
	"mops:execute": "Start procedures, as approvals allow",
	"mops:override": "Say in place of a step of a procedure how it ended, and take back what a procedure changed",
	"approvals:read": "See approvals, their policies and votes",
	"approvals:decide": "Approve, reject and delegate what somebody else asked for, where a policy names them or nobody",
	"approvals:bypass":
		"Break glass: let a run begin without the approval it needs, or although a calendar holds it back",
	"approvals:write": "Change which changes need whose approval",
	"schedules:read": "See schedules, their history and calendars",
	"schedules:write": "Add, change, pause and delete schedules of what one may start oneself, and calendars",
	"schedules:run": "Run a schedule now, of what one may start oneself",
	"workers:read": "See workers and queues",
	"workers:write": "Have workers finish and be replaced",
	"users:read": "See users",
	"users:write": "Add, change and delete users and set their passwords",
	"service_accounts:read": "See service accounts and their API tokens",
	"service_accounts:write": "Add, change and delete service accounts, and make, rotate and revoke their API tokens",
	"roles:read": "See roles",
	"roles:write": "Add, change and delete roles",
	"login_methods:read": "See the ways to sign in, never their secrets",
	"login_methods:write": "Add, change, test and delete ways to sign in, and say which groups have which roles",
	"tokens:read": "See API tokens of others",
	"tokens:write": "Revoke API tokens of others",
	"settings:read": "See settings",
	"settings:write": "Change settings",
	"metrics:read": "Read the metrics of this installation",
	"keys:rotate": "Rotate the keys that encrypt stored secrets",
	"audit:read": "See and verify the audit trail",
	"system:read": "See what runs here and how well",
	"system:write": "Start, change and remove the simulated network",
} as const satisfies Record<`${string}:${string}`, string>;

export type Permission = keyof typeof permissions;

/**
 * Permissions that are worth something to a role that is limited to device groups: they open operations that keep to such limits. All
 * others open nothing to it. A test holds them against the contracts.
 */
export const openToLimited: ReadonlySet<Permission> = new Set<Permission>([
	"devices:read",
	"devices:write",
	"devices:test",
	"devices:trust",
	"credentials:read",
	"runs:read",
	"runs:start",
	"runs:cancel",
	"runs:decide",
	"mops:read",
	"mops:execute",
	"mops:override",
	"templates:read",
	"backups:read",
	"backups:run",
	"backups:reveal",
	"approvals:read",
	"approvals:decide",
	"schedules:read",
	"schedules:write",
	"schedules:run",
	"users:read",
	"users:write",
	"roles:read",
	"roles:write",
	"tokens:read",
	"tokens:write",
	"settings:read",
]);

type Holder = Pick<Actor, "permissions"> & { device_groups?: readonly string[] | null | undefined };

/** Whether somebody holds a permission that opens something to them. */
export function isOpenTo(holder: Holder, permission: Permission): boolean {
	return isPermitted(holder, permission) && (holder.device_groups == null || openToLimited.has(permission));
}

/** Why a permission opens nothing to somebody, for the end of a sentence that names it. */
export function whyNotOpen(holder: Holder, permission: Permission): string {
	return isPermitted(holder, permission)
		? "which opens nothing to roles that are limited to device groups"
		: "which you do not hold";
}

/** The roles every installation has. They can be neither changed nor deleted; custom ones stand beside them. */
export const presetRoles = {
	admin: { label: "Administrator", description: "Everything", permissions: ["*"] },
	manager: {
		label: "Manager",
		description: "Runs the network: inventory, credentials, backups and their schedule; sees users and audit",
		permissions: [
			"devices:*",
			"credentials:*",
			"backups:*",
			"templates:*",
			"stacks:*",
			"mops:*",
			"runs:*",
			"approvals:read",
			"approvals:decide",
			"approvals:write",
			"schedules:*",
			"workers:*",
			"users:read",
			"service_accounts:read",
			"roles:read",
			"settings:read",
			"audit:read",
			"system:read",
		],
	},
	operator: {
		label: "Operator",
		description: "Works with the network: tests devices, runs backups, cancels runs, decides on what they left unknown",
		permissions: [
			"devices:read",
			"devices:test",
			"credentials:read",
			"backups:read",
			"backups:run",
			"templates:read",
			"stacks:read",
			"stacks:deploy",
			"mops:read",
			"mops:execute",
			"mops:override",
			"runs:read",
			"runs:start",
			"runs:cancel",
			"runs:decide",
			"approvals:read",
			"approvals:decide",
			"schedules:read",
			"schedules:run",
			"workers:read",
			"system:read",
		],
	},
	viewer: {
		label: "Viewer",
		description: "Looks, changes nothing",
		permissions: [
			"devices:read",
			"backups:read",
			"templates:read",
			"stacks:read",
			"mops:read",
			"runs:read",
			"approvals:read",
			"schedules:read",
			"workers:read",
			"system:read",
		],
	},
	auditor: {
		label: "Auditor",
		description: "Reads everything, the audit trail included, changes nothing",
		permissions: ["*:read"],
	},
} as const;
