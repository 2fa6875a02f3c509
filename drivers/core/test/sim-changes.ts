import { Connection } from "@netconductor/contracts/devices/connection";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import type { Fleet } from "@netconductor/lab/sim/fleet";

/** For each platform a change with a secret in it, and a part of its lines. */
export const changes = {
	cisco_ios: {
		lines: [
			"interface GigabitEthernet1/0/1",
			" description moved by a test",
			" shutdown",
			"router bgp {asn}",
			" neighbor 192.0.2.77 remote-as 64577",
			" neighbor 192.0.2.77 password s3cretPhrase",
			"ip route 198.51.100.0 255.255.255.0 Null0",
		],
		native: false,
	},
	cisco_nxos: {
		lines: [
			"interface Ethernet1/1",
			"  description moved by a test",
			"router bgp {asn}",
			"  neighbor 192.0.2.77",
			"    remote-as 64577",
			"    password s3cretPhrase",
			"ip route 198.51.100.0/24 Null0",
		],
		native: false,
	},
	cisco_xr: {
		lines: [
			"interface GigabitEthernet0/0/0/1",
			" description moved by a test",
			"router bgp {asn}",
			" neighbor 192.0.2.77",
			"  remote-as 64577",
			"  password clear s3cretPhrase",
		],
		native: true,
	},
	arista_eos: {
		lines: [
			"interface Ethernet1",
			"   description moved by a test",
			"router bgp {asn}",
			"   neighbor 192.0.2.77 remote-as 64577",
			"   neighbor 192.0.2.77 password s3cretPhrase",
			"ip route 198.51.100.0/24 Null0",
		],
		native: true,
	},
	juniper_junos: {
		lines: [
			'set interfaces xe-0/1/0 description "moved by a test"',
			"set protocols bgp group upstream neighbor 192.0.2.77 peer-as 64577",
			'set protocols bgp group upstream neighbor 192.0.2.77 authentication-key "s3cretPhrase"',
		],
		native: true,
	},
	vyos: {
		lines: [
			"set interfaces ethernet eth0 description 'moved by a test'",
			"set protocols bgp neighbor 192.0.2.77 remote-as 64577",
			"set protocols bgp neighbor 192.0.2.77 password 's3cretPhrase'",
		],
		native: true,
	},
} as const;
export type Name = keyof typeof changes;
export const names = Object.keys(changes) as Name[];

/** Where only the device's timer takes a change back, a test cannot wait for the shortest that real ones have. */
function withShortTimer(platform: PlatformDefinition | undefined): PlatformDefinition | undefined {
	if (platform?.change.method !== "candidate" || !["cisco_xr", "arista_eos"].includes(platform.id)) return platform;
	return { ...platform, change: { ...platform.change, shortest_s: 1, longest_s: 2 } };
}

/** How a simulated device is reached, with short waits. */
export function connectionTo(fleet: Fleet, name: string): Connection {
	const device = fleet.devices.find((entry) => entry.name === name);
	return Connection.parse({
		device_id: name,
		...device,
		platform: withShortTimer(builtInPlatforms.find(({ id }) => id === name)),
		host_key: null,
		legacy_algorithms: false,
		timeouts: { connect_ms: 1000, auth_ms: 1000, prompt_ms: 1000, command_ms: 1000 },
	});
}

/** The change of a platform, for this device. */
export function linesFor(fleet: Fleet, name: Name): string[] {
	const asn = /router bgp (\d+)/.exec(fleet.device(name).config())?.[1] ?? "";
	return changes[name].lines.map((line) => line.replace("{asn}", asn));
}

/** Those that take a change back themselves. */
export const nativeNames: readonly Name[] = names.filter((name) => changes[name].native);
