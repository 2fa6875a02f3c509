// What ten thousand schedules cost while none is due, and how soon runs start when many are due at once.
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@netconductor/e2e/product";
import { startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Leaves the product alone without schedules and with many of which none is due, and tells the CPU of both; then has some come due at one moment, and
tells how long after it their runs started.`,
	{
		schedules: { is: 10_000, text: "schedules, none of them due while it is looked" },
		due: { is: 100, text: "schedules that come due at one moment" },
		"settle-s": { is: 20, text: "how long to leave it alone before looking" },
		seconds: { is: 60, text: "how long to look" },
	},
);

async function idle({ cpu }: MeasuredProduct): Promise<{ main: number; postgres: number }> {
	await sleep(options["settle-s"] * 1_000);
	const before = cpu();
	const started = performance.now();
	await sleep(options.seconds * 1_000);
	const elapsed_ms = performance.now() - started;
	const after = cpu();
	const share = (of: "main" | "postgres") => ((after[of] - before[of]) / elapsed_ms) * 100;
	return { main: share("main"), postgres: share("postgres") };
}

const fleet = await startFleetProcess({ devices: { count: options.due, platforms: ["cisco_ios"] } });
const measured = await startMeasuredProduct({
	env: { NETCONDUCTOR_WORKERS_PROCESSES: "1", NETCONDUCTOR_HTTP_REQUESTS_PER_MINUTE: "10000000" },
});
try {
	const { api } = measured;
	await importFleet(api, fleet);
	const names = (await api.devices.listDevices({ query: { page_size: 500 } })).items.map(({ name }) => name);
	const without = await idle(measured);

	const kind = "connectivity_test";
	const zones = ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "UTC"];
	let made = 0;
	await Promise.all(
		Array.from({ length: 8 }, async () => {
			while (made < options.schedules) {
				const n = made++;
				const params = { select: { names: [names[n % names.length] ?? ""] } };
				// Spread over the year; the month that begins now is left out.
				const months = [((new Date().getMonth() + 2 + (n % 10)) % 12) + 1];
				const timing = { type: "monthly" as const, on: { type: "last_day" as const }, months, times: ["03:17"] };
				await api.scheduling.createSchedule({
					body: { name: `far ${n}`, kind, params, time_zone: zones[n % zones.length], timing },
				});
			}
		}),
	);
	// What adding them left to PostgreSQL to do later is no cost of having them.
	const database = await measured.connectDatabase();
	await database.query("vacuum analyze");
	await database.query("checkpoint");
	await database.end();
	const many = await idle(measured);

	// The minute after the next: all of them are there by then.
	const at = new Date(Math.ceil(Date.now() / 60_000) * 60_000 + 60_000);
	for (const [n, name] of names.slice(0, options.due).entries()) {
		const timing = { type: "once" as const, at: at.toISOString().slice(0, 16) };
		await api.scheduling.createSchedule({
			body: { name: `due ${n}`, kind, params: { select: { names: [name] } }, timing },
		});
	}
	if (Date.now() >= at.getTime()) throw new Error("adding them took longer than a minute");
	await sleep(at.getTime() - Date.now());
	const late = await eventually("every run has started", async () => {
		const { items } = await api.scheduling.listOccurrences({ query: { limit: 500, from: at.toISOString() } });
		const started = items.flatMap(({ started_at }) =>
			started_at === null ? [] : [Date.parse(started_at) - at.getTime()],
		);
		return started.length === options.due && started;
	});
	printReport(
		{
			tables: [
				{
					title: `Idle for ${options.seconds} s, % of a core`,
					columns: ["", "main process", "PostgreSQL"],
					rows: [
						["no schedules", without.main, without.postgres],
						[`${options.schedules} schedules, none due`, many.main, many.postgres],
					],
				},
			],
			figures: [
				{
					name: `CPU of everything with ${options.schedules} schedules, none due`,
					value: many.main + many.postgres,
					unit: "% of a core",
					at_most: 2,
				},
				{ name: `${options.due} due at one moment: half of the runs started within`, value: median(late), unit: "ms" },
				{ name: "and all of them within", value: Math.max(...late), unit: "ms", at_most: 2_000 },
			],
			notes: [
				"The whole product is looked at, with everything else that its main process does while nothing happens; a run has started when the tasks service has accepted it.",
			],
		},
		options,
	);
} finally {
	await measured.stop();
	await fleet.stop();
}
