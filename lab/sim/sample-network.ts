import type { SimPlatformId } from "./platforms.ts";

/** Platforms of a small network to look at, in the order in which it takes them: those that a change is thought of for come first. */
export const samplePlatforms = [
	"cisco_ios",
	"arista_eos",
	"juniper_junos",
	"cisco_nxos",
	"cisco_xr",
	"mikrotik_routeros",
] as const satisfies SimPlatformId[];

/** What somebody types on one of the devices, in its own language. Each number makes another change, and none takes an earlier one back. */
const changes: Partial<Record<SimPlatformId, (number: number) => string[]>> = {
	cisco_ios: (number) => [
		`interface Loopback${99 + number}`,
		"description added by somebody",
		`ip address 192.0.2.${(number % 155) + 99} 255.255.255.255`,
	],
	arista_eos: (number) => [`ntp server 192.0.2.${(number % 130) + 123}`],
	juniper_junos: (number) => [`set system ntp server 192.0.2.${(number % 130) + 123}`],
};

/** Configuration lines for `FleetProcess.applyLines`; undefined where no change is thought of for the platform. */
export function sampleChange(platform: string, number = 0): string[] | undefined {
	return Object.hasOwn(changes, platform) ? changes[platform as SimPlatformId]?.(number) : undefined;
}
