import type { RunOperation } from "@netconductor/contracts/tasks/model";
import { type ChangedDevice, changeFaults } from "./changes.ts";
import { doorFaults } from "./doors.ts";
import type { DeploymentEvidence, Evidence, RunEvidence } from "./gather-evidence.ts";
import type { Drain } from "./inject-fault.ts";

/** Something that a round must never leave, with what shows it. */
export interface Violation {
	invariant: string;
	evidence: string;
}

/** What the faults of a round may have cost. */
export interface Allowance {
	/** Names of devices that were made to misbehave. */
	faulty: ReadonlySet<string>;
	/** Every connection was broken once: readings may have failed for that. */
	network_cut: boolean;
	/** Readings that may have been lost with their worker, and so made again. */
	lost_readings: number;
	/** Calls that may have been cut off by a process' end, and so are not yet recorded with their outcome. */
	processes_killed: boolean;
	/** SIGTERMs whose effect nothing else blurs. */
	drains: readonly Drain[];
}

type Check = (evidence: Evidence, allowance: Allowance) => string[];

const endedRun = new Set(["succeeded", "partial", "failed", "cancelled", "needs_attention"]);
const endedOperation = new Set(["succeeded", "skipped", "failed", "cancelled", "unknown"]);

const invariants: Record<string, Check> = {
	"every accepted run is there": ({ lost_runs }) => lost_runs.map((id) => `run ${id} was accepted and is gone`),

	"every accepted run ended or waits for a person": ({ runs, deployments }) =>
		[...runs, ...deployments]
			.filter(({ run }) => !endedRun.has(run.status))
			.map(({ run }) => `run ${run.id} is ${run.status}`),

	"each operation has exactly one result": ({ runs, deployments }) => [
		...runs.flatMap(resultsOf),
		...deployments.flatMap(stepsOf),
	],

	"no configuration is pushed twice": ({ deployments, changed }) => changeFaults(deployments, changed),

	"no reading of a healthy device failed": (
		{ runs, deployments, connections, changed_connections },
		{ faulty, network_cut },
	) => {
		const broken = new Set(
			[...connections, ...changed_connections].filter(({ ended }) => ended === "device").map(({ device }) => device),
		);
		const planning = deployments.flatMap(({ operations }) =>
			// What comes after a write depends on what became of it.
			operations.filter(({ step_id }) => step_id === "before" || step_id === "plan"),
		);
		return [...runs.flatMap(({ operations }) => operations), ...planning]
			.filter(({ status, device_name }) => status !== "succeeded" && !faulty.has(device_name))
			.filter(({ device_name }) => !(network_cut && broken.has(device_name)))
			.map(({ device_name, status, error }) => `${device_name}: ${status}, ${error?.code} ${error?.message}`);
	},

	"no backup is double": ({ doubled_backups }) =>
		doubled_backups.map(({ operation_id, rows }) => `operation ${operation_id} has ${rows} backups`),

	"no backup is empty or cut": ({ runs, deployments, contents, configs, changed }, { faulty }) =>
		[...runs, ...deployments]
			.flatMap(({ backups }) => backups)
			.filter(({ status }) => status === "succeeded")
			.flatMap(({ id, device_name }) => {
				const device = changed.find((one) => one.device === device_name);
				const fault =
					device === undefined
						? faultIn(contents.get(id), configs.get(device_name), faulty.has(device_name))
						: faultInChanged(contents.get(id), device);
				return fault === undefined ? [] : [`backup ${id} of ${device_name}: ${fault}`];
			}),

	"every event was delivered": ({ bus }) =>
		bus
			.filter(({ outbox, waiting, dead }) => outbox + waiting + dead > 0)
			.map(
				({ service, outbox, waiting, dead }) =>
					`${service}: ${outbox} not handed on, ${waiting} not handled, ${dead} put aside`,
			),

	"every event took effect once": (evidence) => [...healthFaults(evidence), ...evidence.runs.flatMap(snapshotFaults)],

	"no permission is wider than before": ({ doors }) =>
		doors === undefined ? [] : doorFaults(doors.before, doors.after),

	"the newest backup of each device is the one that its row names": ({ runs, deployments, newest }) => {
		const last = new Map<string, { id: string; created_at: string }>();
		for (const { id, device_id, created_at, status } of [...runs, ...deployments].flatMap(({ backups }) => backups)) {
			const before = last.get(device_id);
			if (status === "succeeded" && (before === undefined || before.created_at < created_at)) {
				last.set(device_id, { id, created_at });
			}
		}
		const named = new Map(newest.map(({ device_id, backup_id }) => [device_id, backup_id]));
		return [...last]
			.filter(([device_id, { id }]) => named.get(device_id) !== id)
			.map(([device_id, { id }]) => `device ${device_id}: ${named.get(device_id)} instead of ${id}`);
	},

	"the audit chain is whole": ({ audit }) => (audit.intact ? [] : [audit.reason ?? "not intact"]),

	"the audit trail tells everything once": ({ audit, runs }, { processes_killed }) => [
		...audit.doubled.map(({ operation, request_id, records }) => `${operation} ${request_id}: ${records} records`),
		...runs.flatMap(({ operations }) =>
			operations
				.filter(({ id, status }) => status === "succeeded" && !audit.revealed.has(id) && !processes_killed)
				.map(({ id, device_name }) => `the login of ${device_name} was handed out unrecorded for operation ${id}`),
		),
		...runs
			.filter(({ snapshot }) => !processes_killed && audit.started.get(snapshot.id) !== 1)
			.map(({ snapshot }) => `the start of ${snapshot.id} has ${audit.started.get(snapshot.id) ?? 0} records`),
		...(processes_killed || audit.open === 0 ? [] : [`${audit.open} changes that began have no end`]),
	],

	"nothing was done twice to a device beyond what a lost reading permits": (evidence, { lost_readings }) => {
		const again = madeAgain(evidence.runs);
		const many =
			again > lost_readings ? [`${again} readings were made again; the faults explain ${lost_readings}`] : [];
		return [...many, ...connectionFaults(evidence)];
	},

	"SIGTERM cuts nothing off": ({ connections }, { faulty, drains }) =>
		drains.flatMap(({ asked_at, ended_at, code }) => [
			...(code === 0 ? [] : [`the main process ended with ${code}`]),
			...connections
				.filter(({ device, closed_at }) => !faulty.has(device) && closed_at !== null && closed_at >= asked_at)
				.filter(({ opened_at, ended }) => opened_at <= ended_at && ended === "cut")
				.map(({ device, lines }) => `the session with ${device} was cut off after ${lines} lines`),
		]),

	"nothing is begun after SIGTERM": ({ runs }, { drains }) =>
		drains.flatMap(({ asked_at, ended_at }) =>
			runs
				.flatMap(({ operations }) => operations)
				.filter(({ started_at }) => {
					const at = Date.parse(started_at ?? "");
					// A worker hears of it a moment later.
					return at > asked_at + 1_000 && at < ended_at;
				})
				.map(
					({ device_name, started_at }) =>
						`${device_name} was begun ${Date.parse(started_at ?? "") - asked_at} ms after the signal`,
				),
		),
};

