import { connectBare, execBare } from "@netconductor/lab/sim/bare-client";
import type { FleetOptions, InventoryEntry } from "@netconductor/lab/sim/fleet";

/** What a person types to see the whole configuration, and whether only a privileged one sees it. */
const platforms = {
	cisco_ios: { command: "show running-config", privileged: true },
	arista_eos: { command: "show running-config", privileged: true },
	juniper_junos: { command: "show configuration", privileged: false },
	cisco_nxos: { command: "show running-config", privileged: false },
	vyos: { command: "show configuration commands", privileged: false },
	mikrotik_routeros: { command: "/export terse", privileged: false },
};

/** The fleet of all rounds: six platforms, 12 KB of configuration each, the same for the same number of devices. */
export function fleetOptions(count: number): FleetOptions {
	return {
		devices: { count, platforms: Object.keys(platforms) as (keyof typeof platforms)[] },
		seed: "chaos",
	};
}

const patience_ms = 20_000;

/** What each device answers when it is asked for its configuration, heard by a client that shares no code with ours. */
export async function hearConfigs(devices: readonly InventoryEntry[]): Promise<Map<string, string>> {
	const configs = new Map<string, string>();
	const waiting = devices.slice();
	async function hear(): Promise<void> {
		for (let device = waiting.pop(); device !== undefined; device = waiting.pop()) {
			const { command, privileged } = platforms[device.platform as keyof typeof platforms];
			configs.set(device.name, privileged ? await askPrivileged(device, command) : await execBare(device, command));
		}
	}
	await Promise.all(Array.from({ length: 20 }, hear));
	return configs;
}

async function askPrivileged(device: InventoryEntry, command: string): Promise<string> {
	const client = await connectBare({ ...device, readyTimeout: 20_000 });
	const privileged = `${device.name}#`;
	await client.until(`${device.name}>`, patience_ms);
	client.send("enable\n");
	await client.until("Password: ", patience_ms);
	client.send(`${device.enable_password}\n`);
	await client.until(privileged, patience_ms);
	await client.ask("terminal length 0", privileged);
	const answer = await client.ask(command, privileged);
	client.close();
	await client.ended;
	return answer;
}
