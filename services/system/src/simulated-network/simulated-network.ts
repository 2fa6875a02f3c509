import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { SimulatedChange, SimulatedNetwork } from "@netconductor/contracts/system/model";
import type { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database } from "@netconductor/runtime/db/database";
import { failed, hasCode } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { SimulatedFleet, Simulator } from "@netconductor/runtime/host/simulator";
import type { Log } from "@netconductor/runtime/log";
import { redactText } from "@netconductor/runtime/redact";
import {
	type DeviceRow,
	forgetDevices,
	insertDevice,
	insertNetwork,
	type KeptNetwork,
	keepChanges,
	readChanges,
	readNetwork,
	removeNetwork,
	writePort,
} from "./network-store.ts";

const group = "Simulated network";
const tag = "simulated";
const changedAtOnce = 3;

interface Needs {
	db: Database;
	devices: Pick<
		Client<typeof devicesApi, CallerContext>,
		"createDevice" | "updateDevice" | "updateDevices" | "getDevice" | "listGroups" | "deleteGroup"
	>;
	tasks: Pick<Client<typeof tasksApi, CallerContext>, "listWorkers">;
	/** Absent like what it loads where the simulator is not installed. */
	loadSimulator: (() => Promise<Simulator | undefined>) | undefined;
	/** Told when the network is in another state. */
	onChange(): void;
	ownAccount(): CallerContext;
	clock: Clock;
	log: Log;
}

export interface SimulatedNetworkKeeper {
	describe(): Promise<SimulatedNetwork>;
	/** @throws system.* as the contract says, and what adding devices answers to the caller */
	begin(count: number, caller: CallerContext): Promise<SimulatedNetwork>;
	change(): Promise<SimulatedChange>;
	/** Answers how many devices were removed. */
	remove(caller: CallerContext): Promise<number>;
	/** Starts again what ran when the process ended. Resolves once that is under way; to be called before anything else. */
	resume(): Promise<void>;
	stop(): Promise<void>;
}

/**
 * Keeps a network of simulated devices: in a process of their own, in the inventory, and over restarts on the same ports with the same
 * keys, configurations and changes. A network whose process ended stays, as stopped, until somebody starts or removes it.
 */