/** What is wrong, by invariant; nothing when all hold. */
export function findViolations(evidence: Evidence, allowance: Allowance): Violation[] {
	return Object.entries(invariants).flatMap(([invariant, check]) =>
		check(evidence, allowance).map((found) => ({ invariant, evidence: found })),
	);
}

/** Each of them once, ended, and counted as what it is. */
function countFaults({ run, operations }: Pick<RunEvidence, "run" | "operations">): string[] {
	const faults: string[] = [];
	if (operations.length !== run.total) faults.push(`run ${run.id} has ${operations.length} of ${run.total} operations`);
	const counted = countBy(operations, ({ status }) => status);
	for (const [status, count] of Object.entries(run.counts)) {
		if (count !== (counted.get(status) ?? 0)) {
			faults.push(`run ${run.id} counts ${count} ${status}, there are ${counted.get(status) ?? 0}`);
		}
	}
	return faults;
}

function stepsOf({ run, operations }: DeploymentEvidence): string[] {
	const open = operations.filter(({ status }) => !endedOperation.has(status));
	const each = countBy(operations, ({ step_id, device_id }) => `${step_id} on ${device_id}`);
	return [
		...countFaults({ run, operations }),
		...(run.status === "needs_attention" ? [] : open).map(
			({ step_id, device_name, status }) => `${step_id} on ${device_name} is ${status} although its run ended`,
		),
		...[...each].filter(([, count]) => count !== 1).map(([step, count]) => `run ${run.id} has ${step} ${count} times`),
	];
}

