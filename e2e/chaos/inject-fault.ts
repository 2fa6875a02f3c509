import type { FleetProcess } from "@netconductor/lab/sim/process";
import type { Wire } from "@netconductor/lab/wire";
import type { Product } from "../src/product.ts";
import type { Brokers } from "./brokers.ts";
import type { ChangedFleet } from "./changes.ts";
import type { SmallDisk } from "./disk.ts";
import type { FakeClock } from "./fake-clock.ts";
import type { Operator } from "./operator.ts";
import type { PlannedFault } from "./plan-round.ts";
import { askPostgres, postmasterOf, serversOf } from "./postgres.ts";
import type { Timeline } from "./timeline.ts";

/** Where faults strike. */
export interface Scene {
	product: Product;
	operator: Operator;
	fleet: FleetProcess;
	timeline: Timeline;
	/** Present where the plan fills the disk. */
	disk: SmallDisk | undefined;
	/** Present where the plan moves the clock. */
	clock: FakeClock | undefined;
	/** Present where services are processes of their own. */
	brokers: Brokers | undefined;
	/** Devices that are changed; absent where none are. */
	changed: ChangedFleet | undefined;
	/** Present where the plan cuts or slows what passes there. */
	wires: { postgres?: Wire; rabbitmq?: Wire; redis?: Wire };
	/** SIGTERMs, for what must hold of each. */
	drains: Drain[];
}

/** A SIGTERM and what came of it. Times are milliseconds since the epoch. */
export interface Drain {
	asked_at: number;
	ended_at: number;
	code: number | null;
}

/** Does it, and where it lasts, undoes it. Resolves when it is over; the product may then still be down or recovering. */
export async function injectFault(fault: PlannedFault, scene: Scene): Promise<void> {
	const { product, operator, timeline } = scene;
	const { data_dir } = product;
	switch (fault.kind) {
		case "worker_kill": {
			const workers = product.server.processes().filter(({ target }) => target === "worker");
			const chosen = fault.all ? workers : workers.slice(0, 1 + Math.floor(fault.which * (workers.length - 1)));
			timeline.add(`kill -9 of ${chosen.length} of ${workers.length} workers`);
			kill(chosen.map(({ pid }) => pid));
			return;
		}
		case "service_kill": {
			const services = servicesOf(product);
			const one = services[Math.floor(fault.which * services.length)];
			const chosen = fault.all ? services : services.filter((service) => service === one);
			timeline.add(`kill -9 of ${chosen.map(({ target }) => target).join(", ")}`);
			kill(chosen.map(({ pid }) => pid));
			return;
		}
		case "gateway_kill":
		case "tasks_kill":
		case "devices_kill":
		case "backup_kill": {
			const name = fault.kind.slice(0, -"_kill".length);
			const chosen = product.server.processes().filter(({ target }) => target === name);
			timeline.add(`kill -9 of ${name}${chosen.length === 0 ? ": it does not run" : ""}`);
			kill(chosen.map(({ pid }) => pid));
			return;
		}
		case "service_cut":
			return standStill(fault, scene);
		case "postgres_cut":
			return cut("PostgreSQL", scene.wires.postgres, fault, scene);
		case "rabbitmq_cut":
			return cut("RabbitMQ", scene.wires.rabbitmq, fault, scene);
		case "redis_cut":
			return cut("Redis", scene.wires.redis, fault, scene);
		case "slow_database": {
			const { postgres } = scene.wires;
			timeline.add(`every statement takes ${slower_ms} ms more, for ${fault.lasts_ms} ms`);
			await operator.obstruct(fault.lasts_ms, {
				begin: async () => postgres?.slow(slower_ms),
				end: async () => postgres?.slow(0),
			});
			timeline.add("statements take as long as ever");
			return;
		}
		case "rabbitmq_kill":
			return killBroker("RabbitMQ", scene.brokers?.rabbit, fault.lasts_ms, timeline);
		case "redis_kill":
			return killBroker("Redis", scene.brokers?.redis, fault.lasts_ms, timeline);
		case "main_kill":
			timeline.add("kill -9 of the main process");
			return operator.takeDown(fault.lasts_ms, async () => void (await product.server.end("SIGKILL")));
		case "postgres_kill": {
			const postmaster = postmasterOf(data_dir);
			timeline.add(`kill -9 of the postmaster${postmaster ? "" : ": there is none"}`);
			if (postmaster) kill([postmaster.pid]);
			return;
		}
		case "backend_kill": {
			const postmaster = postmasterOf(data_dir)?.pid;
			const backends = serversOf(data_dir).filter((pid) => pid !== postmaster);
			const chosen = backends[Math.floor(fault.which * backends.length)];
			timeline.add(`kill -9 of one of ${backends.length} server processes of PostgreSQL`);
			if (chosen !== undefined) kill([chosen]);
			return;
		}
		case "sigterm": {
			timeline.add("SIGTERM of the main process");
			const asked_at = Date.now();
			return operator.takeDown(fault.lasts_ms, async () => {
				const ended = await product.server.end("SIGTERM");
				if (ended === undefined) return;
				scene.drains.push({ asked_at, ended_at: Date.now(), code: ended.code });
				timeline.add(`it ended with ${ended.signal ?? ended.code} after ${Date.now() - asked_at} ms`);
			});
		}
		case "restart": {
			timeline.add("kill -9 of everything at once");
			return operator.takeDown(fault.lasts_ms, async () => {
				const doomed = [...descendantsOf(product), ...serversOf(data_dir)];
				// Stopped first, so that none sees another die.
				signal(doomed, "SIGSTOP");
				const ended = product.server.end("SIGKILL");
				kill(doomed);
				await ended;
				for (const broker of Object.values(scene.brokers ?? {})) await broker.kill();
				for (const broker of Object.values(scene.brokers ?? {})) await broker.start();
			});
		}
		case "refuse":
			timeline.add(`PostgreSQL refuses connections for ${fault.lasts_ms} ms`);
			await operator.obstruct(fault.lasts_ms, {
				begin: () => allowConnections(data_dir, false),
				end: () => allowConnections(data_dir, true),
			});
			timeline.add("PostgreSQL accepts connections");
			return;
		case "disk_full":
			timeline.add(`the disk is full for ${fault.lasts_ms} ms`);
			await operator.obstruct(fault.lasts_ms, {
				begin: async () => scene.disk?.fill(),
				end: async () => scene.disk?.free(),
			});
			timeline.add("the disk has room");
			return;
		case "clock":
			timeline.add(`the clock jumps an hour forward, for ${fault.lasts_ms} ms`);
			scene.clock?.shift(3_600);
			await new Promise((resolve) => setTimeout(resolve, fault.lasts_ms));
			scene.clock?.shift(0);
			timeline.add("the clock jumps back");
			return;
		case "network_cut":
			timeline.add("every connection to every device breaks");
			for (const fleet of [scene.fleet, scene.changed?.fleet]) {
				await Promise.all((fleet?.devices ?? []).map(({ name }) => fleet?.dropConnections(name)));
			}
			return;
		case "devices":
			return;
	}
}

