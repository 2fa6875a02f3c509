const hints: Record<string, (device: string) => string> = {
	"auth.unauthenticated": () => "Sign in with `netconductor login`.",
	"auth.bad_credentials": () =>
		"On a new server `admin` has the one-time password that its start prints; until it is changed it is also in `initial-admin-password` in the data folder.",
	"auth.session_ended": () => "Sign in again with `netconductor login`.",
	"auth.refresh_reused": () => "Sign in again with `netconductor login`.",
	"auth.forbidden": () => "`netconductor whoami` shows what you may do; an administrator can change your role.",
	"auth.password_change_required": () => "Choose a password of your own: `netconductor login`.",
	"auth.second_factor_required": () => "Add one: `netconductor account second-factor enable`.",
	"auth.throttled": () => "Wait a little before the next attempt.",
	"devices.disabled": (device) => `Enable it with \`netconductor devices enable ${device}\`.`,
	"devices.no_credential": (device) =>
		`Give it one: \`netconductor devices edit ${device} --credential NAME\`, or make a default: \`netconductor credentials add NAME --default\`.`,
	"devices.nothing_selected": () => "`netconductor devices list` shows the devices there are.",
	"devices.unknown_type": () => "`netconductor device-types list` shows the types there are.",
	"mops.disabled": () => "Let it be started: `netconductor mops enable NAME`.",
	"mops.bad_variables": () =>
		"`netconductor mops show NAME` shows its variables; give them with --var, --vars or --var-file.",
	"mops.no_devices": () => "Name devices with --device, --group or --tag, or give the procedure `targets`.",
	"stacks.deployed": (stack) =>
		`Take it off its devices first: \`netconductor stacks remove ${stack}\`. Or leave its lines there: \`netconductor stacks delete ${stack} --keep-configuration\`.`,
	"step_types.not_found": () => "`netconductor step-types list` shows those there are.",
	"runs.is_a_procedure": () => "`netconductor mops restart RUN --from STEP` begins it anew from one of its steps.",
	"device.unreachable": (device) =>
		`Check address, route and firewall: \`netconductor devices show ${device}\`; then \`netconductor devices test ${device}\`.`,
	"device.refused": (device) =>
		`Check that SSH runs on the device and on which port: \`netconductor devices edit ${device} --port PORT\`.`,
	"device.host_key_changed": (device) =>
		`If the device was replaced, accept its new key: \`netconductor devices trust ${device}\`.`,
	"device.no_common_algorithm": (device) =>
		`For an old device, allow old algorithms: \`netconductor devices edit ${device} --legacy-algorithms true\`.`,
	"device.auth_failed": (device) =>
		`Check the login: \`netconductor credentials edit NAME\`, or \`netconductor devices edit ${device} --credential NAME\`.`,
	"device.enable_failed": () => "Check the enable password of the credential: `netconductor credentials edit NAME`.",
	"device.no_prompt": (device) => `Check the device type: \`netconductor devices show ${device}\`.`,
	"device.truncated_config": (device) => `Try again: \`netconductor backup run ${device}\`.`,
	"device.connection_lost": (device) => `Try again: \`netconductor devices test ${device}\`.`,
	"device.timeout": (device) => `Try again: \`netconductor devices test ${device}\`.`,
	"operations.worker_lost": () => "Try again: `netconductor runs retry RUN`.",
	"backups.no_backup_at": () => "`netconductor backup history DEVICE` shows the versions there are.",
	"approvals.own_request": () => "`netconductor approvals show APPROVAL` says who may decide.",
	"approvals.plan_changed": () => "`netconductor approvals show APPROVAL` shows the plan that waits now.",
	"approvals.expired": () => "Start the change again.",
	"request.rate_limited": () => "Wait a little and try again.",
};

/** What to do about an error, where this command line has a command for it. `name`: of the device, or of the stack, that it is about. */
export function hintFor(code: string, name?: string): string | undefined {
	return hints[code]?.(name ?? (code.startsWith("stacks.") ? "STACK" : "DEVICE"));
}