function resultsOf({ run, operations, backups }: RunEvidence): string[] {
	const faults = countFaults({ run, operations });
	const byDevice = countBy(backups, ({ device_id }) => device_id);
	for (const { id, device_id, device_name, status, finished_at, result } of operations) {
		if (!endedOperation.has(status) || finished_at === null)
			faults.push(`operation ${id} of ${device_name} is ${status}`);
		const rows = byDevice.get(device_id) ?? 0;
		if (rows !== 1) faults.push(`${device_name} has ${rows} backups in run ${run.id}`);
		const backup = backups.find((found) => found.device_id === device_id);
		if (backup !== undefined && backup.status !== (status === "succeeded" ? "succeeded" : "failed")) {
			faults.push(`operation ${id} of ${device_name} ${status}, its backup ${backup.status}`);
		}
		if (status === "succeeded" && result?.backup_id !== backup?.id) {
			faults.push(`operation ${id} of ${device_name} names backup ${result?.backup_id}, there is ${backup?.id}`);
		}
	}
	return faults;
}

/** What stands before a configuration and is not kept with it (`Building configuration...`), in characters. */
const longestPreamble = 300;

/** A device that sends garbage before its answer may have that in its backup, and nothing else. */
function faultIn(content: string | undefined, answer: string | undefined, isFaulty: boolean): string | undefined {
	if (content === undefined) return "cannot be read";
	if (answer === undefined) return "of a device that the fleet does not have";
	const [kept, sent] = [withoutTimes(content), withoutTimes(answer)];
	if (kept === "") return "empty";
	const isWhole = sent.endsWith(kept) && kept.length >= sent.length - longestPreamble;
	if (isWhole || (isFaulty && kept.includes(sent.slice(longestPreamble)))) return undefined;
	return `${kept.length} characters that are not the ${sent.length} that the device answers`;
}

