import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FleetProcess } from "@netconductor/lab/sim/process";
import { addFleet, type Clients, eventually, type Product, signedIn, startProduct } from "../src/product.ts";
import { type Brokers, emptyBrokers } from "./brokers.ts";
import { type ChangedFleet, inviteApprover, planDeployment, startChangedFleet } from "./changes.ts";
import { mountSmallDisk, type SmallDisk } from "./disk.ts";
import { inviteVisitors, knockAtDoors } from "./doors.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createFootprint, findLeftovers } from "./find-leftovers.ts";
import { gatherBus, gatherEvidence } from "./gather-evidence.ts";
import { type Drain, injectFault, type Scene } from "./inject-fault.ts";
import { type Allowance, findViolations, madeAgain, type Violation } from "./invariants.ts";
import { createOperator } from "./operator.ts";
import { describePlan, type RoundPlan } from "./plan-round.ts";
import { askPostgres } from "./postgres.ts";
import { type Stretch, stretchWires } from "./stretch-wires.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

export interface RoundResult {
	plan: RoundPlan;
	seconds: number;
	/** Connections that the fleet saw. */
	sessions: number;
	lines: number;
	/** Readings that were made again because their worker was lost. */
	made_again: number;
	/** Changes that devices counted. */
	pushes: number;
	/** Writes of which nobody can say what became of them. */
	unknown: number;
	runs: number;
	violations: Violation[];
	timeline: string[];
	/** Where everything of a round that failed, or was to be kept, lies. */
	kept: string | undefined;
}

export interface RoundOptions {
	fleet: FleetProcess;
	/** Configurations of the fleet, by device. */
	configs: Map<string, string>;
	/** Keeps the data also of a round that went well. */
	keep?: boolean | undefined;
	lease_ms?: number | undefined;
	/** For the topology `distributed`. */
	brokers?: Brokers | undefined;
}

const workers = 2;
const concurrency = 25;
/** To get to each fault, and to end after the last one. */
const longestRun_ms = 300_000;

/** Starts a product of its own, does to it what the plan says, and says what does not hold afterwards. */
export async function runRound(
	plan: RoundPlan,
	{ fleet, configs, keep, lease_ms, brokers: given }: RoundOptions,
): Promise<RoundResult> {
	const timeline = createTimeline();
	// Where PostgreSQL's account gets to, too.
	const folder = mkdtempSync(join(tmpdir(), `netconductor-chaos-${plan.seed}-`), { encoding: "utf8" });
	const data_dir = join(folder, "data");
	const temp_dir = join(folder, "tmp");
	makeOpen(folder);
	mkdirSync(temp_dir, { mode: 0o1777 });
	const has = (kind: string) => plan.faults.some((fault) => fault.kind === kind);
	const disk = has("disk_full") ? mountSmallDisk(data_dir) : undefined;
	const clock = has("clock") ? createFakeClock(folder) : undefined;
	const distributed = plan.topology === "distributed";
	const brokers = distributed ? given : undefined;
	const violations: Violation[] = [];
	let product: Product | undefined;
	let changed: ChangedFleet | undefined;
	let stretch: Stretch | undefined;
	let told = { sessions: 0, lines: 0, made_again: 0, pushes: 0, unknown: 0, runs: 0 };
	try {
		await eventually("the fleet is alone", async () => (await fleet.totalStats()).open_connections === 0);
		await fleet.forgetConnections();
		if (distributed && brokers === undefined) throw new Error("a distributed product needs brokers");
		if (brokers !== undefined) await emptyBrokers(brokers);
		if (plan.changed_devices > 0) changed = await startChangedFleet(plan.changed_devices, plan.seed);
		mkdirSync(data_dir, { recursive: true, mode: 0o700 });
		stretch = await stretchWires(plan, data_dir, brokers);
		product = await startProduct(
			{
				TMPDIR: temp_dir,
				...stretch.env,
				// Doors are knocked at by the hundred.
				NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "100000",
				NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "100000",
				NETCONDUCTOR_WORKERS_PROCESSES: String(workers),
				NETCONDUCTOR_WORKERS_CONCURRENCY: String(concurrency),
				...(lease_ms !== undefined && { NETCONDUCTOR_WORKERS_LEASE_MS: String(lease_ms) }),
				...clock?.env,
			},
			data_dir,
			{ distributed },
		);
		timeline.add("started");
		const { wires, database } = stretch;
		const stage = { plan, product, fleet, configs, timeline, disk, clock, brokers, temp_dir, violations, changed };
		told = await play({ ...stage, wires, database });
	} catch (error) {
		violations.push({
			invariant: "the round can be played to its end",
			evidence: error instanceof Error ? (error.stack ?? error.message) : String(error),
		});
		await product?.server.end("SIGKILL");
	} finally {
		for (const { device } of plan.device_faults) await fleet.setFault(fleet.devices[device]?.name ?? "", null);
		await changed?.fleet.stop();
		await stretch?.close();
	}
	const seconds = timeline.seconds();
	const failed = violations.length > 0;
	if (failed || keep) keepRecord(folder, { plan, violations, timeline, product });
	else {
		disk?.unmount();
		rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	}
	return {
		plan,
		seconds,
		...told,
		violations,
		timeline: timeline.lines(),
		kept: failed || keep ? folder : undefined,
	};
}

