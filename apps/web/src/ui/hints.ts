const hints: Record<string, string> = {
	"device.unreachable": "Check the address, the route to it and firewalls, then test the device again.",
	"device.refused": "Check that SSH runs on the device, and on which port.",
	"device.host_key_changed": "If the device was replaced, accept its new key on the device's page.",
	"device.no_common_algorithm": "For an old device, allow outdated algorithms: set legacy_algorithms on it.",
	"device.auth_failed": "Check the login of the device or its credential.",
	"device.enable_failed": "Check the enable password of the device or its credential.",
	"device.no_prompt": "Check the device type.",
	"device.command_failed": "Check the device type and what the login may do on the device.",
	"device.truncated_config": "Try again; the backup before stays untouched.",
	"device.empty_config": "Try again; the backup before stays untouched.",
	"device.connection_lost": "Try again.",
	"device.timeout": "Try again.",
	"devices.no_credential": "Give the device a login, or make a credential the default.",
	"operations.worker_lost": "Retry what failed.",
};

/** What to do about an operation's error. */
export function hintFor(code: string): string | undefined {
	return hints[code];
}
