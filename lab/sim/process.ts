import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DeviceStats, SimConnection } from "./device.ts";
import type { Fault } from "./fault.ts";
import type { FleetOptions, InventoryEntry } from "./fleet.ts";
import type { FleetAnswer, FleetCommand, FleetTotals } from "./protocol.ts";

/** A fleet in a process of its own: its CPU is not the product's, and it ends with this process. */
export interface FleetProcess {
	pid: number;
	devices: InventoryEntry[];
	/** @throws when the device is unknown or the lines are not in its language */
	applyLines(device: string, lines: string[]): Promise<void>;
	setConfig(device: string, text: string): Promise<void>;
	config(device: string): Promise<string>;
	setFault(device: string, fault: Fault | Fault[] | null): Promise<void>;
	setLatency(device: string, latency_ms: number): Promise<void>;
	dropConnections(device: string): Promise<void>;
	/** Answers the new key's fingerprint. */
	changeHostKey(device: string): Promise<string>;
	authorize(device: string, public_key: string): Promise<void>;
	stats(device: string): Promise<DeviceStats>;
	totalStats(): Promise<FleetTotals>;
	/** The last 1,000 connections of each device, device by device. */
	connections(): Promise<SimConnection[]>;
	/** Forgets the connections that are closed. */
	forgetConnections(): Promise<void>;
	/** Resolves when it has ended, for whatever reason. */
	ended: Promise<void>;
	stop(): Promise<void>;
}

/** Starts `lab/sim/main.ts` with these options. @throws with what it wrote to stderr when it does not start */
export async function startFleetProcess(options: FleetOptions): Promise<FleetProcess> {
	const program = fileURLToPath(new URL("./main.ts", import.meta.url));
	const child = spawn(process.execPath, [program, "--json", "--options", JSON.stringify(options)], {
		stdio: ["pipe", "pipe", "pipe"],
		env: {},
	});
	let complaint = "";
	child.stderr.on("data", (chunk: Buffer) => {
		complaint = (complaint + chunk.toString("utf8")).slice(-10_000);
	});
	child.stdin.on("error", () => {});
	const waiting = new Map<number, { resolve(answer: FleetAnswer & { ok: true }): void; reject(cause: Error): void }>();
	let nextId = 1;
	let inventory: ((devices: InventoryEntry[]) => void) | undefined;
	const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
	void ended.then(() => {
		for (const { reject } of waiting.values()) reject(new Error(`the fleet's process ended: ${complaint}`));
		waiting.clear();
	});
	createInterface({ input: child.stdout }).on("line", (line) => {
		const message = JSON.parse(line) as FleetAnswer | { ready: true; devices: InventoryEntry[] };
		if ("ready" in message) {
			inventory?.(message.devices);
			return;
		}
		const asker = waiting.get(Number(message.id));
		waiting.delete(Number(message.id));
		if (message.ok) asker?.resolve(message);
		else asker?.reject(new Error(message.error));
	});
	const devices = await new Promise<InventoryEntry[]>((resolve, reject) => {
		inventory = resolve;
		child.on("error", reject);
		child.on("close", () => reject(new Error(`the fleet did not start: ${complaint}`)));
	});

	function ask(command: FleetCommand): Promise<FleetAnswer & { ok: true }> {
		const id = nextId++;
		return new Promise((resolve, reject) => {
			if (child.exitCode !== null) {
				reject(new Error(`the fleet's process has ended: ${complaint}`));
				return;
			}
			waiting.set(id, { resolve, reject });
			child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
		});
	}

	return {
		pid: child.pid ?? 0,
		devices,
		applyLines: async (device, lines) => void (await ask({ op: "apply", device, lines })),
		setConfig: async (device, text) => void (await ask({ op: "set_config", device, text })),
		config: async (device) => (await ask({ op: "config", device })).config ?? "",
		setFault: async (device, fault) => void (await ask({ op: "fault", device, fault })),
		setLatency: async (device, latency_ms) => void (await ask({ op: "latency", device, latency_ms })),
		dropConnections: async (device) => void (await ask({ op: "drop_connections", device })),
		changeHostKey: async (device) => (await ask({ op: "change_host_key", device })).host_key_fingerprint ?? "",
		authorize: async (device, public_key) => void (await ask({ op: "authorize", device, public_key })),
		stats: async (device) => present((await ask({ op: "stats", device })).stats),
		totalStats: async () => present((await ask({ op: "total_stats" })).totals),
		connections: async () => present((await ask({ op: "connections" })).connections),
		forgetConnections: async () => void (await ask({ op: "forget_connections" })),
		ended,
		async stop() {
			child.stdin.end();
			const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
			await ended;
			clearTimeout(timer);
		},
	};
}

function present<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("the fleet's process left out what was asked for");
	return value;
}