interface Stage {
	plan: RoundPlan;
	product: Product;
	fleet: FleetProcess;
	configs: Map<string, string>;
	timeline: Timeline;
	disk: SmallDisk | undefined;
	clock: FakeClock | undefined;
	brokers: Brokers | undefined;
	changed: ChangedFleet | undefined;
	wires: Stretch["wires"];
	/** A PostgreSQL that is not the product's own. */
	database: Stretch["database"];
	temp_dir: string;
	violations: Violation[];
}

async function play(stage: Stage) {
	const { plan, product, fleet, changed, timeline, violations } = stage;
	const { data_dir } = product;
	const api = product.as(product.admin_token);
	await addFleet(api, fleet);
	if (changed !== undefined) await addFleet(api, changed.fleet);
	const faulty = await spoilDevices(stage, api);
	await inviteVisitors(api);
	if (changed !== undefined) await inviteApprover(api);
	const before = await knockAtDoors(product, data_dir);
	timeline.add("knocked at the doors");
	const footprint = createFootprint(data_dir);
	footprint.look();

	const operator = createOperator(product, timeline);
	const scene: Scene = { ...stage, operator, drains: [] };
	const accepted = await struckRun(scene, stage, api, () => footprint.look());
	await operator.settled();
	footprint.look();
	await allEnded(data_dir, timeline);

	// The clock may have outdated the token. A service that was struck may have a moment to go until it is back.
	const again = await eventually("somebody can sign in", () => signedIn(product.url).catch(() => undefined), 120_000);
	const after = await knockAtDoors(again, data_dir);
	// Refusals are audited, too.
	await eventually("all events are handled", () => nothingWaits(data_dir, stage.brokers), 60_000).catch(
		() => undefined,
	);
	const evidence = await gatherEvidence(accepted, {
		api: again.as(again.admin_token),
		data_dir,
		fleet,
		configs: stage.configs,
		changed,
		doors: { before, after },
	});
	violations.push(...findViolations(evidence, allowanceOf(plan, faulty, scene.drains)));
	violations.push(
		...operator.faults().map((evidence) => ({ invariant: "it starts and stays up without a hand", evidence })),
	);
	timeline.add("looked at everything");

	await operator.dismiss();
	violations.push(...(await stopAndStartAgain({ ...stage, footprint })));
	const writes = evidence.deployments.flatMap(({ operations }) => operations);
	return {
		sessions: evidence.connections.length,
		lines: evidence.connections.reduce((sum, { lines }) => sum + lines, 0),
		made_again: madeAgain([...evidence.runs, ...evidence.deployments]),
		pushes: evidence.changed.reduce((sum, { pushes }) => sum + pushes, 0),
		unknown: writes.filter(({ status }) => status === "unknown").length,
		runs: evidence.runs.length + evidence.deployments.length,
	};
}