/** By name, so that a seed strikes the same one each time. */
function servicesOf({ server }: Product) {
	return server
		.processes()
		.filter(({ target }) => target !== "worker")
		.toSorted((a, b) => a.target.localeCompare(b.target));
}

const slower_ms = 500;

async function cut(to: string, wire: Wire | undefined, fault: PlannedFault, scene: Scene): Promise<void> {
	const { operator, timeline } = scene;
	timeline.add(`nothing passes to and from ${to} for ${fault.lasts_ms} ms`);
	await operator.obstruct(fault.lasts_ms, {
		begin: async () => wire?.cut(),
		end: async () => wire?.mend({ late: fault.all }),
	});
	timeline.add(`${to} can be reached again; ${fault.all ? "all arrives late" : "connections of before stay dead"}`);
}

/** What a cut between it and whoever calls it comes to: connections stand, nothing is answered, and what was sent arrives late. */
async function standStill(fault: PlannedFault, { product, operator, timeline }: Scene): Promise<void> {
	const services = servicesOf(product);
	const chosen = services[Math.floor(fault.which * services.length)];
	timeline.add(`${chosen?.target ?? "none"} stands still for ${fault.lasts_ms} ms`);
	const pids = chosen === undefined ? [] : [chosen.pid];
	await operator.obstruct(fault.lasts_ms, {
		begin: async () => signal(pids, "SIGSTOP"),
		end: async () => {
			const still = product.server.processes().filter(({ pid }) => pids.includes(pid));
			signal(
				still.map(({ pid }) => pid),
				"SIGCONT",
			);
		},
	});
	timeline.add(`${chosen?.target ?? "none"} goes on`);
}

async function killBroker(
	name: string,
	broker: Brokers[keyof Brokers] | undefined,
	down_ms: number,
	timeline: Timeline,
): Promise<void> {
	timeline.add(`kill -9 of ${name}`);
	await broker?.kill();
	await new Promise((resolve) => setTimeout(resolve, down_ms));
	await broker?.start();
	timeline.add(`${name} runs again`);
}

function descendantsOf({ server }: Product): number[] {
	return childrenOf(server);
}

function childrenOf(server: Product["server"]): number[] {
	try {
		return server.children();
	} catch {
		return [];
	}
}

async function allowConnections(data_dir: string, allowed: boolean): Promise<void> {
	// Retried: another fault may have PostgreSQL down at this moment.
	for (const until = performance.now() + 60_000; ; ) {
		try {
			await askPostgres(data_dir, `alter database netconductor allow_connections ${allowed}`, [], "postgres");
			if (!allowed) {
				await askPostgres(
					data_dir,
					"select pg_terminate_backend(pid) from pg_stat_activity where datname = 'netconductor'",
					[],
					"postgres",
				);
			}
			return;
		} catch (error) {
			if (performance.now() > until) throw error;
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	}
}

function kill(pids: readonly number[]): void {
	signal(pids, "SIGKILL");
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
	for (const pid of pids) {
		try {
			process.kill(pid, name);
		} catch {
			// Gone by itself in the meantime.
		}
	}
}
