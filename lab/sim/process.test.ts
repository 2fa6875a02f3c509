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

test("a fleet that cannot start says why", async () => {
	const devices = [{ name: "a", platform: "linux" as const }];
	await expect(startFleetProcess({ devices: [...devices, ...devices] })).rejects.toThrow(
		"two simulated devices are named a",
	);
});
