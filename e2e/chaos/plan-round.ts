import type { Fault } from "@netconductor/lab/sim/fault";
import { createRandom, type Random } from "@netconductor/lab/sim/random";

/** One process with its workers and an embedded PostgreSQL, or every service by itself over RabbitMQ and Redis. */
export const topologies = ["one", "distributed"] as const;
export type Topology = (typeof topologies)[number];

/** What can be done to the product in the middle of a run, in either topology. */
const commonFaults = [
	/** `kill -9` of worker processes. */
	"worker_kill",
	/** `kill -9` of the main process; its workers and PostgreSQL outlive it. Of a distributed product: of every service and the workers. */
	"main_kill",
	/** `kill -9` of the postmaster. */
	"postgres_kill",
	/** `kill -9` of one server process of PostgreSQL, which then ends all others. */
	"backend_kill",
	/** SIGTERM of the main process. */
	"sigterm",
	/** `kill -9` of everything at once, as when the machine loses power. */
	"restart",
	/** PostgreSQL ends every connection and refuses new ones. */
	"refuse",
	/** Every statement takes half a second more. */
	"slow_database",
	/** Not a byte is left under the data directory. */
	"disk_full",
	/** The clock jumps an hour forward, and later back. */
	"clock",
	/** Every connection to every device breaks. */
	"network_cut",
	/** A share of the fleet hangs, drops, answers garbage or one byte a second, from the start. */
	"devices",
] as const;

/** What strikes where services are processes of their own. */
const distributedFaults = [
	/** `kill -9` of one service, whichever, or of all. */
	"service_kill",
	/** `kill -9` of this one. */
	"gateway_kill",
	"tasks_kill",
	"devices_kill",
	"backup_kill",
	/** `kill -9` of RabbitMQ, which is started again with its data. */
	"rabbitmq_kill",
	/** `kill -9` of Redis, which is started again empty. */
	"redis_kill",
	/** Between the product and PostgreSQL nothing passes, without a word to either; then connections of before stay dead, or all arrives late. */
	"postgres_cut",
	/** The same between it and RabbitMQ. */
	"rabbitmq_cut",
	/** The same between it and Redis. */
	"redis_cut",
	/** A service stands still: whoever called it hears nothing, and what they sent arrives late. */
	"service_cut",
] as const;
export const faultKinds = [...commonFaults, ...distributedFaults] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What can strike there. */
export function faultsIn(topology: Topology): readonly FaultKind[] {
	return topology === "one" ? commonFaults : faultKinds;
}

export interface PlannedFault {
	kind: FaultKind;
	/** Share of the operations that have ended when it strikes. */
	at: number;
	/** How long it lasts, or how long the product stays down before it is started again. */
	lasts_ms: number;
	/** Of several processes, which; a number in [0, 1). */
	which: number;
	/** All of its kind, not one. */
	all: boolean;
}

export interface RoundPlan {
	seed: number;
	topology: Topology;
	devices: number;
	/** Devices that a deployment changes meanwhile. */
	changed_devices: number;
	faults: PlannedFault[];
	/** By position in the fleet. */
	device_faults: { device: number; fault: Fault }[];
	/** Another run is asked for in the moment of the first fault. */
	second_run: boolean;
	/** Once it was stopped at the end, it is started and stopped again. */
	start_again: boolean;
}

export interface PlanOptions {
	devices: number;
	/** `one` unless told. */
	topology?: Topology | undefined;
	/** Exactly these faults instead of drawn ones. */
	faults?: readonly FaultKind[] | undefined;
	/** How long PostgreSQL refuses connections. */
	refuse_ms?: number | undefined;
	/** 8 unless told. */
	changed_devices?: number | undefined;
}

/** Share of the fleet that is at fault where devices are. */
const faultyShare = 0.02;

/**
 * What happens in the round of this seed: the same faults at the same progress, each time. Consecutive seeds begin with each kind of fault in
 * turn: all of them alone, then all of them with others.
 */
export function planRound(seed: number, options: PlanOptions): RoundPlan {
	const { devices, topology = "one", faults: given, refuse_ms = 20_000, changed_devices = 8 } = options;
	const random = createRandom(`chaos ${seed}`);
	const kinds = given ?? drawKinds(seed, faultsIn(topology), random);
	const faults = kinds
		.filter((kind) => kind !== "devices")
		.map((kind) => ({
			kind,
			at: Math.round((0.05 + 0.8 * random.next()) * 100) / 100,
			lasts_ms: kind === "refuse" ? refuse_ms : durationOf(kind, random),
			which: random.next(),
			all: random.next() < 0.3,
		}))
		.toSorted((a, b) => a.at - b.at);
	// Two that strike in the same moment are worse than two apart.
	if (faults.length > 1 && random.next() < 0.5) for (const fault of faults) fault.at = faults[0]?.at ?? fault.at;
	const device_faults = kinds.includes("devices")
		? Array.from({ length: Math.max(6, Math.round(devices * faultyShare)) }, (_, i) => ({
				device: random.between(0, devices - 1),
				fault: deviceFaults[i % deviceFaults.length] as Fault,
			}))
		: [];
	const second_run = random.next() < 0.4;
	// Of so many processes a start takes longest, and most rounds have had another one before.
	const start_again = topology === "one" || seed % 5 === 0;
	return { seed, topology, devices, changed_devices, faults, device_faults, second_run, start_again };
}

function drawKinds(seed: number, there: readonly FaultKind[], random: Random): FaultKind[] {
	const kinds = new Set([there[seed % there.length] as FaultKind]);
	const alone = Math.floor(seed / there.length) % 2 === 0;
	const count = alone ? 1 : random.next() < 0.6 ? 2 : 3;
	while (kinds.size < count) kinds.add(random.pick(there));
	return [...kinds];
}

function durationOf(kind: FaultKind, random: Random): number {
	switch (kind) {
		case "disk_full":
			return random.between(3_000, 12_000);
		case "clock":
			return random.between(3_000, 15_000);
		case "slow_database":
			return random.between(5_000, 15_000);
		case "postgres_cut":
		case "rabbitmq_cut":
		case "redis_cut":
		case "service_cut":
			return random.between(5_000, 20_000);
		default:
			return random.between(0, 3_000);
	}
}

const deviceFaults: Fault[] = [
	{ kind: "hang", at: "output" },
	{ kind: "drop", at: "output" },
	{ kind: "garbage" },
	{ kind: "drip", bytes: 1, delay_ms: 1_000 },
	{ kind: "hang", at: "login" },
	{ kind: "drop", at: "connect" },
	{ kind: "hang", at: "prompt" },
	{ kind: "silent" },
	{ kind: "drop", at: "prompt" },
];

/** The plan in one line: `worker_kill at 37 %, refuse (20 s) at 37 %, 20 faulty devices, second run`. */
export function describePlan({ faults, device_faults, second_run }: RoundPlan): string {
	const parts = faults.map(({ kind, at, lasts_ms, all }) => {
		const cut = kind === "postgres_cut" || kind === "rabbitmq_cut" || kind === "redis_cut" || kind === "service_cut";
		const lasting = cut || kind === "refuse" || kind === "disk_full" || kind === "clock" || kind === "slow_database";
		const late = cut && (all || kind === "service_cut") ? ", then late" : "";
		return `${kind}${lasting ? ` (${Math.round(lasts_ms / 1_000)} s${late})` : ""} at ${Math.round(at * 100)} %`;
	});
	if (device_faults.length > 0) parts.push(`${device_faults.length} faulty devices`);
	if (second_run) parts.push("second run");
	return parts.join(", ");
}
