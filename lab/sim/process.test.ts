import { expect, test } from "vitest";
import { connectBare } from "./bare-client.ts";
import { startFleetProcess } from "./process.ts";

test("a fleet in a process of its own serves devices, takes commands and ends with its owner", async () => {
	const fleet = await startFleetProcess({ devices: { count: 4, platforms: ["cisco_nxos", "arista_eos"] } });
	expect(fleet.devices.map(({ name }) => name)).toEqual(["nxos-1", "eos-1", "nxos-2", "eos-2"]);
	const [first] = fleet.devices;
	if (!first) throw new Error("no device");
	const client = await connectBare(first);
	await client.until("nxos-1# ");
	client.close();
	await fleet.applyLines("nxos-1", ["interface Ethernet1/1", "description from outside"]);
	expect(await fleet.config("nxos-1")).toContain("interface Ethernet1/1\n  description from outside\n");
	await expect(fleet.applyLines("nobody", [])).rejects.toThrow("no device named nobody");
	await fleet.setFault("nxos-1", { kind: "refuse" });
	await expect(connectBare(first)).rejects.toThrow("ECONNREFUSED");
	expect((await fleet.stats("nxos-1")).logins).toBe(1);
	expect((await fleet.totalStats()).devices).toBe(4);
	await fleet.stop();
	await fleet.ended;
	await expect(fleet.config("nxos-1")).rejects.toThrow("has ended");
});

test("a fleet tells of every connection how many lines it took and how it ended", async () => {
	const fleet = await startFleetProcess({ devices: { count: 1, platforms: ["cisco_nxos"] } });
	const [device] = fleet.devices;
	if (!device) throw new Error("no device");
	const prompt = "nxos-1# ";
	const polite = await connectBare(device);
	await polite.until(prompt);
	polite.send("terminal length 0\n");
	await polite.until(prompt);
	await polite.ask("show running-config", prompt);
	polite.send("exit\n");
	await polite.ended;
	const rude = await connectBare(device);
	await rude.until(prompt);
	rude.close();
	await rude.ended;
	const dropped = await connectBare(device);
	await dropped.until(prompt);
	await fleet.dropConnections("nxos-1");
	await dropped.ended;
	await expect.poll(async () => (await fleet.totalStats()).open_connections).toBe(0);
	expect(await fleet.connections()).toMatchObject([
		{ device: "nxos-1", lines: 3, configs: 1, ended: "logout" },
		{ device: "nxos-1", lines: 0, configs: 0, ended: "cut" },
		{ device: "nxos-1", lines: 0, configs: 0, ended: "device" },
	]);
	await fleet.forgetConnections();
	expect(await fleet.connections()).toEqual([]);
	await fleet.stop();
});

test("a fleet that cannot start says why", async () => {
	const devices = [{ name: "a", platform: "linux" as const }];
	await expect(startFleetProcess({ devices: [...devices, ...devices] })).rejects.toThrow(
		"two simulated devices are named a",
	);
});