/** A deployment adds lines, on some platforms one after the other: each that was there before is there, and so is the end. */
function faultInChanged(content: string | undefined, { before }: ChangedDevice): string | undefined {
	if (content === undefined) return "cannot be read";
	const linesOf = (text: string) =>
		withoutTimes(text)
			.split("\n")
			// An empty block of Junos is a statement once it was loaded again.
			.map((line) => line.replace(/[{;\s]+$/, "").trim());
	const kept = linesOf(content);
	const sent = linesOf(before);
	// What stands before the configuration is not kept with it.
	const first = sent.indexOf(kept[0] ?? "");
	const there = new Set(kept);
	const missing = sent.slice(Math.max(0, first)).find((line) => !there.has(line));
	if (missing !== undefined) return `the line ${missing} is not there`;
	return first === -1 || kept.at(-1) !== sent.at(-1) ? "it begins or ends otherwise" : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const terminalMode = /\u001b\[\?\d+[hl]/g;

/** Comments that tell the time, and IOS' idea of its own clock, differ from one reading to the next; some terminals are told how to behave. */
function withoutTimes(text: string): string {
	const lines = text.replaceAll("\r\n", "\n").replaceAll(terminalMode, "").split("\n");
	return lines
		.filter((line) => !/^\W*[!#;].*\d\d:\d\d:\d\d|^ntp clock-period /.test(line))
		.join("\n")
		.trim();
}

function healthFaults({ runs, deployments, health }: Evidence): string[] {
	const entries = new Map(health.map((row) => [`${row.run_id} ${row.device_id}`, row.entries]));
	return [...runs, ...deployments].flatMap(({ run, operations }) =>
		[...Map.groupBy(operations, ({ device_id }) => device_id)]
			.map(([device_id, steps]) => ({
				device_name: steps[0]?.device_name,
				found: entries.get(`${run.id} ${device_id}`) ?? 0,
				// What went wrong on our side says nothing about the device.
				expected: steps.filter(
					({ status, error }) => status === "succeeded" || (status === "failed" && error?.code.startsWith("device.")),
				).length,
			}))
			.filter(({ found, expected }) => found !== expected)
			.map(
				({ device_name, found, expected }) =>
					`${device_name}: ${found} health entries of run ${run.id}, not ${expected}`,
			),
	);
}

function snapshotFaults({ snapshot, operations, backups, run }: RunEvidence): string[] {
	const succeeded = operations.filter(({ status }) => status === "succeeded").length;
	const expected = {
		run_id: run.id,
		succeeded,
		failed: operations.length - succeeded,
		changed: backups.filter(({ changed }) => changed).length,
		status: succeeded === operations.length ? "complete" : succeeded === 0 ? "failed" : "partial",
		size_bytes: backups.reduce((sum, { size_bytes }) => sum + (size_bytes ?? 0), 0),
	};
	return Object.entries(expected)
		.filter(([field, value]) => snapshot[field as keyof typeof expected] !== value)
		.map(
			([field, value]) =>
				`snapshot ${snapshot.id} has ${field} ${snapshot[field as keyof typeof expected]}, the truth is ${value}`,
		);
}

/** A session takes so many lines: what is sent before the configuration, the commands for it, a goodbye. */
const mostLines = 8;

function connectionFaults({ runs, connections, configs }: Evidence): string[] {
	const attempts = new Map<string, number>();
	const readings = new Map<string, number>();
	for (const operation of runs.flatMap(({ operations }) => operations)) {
		// A write takes as many sessions as it takes; its pushes are counted instead.
		if (!configs.has(operation.device_name)) continue;
		attempts.set(operation.device_name, (attempts.get(operation.device_name) ?? 0) + operation.attempts);
		if (operation.status === "succeeded") {
			readings.set(operation.device_name, (readings.get(operation.device_name) ?? 0) + 1);
		}
	}
	const seen = new Map<string, { connections: number; lines: number; configs: number }>();
	for (const { device, lines, configs } of connections) {
		const sum = seen.get(device) ?? { connections: 0, lines: 0, configs: 0 };
		seen.set(device, {
			connections: sum.connections + 1,
			lines: sum.lines + lines,
			configs: sum.configs + configs,
		});
	}
	return [...attempts].flatMap(([device, allowed]) => {
		const sum = seen.get(device) ?? { connections: 0, lines: 0, configs: 0 };
		const faults: string[] = [];
		if (sum.connections > allowed) faults.push(`${device} had ${sum.connections} connections for ${allowed} attempts`);
		if (sum.lines > allowed * mostLines) faults.push(`${device} took ${sum.lines} lines for ${allowed} attempts`);
		if (sum.configs < (readings.get(device) ?? 0)) {
			faults.push(`${device} showed its configuration ${sum.configs} times for ${readings.get(device)} backups`);
		}
		return faults;
	});
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
	const counts = new Map<string, number>();
	for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
	return counts;
}

/** Readings that were made again. */
export function madeAgain(runs: readonly { operations: readonly Pick<RunOperation, "attempts">[] }[]): number {
	return runs.flatMap(({ operations }) => operations).reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0);
}