/** Makes devices misbehave, and gives up on them soon. */
async function spoilDevices({ plan, fleet }: Stage, api: Clients): Promise<Set<string>> {
	const faulty = new Set<string>();
	for (const { device, fault } of plan.device_faults) {
		const name = fleet.devices[device]?.name ?? "";
		if (faulty.has(name)) continue;
		faulty.add(name);
		await fleet.setFault(name, fault);
		const { items } = await api.devices.listDevices({ query: { q: name } });
		const id = items.find((found) => found.name === name)?.id ?? "";
		await api.devices.putOverride({
			params: { id },
			body: { timeouts: { connect_ms: 5_000, auth_ms: 5_000, prompt_ms: 5_000, command_ms: 5_000 } },
		});
	}
	return faulty;
}

/** Starts the runs, strikes when the plan says so, and answers which were accepted once all faults are over. */
async function struckRun(scene: Scene, { plan }: Stage, api: Clients, look: () => void): Promise<string[]> {
	const { timeline, product, changed } = scene;
	const deployment = changed === undefined ? undefined : await planDeployment(product, api, changed);
	const accepted = deployment === undefined ? [] : [deployment.run_id];
	if (deployment !== undefined) timeline.add(`deployment ${deployment.run_id} waits for its approval`);
	const [planned = 0] = await endedAndAll(product.data_dir, accepted);
	const { run_id } = await api.backup.runAll({ body: {} });
	accepted.push(run_id);
	timeline.add(`backup ${run_id} accepted: ${describePlan(plan)}`);
	const together = accepted.slice();
	await deployment?.approve();
	const striking: Promise<void>[] = [];
	const waiting = plan.faults.slice();
	for (const until = performance.now() + longestRun_ms; waiting.length > 0 && performance.now() < until; ) {
		const [ended, all] = await endedAndAll(product.data_dir, together);
		const share = ended === undefined || all === undefined ? undefined : (ended - planned) / Math.max(1, all - planned);
		while (waiting[0] !== undefined && share !== undefined && waiting[0].at <= share) {
			look();
			const first = striking.length === 0;
			const fault = waiting.shift();
			if (fault !== undefined) striking.push(injectFault(fault, scene));
			if (first && plan.second_run) striking.push(askForAnother(api, accepted, timeline));
		}
		await sleep(50);
	}
	if (waiting.length > 0) throw new Error(`the runs did not get as far as ${waiting[0]?.at} for ${waiting[0]?.kind}`);
	if (plan.faults.length === 0 && plan.second_run) await askForAnother(api, accepted, timeline);
	await Promise.all(striking);
	return accepted;
}

async function askForAnother(api: Clients, accepted: string[], timeline: Timeline): Promise<void> {
	try {
		const { run_id } = await api.backup.runAll({ body: { name: "Second" } });
		accepted.push(run_id);
		timeline.add(`run ${run_id} accepted`);
	} catch (error) {
		timeline.add(`a second run was not accepted: ${(error as Error).message.slice(0, 120)}`);
	}
}

/** How many of the runs' operations have ended, and how many there are; nothing while nobody can tell. */
async function endedAndAll(data_dir: string, run_ids: readonly string[]): Promise<[number, number] | []> {
	const [counts] = await askPostgres<{ ended: number; total: number }>(
		data_dir,
		"select count(*) filter (where finished_at is not null)::int as ended, count(*)::int as total from tasks.operations where run_id = any($1::uuid[])",
		[run_ids],
	).catch(() => []);
	return counts === undefined ? [] : [counts.ended, counts.total];
}

async function allEnded(data_dir: string, timeline: Timeline): Promise<void> {
	await eventually(
		"all runs end",
		async () => {
			const rows = await askPostgres<{ open: number }>(
				data_dir,
				"select count(*)::int as open from tasks.runs where finished_at is null",
			).catch(() => []);
			return rows[0]?.open === 0;
		},
		longestRun_ms,
	).then(
		() => timeline.add("all runs ended"),
		// The invariants tell which.
		() => timeline.add("not all runs ended"),
	);
}

