import type { SimulatedNetwork, SystemCheck, SystemState } from "@netconductor/contracts/system/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { ago, byteCount, count, duration, localTime } from "../output/words.ts";
import { wholeNumber } from "../query-options.ts";
import { addDeadLetterCommands } from "./dead-letters.ts";
import { addSystemBackupCommands } from "./system-backup.ts";

const styles: Partial<Record<SystemState, Style>> = { failed: "bad", degraded: "warning", unknown: "warning" };

/** `system`: what runs there, how well, events put aside, the simulated network, and backups of all that is stored. */
export function addSystemCommands(program: Command, open: Open): void {
	const system = program.command("system").description("What runs there, and how well");
	addAbout(system, open);
	addHealth(system, open);
	addDeadLetterCommands(system, open);
	addSimulatedNetwork(system, open);
	addSystemBackupCommands(system);
}

function addAbout(system: Command, open: Open): void {
	system
		.command("about")
		.description("Version, start, database, topology and size of the installation")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const about = await cli.clients.system.getAbout({});
			const { database, topology, counts } = about;
			cli.print(about, () =>
				renderFields(
					[
						["Product", `${about.product} ${about.version}, ${about.licence}`],
						["Started", localTime(about.started_at)],
						["Runs on", `Node ${about.node_version}, ${about.platform}`],
						[
							"Database",
							`PostgreSQL ${database.version}, ${database.embedded ? "embedded" : "external"}, ${byteCount(database.size_bytes)}`,
						],
						[
							"Topology",
							topology.one_process ? "one process" : `several processes; here ${topology.targets.join(", ")}`,
						],
						["Events", topology.events],
						["Live output", topology.live],
						...Object.entries(counts).map(
							([name, value]) => [sentence(name), value === null ? "not known" : String(value)] as const,
						),
					],
					cli.terminal.paint,
				),
			);
		});
}

function addHealth(system: Command, open: Open): void {
	system
		.command("health")
		.description("Every service and what it depends on; ends with 1 when something has failed")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const health = await cli.clients.system.getHealth({});
			const rows: SystemCheck[] = [...health.dependencies, ...health.services];
			cli.print(health, () => {
				const table = renderTable(
					[
						{ title: "NAME", value: ({ name }) => name },
						{ title: "STATE", value: ({ state }) => state, style: ({ state }) => styles[state] ?? "good" },
						{ title: "SINCE", value: ({ since }) => ago(since, new Date(health.checked_at)) },
						{ title: "TOOK", value: ({ ms }) => duration(ms), align: "right" },
						{ title: "DETAIL", value: ({ detail }) => detail },
					],
					rows,
					cli.terminal,
				);
				return `${table}\nIn all: ${health.state}\n`;
			});
			if (health.state === "failed") {
				const failing = rows.filter(({ state }) => state === "failed");
				throw workFailure(
					"cli.not_healthy",
					"Something has failed",
					failing.map(({ name, detail }) => `${name}: ${detail}`).join("\n"),
				);
			}
		});
}

function addSimulatedNetwork(system: Command, open: Open): void {
	const network = system
		.command("simulated-network")
		.description("Simulated devices on the server's machine, to try the product on");
	network
		.command("show")
		.description("The simulated network, if there is one")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			show(cli, await cli.clients.system.getSimulatedNetwork({}));
		});
	network
		.command("start")
		.description("Start simulated devices and add them to the inventory, or start again those that stopped")
		.option("--devices <count>", "How many, 1 to 48", wholeNumber(1, 48), 12)
		.action(async ({ devices }: { devices: number }, self: Command) => {
			const cli = open(self);
			show(cli, await cli.clients.system.startSimulatedNetwork({ body: { devices } }));
		});
	network
		.command("change")
		.description("Make somebody type a change on up to three of the devices")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const made = await cli.clients.system.changeSimulatedNetwork({});
			cli.print(made, () =>
				made.changes
					.map(({ device_name, lines }) => `${device_name}\n${lines.map((line) => `  ${line}\n`).join("")}`)
					.join(""),
			);
		});
	network
		.command("remove")
		.description("Stop the simulated devices and remove them from the inventory; their backups stay")
		.option("-y, --yes", "Do not ask")
		.action(async ({ yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { devices } = await cli.clients.system.getSimulatedNetwork({});
			const question = `Remove ${count(devices.length, "simulated device")} from the inventory?`;
			if (!(await confirmed(cli, yes, question))) return;
			await cli.clients.system.removeSimulatedNetwork({});
			cli.print({ removed: devices.length }, () => `Removed ${count(devices.length, "simulated device")}.\n`);
		});
}

function show(cli: Cli, network: SimulatedNetwork): void {
	cli.print(network, () => {
		const { state, detail, devices } = network;
		if (state === "absent") {
			return network.available
				? "There is none; `netconductor system simulated-network start` makes one.\n"
				: "There is none, and the simulator is not part of this installation.\n";
		}
		const table = renderTable(
			[
				{ title: "NAME", value: ({ name }) => name },
				{ title: "TYPE", value: ({ device_type }) => device_type },
				{ title: "ADDRESS", value: ({ host, port }) => `${host}:${port}` },
			],
			devices,
			cli.terminal,
		);
		return `${sentence(state)}${detail === null ? "" : `: ${detail}`}\n${table}`;
	});
}

function sentence(name: string): string {
	const words = name.replaceAll("_", " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}
