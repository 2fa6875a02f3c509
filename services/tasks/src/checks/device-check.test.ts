import { readFileSync } from "node:fs";
import { DeviceCheck } from "@netconductor/contracts/devices/checks";
import type { CommandResult } from "@netconductor/driver-core/cli-engine";
import { compilePlatform } from "@netconductor/driver-core/platform";
import { builtInPlatforms } from "@netconductor/driver-platforms/platforms";
import { expect, test } from "vitest";
import { askDevice } from "./device-check.ts";

/** A device that answers everything with one recorded answer. */
function answering(platform: string, recorded: string) {
	const definition = builtInPlatforms.find(({ id }) => id === platform);
	if (definition === undefined) throw new TypeError(`no platform ${platform}`);
	const output = readFileSync(
		new URL(`../../../../drivers/parsers/transcripts/${platform}/${recorded}.txt`, import.meta.url),
		"utf8",
	);
	const asked: string[] = [];
	return {
		asked,
		platform: compilePlatform(definition),
		async run(command: string): Promise<CommandResult> {
			asked.push(command);
			return { command, output, bytes: Buffer.from(output), ms: 0 };
		},
	};
}

async function problemsOn(...asked: Parameters<typeof askDevice>): Promise<string[]> {
	return (await askDevice(...asked)).problems;
}

const check = (given: object) => DeviceCheck.parse(given);

test("a neighbour that is there and established holds; one that is not is named with what it is instead", async () => {
	const device = answering("frr", "bgp_summary");
	const rows = JSON.parse(
		readFileSync(new URL("../../../../drivers/parsers/transcripts/frr/bgp_summary.json", import.meta.url), "utf8"),
	);
	const up = rows.find(({ state }: { state: string }) => state === "Established").neighbor;
	expect(await problemsOn(device, check({ kind: "bgp", neighbors: [up] }))).toEqual([]);
	expect(device.asked).toHaveLength(1);
	expect(await problemsOn(device, check({ kind: "bgp", neighbors: [up, "192.0.2.99"] }))).toEqual([
		"there is no BGP neighbour 192.0.2.99",
	]);
	expect(await problemsOn(device, check({ kind: "bgp", neighbors: [up], min_prefixes: 1_000_000 }))).toEqual([
		expect.stringContaining("fewer than 1000000"),
	]);
});

test("an interface by any case, a route by its protocol, a ping by its loss", async () => {
	const rowsOf = (recorded: string) =>
		JSON.parse(
			readFileSync(new URL(`../../../../drivers/parsers/transcripts/frr/${recorded}.json`, import.meta.url), "utf8"),
		);
	const up = rowsOf("interfaces").find(({ oper }: { oper: string }) => oper === "up").name;
	const interfaces = answering("frr", "interfaces");
	expect(await problemsOn(interfaces, check({ kind: "interfaces", names: [up.toUpperCase()] }))).toEqual([]);
	expect(await problemsOn(interfaces, check({ kind: "interfaces", names: ["nowhere0"] }))).toEqual([
		"there is no interface nowhere0",
	]);
	const route = rowsOf("routes").find(({ active }: { active: boolean }) => active);
	const routes = answering("frr", "routes");
	expect(
		await problemsOn(routes, check({ kind: "routes", prefixes: [route.prefix], protocol: route.protocol })),
	).toEqual([]);
	expect(await problemsOn(routes, check({ kind: "routes", prefixes: [route.prefix], protocol: "eigrp" }))).toEqual([
		expect.stringContaining("not eigrp"),
	]);
});

test.each([
	{ kind: "ping", target: "192.0.2.1; reload" },
	{ kind: "bgp", neighbors: ["10.0.0.1\nreload"] },
	{ kind: "routes", prefixes: [""] },
	{ kind: "bgp", neighbors: [] },
	{ kind: "shell", command: "reload" },
])("what could become another command is no check: %j", (given) => {
	expect(DeviceCheck.safeParse(given).success).toBe(false);
});
