/** Every permission of the product, with what it allows. Operations name one; roles and API tokens hold some. */
export const permissions = {
	"devices:read": "See devices, device types, groups and their health",
	"devices:write": "Add, change, import and delete devices, device types, groups and overrides",
	"devices:test": "Start connectivity tests",
	"devices:trust": "Accept or forget host keys",
	"credentials:read": "See credentials, never their secrets",
	"credentials:write": "Add, change and delete credentials",
	"backups:read": "See backups, snapshots, diffs and search them, secrets masked",
	"backups:reveal": "See the secrets inside backed-up configurations",
	"backups:run": "Start backups",
	"backups:write": "Delete backups and snapshots, change the schedule and retention",
	"runs:read": "See runs, their output and task history",
	"runs:start": "Start again what failed in a run",
	"runs:cancel": "Cancel runs",
	"workers:read": "See workers and queues",
	"users:read": "See users",
	"users:write": "Add, change and delete users and set their passwords",
	"roles:read": "See roles",
	"roles:write": "Add, change and delete roles",
	"tokens:read": "See API tokens of others",
	"tokens:write": "Revoke API tokens of others",
	"settings:read": "See settings",
	"settings:write": "Change settings",
	"metrics:read": "Read the metrics of this installation",
	"keys:rotate": "Rotate the keys that encrypt stored secrets",
	"audit:read": "See and verify the audit trail",
} as const satisfies Record<`${string}:${string}`, string>;

export type Permission = keyof typeof permissions;

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
			"runs:*",
			"workers:read",
			"users:read",
			"roles:read",
			"settings:read",
			"audit:read",
		],
	},
	operator: {
		label: "Operator",
		description: "Works with the network: tests devices, runs backups, cancels runs",
		permissions: [
			"devices:read",
			"devices:test",
			"credentials:read",
			"backups:read",
			"backups:run",
			"runs:read",
			"runs:start",
			"runs:cancel",
			"workers:read",
		],
	},
	viewer: {
		label: "Viewer",
		description: "Looks, changes nothing",
		permissions: ["devices:read", "backups:read", "runs:read", "workers:read"],
	},
	auditor: {
		label: "Auditor",
		description: "Reads everything, the audit trail included, changes nothing",
		permissions: ["*:read"],
	},
} as const;
