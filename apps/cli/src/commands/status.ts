import type { Command } from "commander";
import { z } from "zod";
import type { Cli, Open } from "../cli.ts";
import { fetchFrom } from "../client.ts";
import { isNotForRole, workFailure } from "../failure.ts";
import { renderFields, renderTable } from "../output/table.ts";
import { ago, count, localTime } from "../output/words.ts";

const HealthReport = z.object({
	status: z.enum(["ok", "failed"]),
	checks: z.record(
		z.string(),
		z.object({ status: z.enum(["ok", "failed"]), detail: z.string().optional(), ms: z.number() }),
	),
});

/** `status`: is everything well, and is the fleet backed up? */
export function addStatusCommand(program: Command, open: Open): void {
	program
		.command("status")
		.description("Health of the server, its workers, and how well the fleet is backed up")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const [health, workers, backups, devices] = await Promise.all([
				readHealth(cli),
				ifPermitted(cli.clients.tasks.getWorkerStats({})),
				ifPermitted(readBackups(cli)),
				ifPermitted(countDevices(cli)),
			]);
			cli.print({ url: cli.url, health, workers, backups, devices }, () =>
				render(cli, { health, workers, backups, devices }),
			);
			if (health.status !== "ok") {
				const failing = Object.entries(health.checks).filter(([, check]) => check.status !== "ok");
				throw workFailure(
					"cli.not_ready",
					"The server is not ready",
					failing.map(([name, { detail }]) => `${name}: ${detail ?? "failed"}`).join("\n"),
				);
			}
		});
}

type Status = {
	health: z.infer<typeof HealthReport>;
	workers: Awaited<ReturnType<Cli["clients"]["tasks"]["getWorkerStats"]>> | null;
	backups: Awaited<ReturnType<typeof readBackups>> | null;
	devices: Awaited<ReturnType<typeof countDevices>> | null;
};

async function readHealth(cli: Cli): Promise<z.infer<typeof HealthReport>> {
	const response = await fetchFrom(cli.url, "/health/ready", { timeout_ms: 15_000 });
	const parsed = HealthReport.safeParse(await response.json().catch(() => undefined));
	if (parsed.success) return parsed.data;
	throw workFailure(
		"cli.not_netconductor",
		"Something else answers there",
		`${cli.url} does not answer like NetConductor.`,
	);
}

/** Null for what this role may not see: the rest of the status is still worth having. */
async function ifPermitted<T>(answer: Promise<T>): Promise<T | null> {
	try {
		return await answer;
	} catch (error) {
		if (isNotForRole(error)) return null;
		throw error;
	}
}

async function readBackups({ clients: { backup } }: Cli) {
	const [snapshots, schedule, { counts }] = await Promise.all([
		backup.listSnapshots({ query: { page_size: 1 } }),
		ifPermitted(backup.getBackupSchedule({})),
		backup.getCoverage({ query: { page_size: 1 } }),
	]);
	return {
		coverage: counts,
		newest_snapshot: snapshots.items[0] ?? null,
		schedule_enabled: schedule?.enabled ?? null,
		next_run: schedule?.next_runs[0] ?? null,
		last_error: schedule?.last_error ?? null,
	};
}

async function countDevices({ clients: { devices } }: Cli) {
	const { total, enabled, by_health, changed_host_keys } = await devices.getDeviceSummary({});
	return { total, disabled: total - enabled, by_health, changed_host_keys };
}

function render(cli: Cli, { health, workers, backups, devices }: Status): string {
	const { paint } = cli.terminal;
	const notShown = "your role may not see this";
	const snapshot = backups?.newest_snapshot;
	const fields = renderFields(
		[
			["Server", cli.url],
			["Health", health.status === "ok" ? "ready" : "not ready"],
			[
				"Workers",
				workers === null
					? notShown
					: `${workers.workers_online} online, ${workers.running} running, ${workers.pending} waiting; ${workers.failed_last_hour} of ${count(workers.completed_last_hour, "operation")} failed in the last hour`,
			],
			[
				"Devices",
				devices === null
					? notShown
					: [
							count(devices.total, "device"),
							...Object.entries(devices.by_health)
								.filter(([, amount]) => amount > 0)
								.map(([name, amount]) => `${amount} ${name}`),
							...(devices.disabled > 0 ? [`${devices.disabled} disabled`] : []),
						].join(", "),
			],
			[
				"Backed up",
				backups === null
					? undefined
					: `${backups.coverage.good} of ${count(backups.coverage.devices, "enabled device")} in the last two days, ${backups.coverage.stale} longer ago, ${backups.coverage.never} never`,
			],
			[
				"Host keys",
				devices && devices.changed_host_keys > 0
					? `${count(devices.changed_host_keys, "device")} with a changed key; \`netconductor devices trust\` decides`
					: undefined,
			],
			[
				"Newest snapshot",
				backups === null
					? notShown
					: snapshot
						? `${snapshot.name} (${snapshot.status}, ${ago(snapshot.created_at, new Date())}): ${snapshot.succeeded} of ${snapshot.devices} backed up, ${snapshot.failed} failed, ${snapshot.changed} changed`
						: "none yet; `netconductor backup run --all` takes one",
			],
			[
				"Next backup",
				backups === null || backups.schedule_enabled === null
					? undefined
					: backups.schedule_enabled
						? localTime(backups.next_run)
						: "no schedule; `netconductor backup schedule set` makes one",
			],
			["Schedule", backups?.last_error ? `last run failed: ${backups.last_error}` : undefined],
		],
		paint,
	);
	const checks = Object.entries(health.checks);
	const bad = checks.filter(([, check]) => check.status !== "ok");
	if (bad.length === 0) return fields;
	return `${fields}\n${renderTable(
		[
			{ title: "CHECK", value: ([name]) => name },
			{ title: "STATUS", value: ([, { status }]) => status, style: () => "bad" as const },
			{ title: "DETAIL", value: ([, { detail }]) => detail ?? "" },
		],
		bad,
		cli.terminal,
	)}`;
}
