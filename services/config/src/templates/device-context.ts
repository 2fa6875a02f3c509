import type { deviceVariables, factVariables } from "@netconductor/contracts/config/device-variables";
import type { Device, DeviceType } from "@netconductor/contracts/devices/model";

/**
 * What a template is told of a device, as the variable `device`. Never a login: neither credential nor key nor the name of one is among it.
 * Every key is always there, so that templates need not ask whether a device has a site.
 */
export function deviceContext(
	device: Device,
	type: Pick<DeviceType, "label" | "vendor">,
): { device: Record<string, unknown> } {
	const { facts } = device;
	return {
		device: {
			id: device.id,
			name: device.name,
			host: device.host,
			port: device.port,
			device_type: device.device_type,
			platform: type.label,
			vendor: type.vendor,
			site: device.site ?? "",
			description: device.description,
			tags: [...device.tags],
			groups: [...device.groups],
			enabled: device.enabled,
			facts: {
				hostname: facts.hostname ?? "",
				model: facts.model ?? "",
				serial: facts.serial ?? "",
				os_version: facts.os_version ?? "",
			} satisfies Record<(typeof factVariables)[number], string>,
		} satisfies Record<(typeof deviceVariables)[number], unknown>,
	};
}