/** Also not in the broker, which knows a dead connection's messages to be nobody's a while after the connection was cut. */
async function nothingWaits(data_dir: string, brokers: Brokers | undefined): Promise<boolean> {
	const bus = await gatherBus(data_dir).catch(() => undefined);
	if (!bus?.every(({ outbox, waiting }) => outbox + waiting === 0)) return false;
	if (brokers === undefined) return true;
	if ((await brokers.rabbit.messages()) > 0) return false;
	// What it had a moment ago may have arrived.
	return nothingWaits(data_dir, undefined);
}

/** What these faults may cost, at most. */
function allowanceOf(plan: RoundPlan, faulty: ReadonlySet<string>, drains: readonly Drain[]): Allowance {
	const kinds = new Set(plan.faults.map(({ kind }) => kind));
	const all = workers * concurrency;
	// Each of these ends no worker, nor keeps one from its lease.
	const harmless = ["sigterm", "network_cut", "redis_kill", "redis_cut", "gateway_kill", "devices_kill", "backup_kill"];
	const lost = plan.faults.filter(({ kind }) => !harmless.includes(kind)).length;
	// The clock's two jumps are two.
	const lost_readings = all * (lost + (kinds.has("clock") ? 1 : 0));
	const blurred = plan.faults.some(({ kind }) => kind !== "sigterm");
	return {
		faulty,
		network_cut: kinds.has("network_cut"),
		lost_readings,
		processes_killed: plan.faults.some(({ kind }) => kind !== "sigterm" && kind !== "network_cut"),
		drains: blurred ? [] : drains,
	};
}

/** How long an idle product may take to stop: every service of a distributed one after those that call it. */
const longestStop_ms = { one: 10_000, distributed: 30_000 };

async function stopAndStartAgain({
	plan,
	product,
	database,
	temp_dir,
	footprint,
	timeline,
}: Stage & { footprint: ReturnType<typeof createFootprint> }): Promise<Violation[]> {
	const found: Violation[] = [];
	for (const which of ["first", "second"] as const) {
		footprint.look();
		const asked = performance.now();
		const ended = await product.server.end("SIGTERM");
		const took = performance.now() - asked;
		timeline.add(`stopped in ${Math.round(took)} ms`);
		if (ended?.code !== 0) {
			found.push({ invariant: "it stops by itself", evidence: `ended with ${ended?.signal ?? ended?.code}` });
		}
		if (took > longestStop_ms[plan.topology]) {
			found.push({ invariant: "it stops by itself", evidence: `took ${Math.round(took)} ms although nothing ran` });
		}
		await database?.stop();
		const leftovers = findLeftovers(product.data_dir, temp_dir, footprint);
		found.push(...leftovers.map((evidence) => ({ invariant: "nothing is left over", evidence })));
		// A database of somebody else is not started with the product.
		if (which === "second" || !plan.start_again || database !== undefined) break;
		try {
			await product.restart();
			const door = await signedIn(product.url);
			const { intact, reason } = await door.as(door.admin_token).audit.verifyAudit({ query: {} });
			if (!intact) found.push({ invariant: "the audit chain is whole", evidence: reason ?? "not intact" });
			timeline.add("started again");
		} catch (error) {
			found.push({ invariant: "the next start needs no hand", evidence: (error as Error).message });
			break;
		}
	}
	return found;
}

function makeOpen(folder: string): void {
	// mkdtemp closes it; PostgreSQL's account must get to the clock.
	rmSync(folder, { recursive: true });
	mkdirSync(folder, { mode: 0o755 });
}

function keepRecord(
	folder: string,
	{
		plan,
		violations,
		timeline,
		product,
	}: { plan: RoundPlan; violations: Violation[]; timeline: Timeline; product: Product | undefined },
): void {
	writeFileSync(
		join(folder, "round.json"),
		JSON.stringify({ plan, violations, timeline: timeline.lines() }, undefined, "\t"),
	);
	writeFileSync(join(folder, "output.log"), product?.output() ?? "");
}
