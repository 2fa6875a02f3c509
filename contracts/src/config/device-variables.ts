/** What templates know of a device, as the variable `device`. Never a login. */
export const deviceVariables = [
	...(["name", "host", "port", "device_type", "platform", "vendor", "site", "description", "tags", "groups"] as const),
	...(["facts", "id", "enabled"] as const),
];
/** What stands in `device.facts`. */
export const factVariables = ["hostname", "model", "serial", "os_version"] as const;