export function createSimulatedNetwork(needs: Needs): SimulatedNetworkKeeper {
	const { db, devices, clock, log } = needs;
	let fleet: SimulatedFleet | undefined;
	let starting = false;
	let busy: Promise<unknown> | undefined;
	let stopping = false;
	let detail: string | null = null;
	let since: string | null = null;

	function note(reason: string | null): void {
		detail = reason;
		since = clock.now().toISOString();
		needs.onChange();
	}

	/** One at a time: what one starts another must not remove. @throws system.simulated_network_busy */
	async function exclusively<T>(work: () => Promise<T>): Promise<T> {
		if (busy !== undefined) {
			throw failed("system.simulated_network_busy", { message: "Wait until the simulated network is started or gone" });
		}
		const running = work();
		busy = running;
		try {
			return await running;
		} finally {
			busy = undefined;
		}
	}

	async function simulator(): Promise<Simulator> {
		const loaded = await needs.loadSimulator?.();
		if (loaded !== undefined) return loaded;
		throw failed("system.no_lab", {
			message:
				"The simulator is not part of this installation. Run the product from its repository (`npm start`) to try it on simulated devices, or add a device of your own.",
		});
	}

	async function launch(
		{ start }: Simulator,
		options: Parameters<Simulator["start"]>[0],
		replay: readonly { name: string; lines: string[] }[] = [],
	): Promise<SimulatedFleet> {
		starting = true;
		note(null);
		try {
			const launched = await start(options);
			for (const { name, lines } of replay) {
				await launched.applyLines(name, lines).catch((err: unknown) => {
					log.warn({ err, device: name }, "a change of a simulated device could not be made again");
				});
			}
			fleet = launched;
			void launched.ended.then(() => {
				if (fleet !== launched) return;
				fleet = undefined;
				if (stopping) return;
				log.warn("the process of the simulated devices ended");
				note("The process of the simulated devices ended. Start it again.");
			});
			return launched;
		} catch (cause) {
			const reason = redactText(cause instanceof Error ? cause.message : String(cause)).slice(0, 500);
			detail = `It did not start: ${reason}`;
			throw failed("system.simulated_network_failed", { message: detail, cause });
		} finally {
			starting = false;
			note(detail);
		}
	}

	async function end(): Promise<void> {
		const ending = fleet;
		fleet = undefined;
		await ending?.stop();
	}

	/** Those that are still in the inventory, by the name they have there now; the others are forgotten. */
	async function present(
		kept: KeptNetwork,
	): Promise<(DeviceRow & { now: { name: string; host: string; port: number } })[]> {
		const account = needs.ownAccount();
		const found = await Promise.all(
			kept.devices.map(async (row) => {
				try {
					return { ...row, now: await devices.getDevice({ params: { id: row.device_id } }, account) };
				} catch (error) {
					if (hasCode(error, "devices.not_found")) return undefined;
					throw error;
				}
			}),
		);
		const there = found.filter((row) => row !== undefined);
		const names = new Set(there.map(({ name }) => name));
		await forgetDevices(
			db.orm,
			kept.devices.flatMap(({ name }) => (names.has(name) ? [] : [name])),
		);
		return there;
	}

	async function describe(): Promise<SimulatedNetwork> {
		const kept = await readNetwork(db);
		const available = (await needs.loadSimulator?.()) !== undefined;
		const shown = kept === undefined ? [] : await present(kept);
		return {
			state: starting ? "starting" : kept === undefined ? "absent" : fleet === undefined ? "stopped" : "running",
			available,
			detail: kept === undefined && !starting ? null : detail,
			since: kept === undefined && !starting ? null : since,
			group,
			tag,
			devices: shown.map(({ device_id, platform, now }) => ({
				device_id,
				name: now.name,
				device_type: platform,
				host: now.host,
				port: now.port,
			})),
			changes: kept?.changes ?? 0,
		};
	}

	/** Simulated devices listen on loopback, where only workers of this machine find them. @throws system.workers_elsewhere */
	async function refuseForeignWorkers(): Promise<void> {
		const { items } = await needs.tasks.listWorkers({ query: { page_size: 500 } }, needs.ownAccount());
		const foreign = items.find((worker) => worker.status === "online" && worker.hostname !== hostname());
		if (foreign === undefined) return;
		throw failed("system.workers_elsewhere", {
			message: `A worker runs on ${foreign.hostname}, which cannot reach devices on loopback addresses of ${hostname()}. Try the simulated network where all runs on one machine.`,
			details: { hostname: foreign.hostname },
		});
	}

	async function make(count: number, caller: CallerContext): Promise<void> {
		const loaded = await simulator();
		await refuseForeignWorkers();
		const { total } = await devices.listGroups({ query: { q: group, page_size: 1 } }, caller);
		const seed = randomBytes(9).toString("base64url");
		await insertNetwork(db.orm, { seed, own_group: total === 0, created_at: clock.now().toISOString() });
		const made: string[] = [];
		try {
			const launched = await launch(loaded, { seed, devices: loaded.plan(count) });
			for (const { name, host, port, platform, username, password, enable_password } of launched.devices) {
				const body = { name, host, port, device_type: platform, username, password, enable_password };
				const description = "A simulated device of this installation. It goes with the simulated network.";
				const device = await devices
					.createDevice({ body: { ...body, tags: [tag], groups: [group], site: "Simulated", description } }, caller)
					.catch((error: unknown) => {
						throw hasCode(error, "devices.name_taken") ? nameTaken(name, error) : error;
					});
				made.push(device.id);
				await insertDevice(db.orm, { name, device_id: device.id, platform, port });
			}
		} catch (error) {
			await takeBack(made);
			throw error;
		}
	}

	/** Leaves nothing behind of a network that could not be made. */
	async function takeBack(device_ids: string[]): Promise<void> {
		const account = needs.ownAccount();
		await end();
		try {
			if (device_ids.length > 0) {
				await devices.updateDevices({ body: { select: { device_ids }, action: { kind: "delete" } } }, account);
			}
			await dropGroup(await readNetwork(db), account);
			await removeNetwork(db);
		} catch (err) {
			// Its row stays, so that it can be removed by hand.
			log.error({ err }, "simulated devices that were added could not be removed");
		}
	}

	async function dropGroup(kept: KeptNetwork | undefined, caller: CallerContext): Promise<void> {
		if (!kept?.own_group) return;
		const { items } = await devices.listGroups({ query: { q: group } }, caller);
		const own = items.find(({ name, devices: members }) => name === group && members === 0);
		if (own !== undefined) await devices.deleteGroup({ params: { id: own.id } }, caller);
	}

	/** Starts what is kept on the ports it had, or, where those are taken and `move` says so, on others. */
	async function again(kept: KeptNetwork, { move }: { move: boolean }): Promise<void> {
		const loaded = await simulator();
		const rows = await present(kept);
		const changes = await readChanges(db);
		const replay = changes.filter(({ name }) => rows.some((row) => row.name === name));
		const specs = rows.map(({ name, platform, port }) => ({ name, platform, port }));
		try {
			await launch(loaded, { seed: kept.seed, devices: specs }, replay);
			return;
		} catch (error) {
			if (!move) throw error;
		}
		const anywhere = specs.map(({ name, platform }) => ({ name, platform }));
		const launched = await launch(loaded, { seed: kept.seed, devices: anywhere }, replay);
		for (const { name, port } of launched.devices) {
			const row = rows.find((candidate) => candidate.name === name);
			if (row === undefined || row.port === port) continue;
			await devices.updateDevice({ params: { id: row.device_id }, body: { port } }, needs.ownAccount());
			await writePort(db.orm, name, port);
		}
	}

	return {
		describe,
		begin: (count, caller) =>
			exclusively(async () => {
				const kept = await readNetwork(db);
				if (kept === undefined) await make(count, caller);
				else if (fleet !== undefined) {
					throw failed("system.simulated_network_running", {
						message: "The simulated network runs already. Remove it first to have another one.",
					});
				} else {
					await refuseForeignWorkers();
					await again(kept, { move: true });
				}
				return describe();
			}),

		change: () =>
			exclusively(async () => {
				const kept = await readNetwork(db);
				if (kept === undefined) {
					throw failed("system.no_simulated_network", { message: "Start the simulated network first" });
				}
				const running = fleet;
				if (running === undefined) {
					throw failed("system.simulated_network_stopped", {
						message: `${detail ?? "The simulated network is stopped."} Start it again first.`,
					});
				}
				const loaded = await simulator();
				const chosen = new Map<string, { row: Awaited<ReturnType<typeof present>>[number]; lines: string[] }>();
				for (const row of await present(kept)) {
					const lines = loaded.sampleChange(row.platform, kept.changes);
					if (lines === undefined || chosen.has(row.platform) || chosen.size === changedAtOnce) continue;
					chosen.set(row.platform, { row, lines });
				}
				const typed = [...chosen.values()];
				try {
					for (const { row, lines } of typed) await running.applyLines(row.name, lines);
				} catch (cause) {
					throw failed("system.simulated_network_failed", {
						message: "A simulated device did not take the change",
						cause,
					});
				}
				await keepChanges(
					db,
					typed.map(({ row, lines }) => ({ name: row.name, lines })),
					clock.now().toISOString(),
				);
				return {
					changes: typed.map(({ row, lines }) => ({
						device_id: row.device_id,
						device_name: row.now.name,
						device_type: row.platform,
						lines,
					})),
				};
			}),

		remove: (caller) =>
			exclusively(async () => {
				const kept = await readNetwork(db);
				if (kept === undefined) {
					throw failed("system.no_simulated_network", { message: "There is no simulated network to remove" });
				}
				const device_ids = (await present(kept)).map(({ device_id }) => device_id);
				if (device_ids.length > 0) {
					await devices.updateDevices({ body: { select: { device_ids }, action: { kind: "delete" } } }, caller);
				}
				await end();
				await dropGroup(kept, caller);
				await removeNetwork(db);
				note(null);
				return device_ids.length;
			}),

		async resume() {
			const kept = await readNetwork(db);
			if (kept === undefined) return;
			void exclusively(() => again(kept, { move: false })).catch((err: unknown) => {
				log.warn({ err }, "the simulated network could not be started again");
				if (detail === null) note("It could not be started with the server. Start it again.");
			});
		},

		async stop() {
			stopping = true;
			await busy?.catch(() => {});
			await end();
		},
	};
}

function nameTaken(name: string, cause: unknown) {
	return failed("system.names_taken", {
		message: `A device named ${name} is in the inventory already and is left alone. Rename or delete it first.`,
		details: { name },
		cause,
	});
}
