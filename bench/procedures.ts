// What a procedure costs by itself: the real product, steps that do nothing and steps that ask a simulated device.
import { eventually, runEnded } from "@netconductor/e2e/product";
import { type FleetProcess, startFleetProcess } from "@netconductor/lab/sim/process";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { importFleet, type MeasuredProduct, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Runs procedures of so many steps with the real product: of messages, of assertions over variables, and of a command on a simulated device. Time is
from the procedure's beginning to its end, by its own steps.`,
	{
		steps: { is: 50, text: "steps of each procedure" },
		rounds: { is: 5, text: "how often each procedure is run; the median counts" },
	},
);

const kinds = {
	messages: (n: number) => ({ id: `s${n}`, type: "log", with: { message: `step ${n} of {{ total }}` } }),
	commands: (n: number) => ({ id: `s${n}`, type: "run_command", with: { commands: ["show clock"] } }),
} as const;

interface Measured {
	/** From the beginning of the first step to the end of the last, per step. */
	ms_per_step: number;
	/** From a step's end to the next one's beginning. */
	between_ms: number;
	/** Time that steps themselves took. */
	within_ms: number;
}

async function once({ api }: MeasuredProduct, mop: string): Promise<Measured> {
	const { run_id } = await api.config.executeMop({ params: { id: mop }, body: {} });
	const run = await runEnded(api, run_id, 600_000);
	if (run.status !== "succeeded") throw new Error(`the procedure ended ${run.status}: ${run.end_reason}`);
	const { items } = await api.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	const at = (time: string | null) => Date.parse(time ?? "");
	const whole = at(items.at(-1)?.finished_at ?? null) - at(items[0]?.started_at ?? null);
	const within = items.reduce((sum, step) => sum + (step.duration_ms ?? 0), 0);
	return {
		ms_per_step: whole / items.length,
		between_ms: (whole - within) / items.length,
		within_ms: within / items.length,
	};
}

async function measure(measured: MeasuredProduct, fleet: FleetProcess) {
	const { api } = measured;
	await importFleet(api, fleet);
	const rows: Record<string, Measured> = {};
	for (const [name, stepOf] of Object.entries(kinds)) {
		const steps = Array.from({ length: options.steps }, (_, index) => stepOf(index + 1));
		const document = { name, variables: { total: options.steps }, targets: { all: true }, steps };
		const { id } = await api.config.createMop({ body: { source: JSON.stringify(document) } });
		const rounds: Measured[] = [];
		for (let round = 0; round < options.rounds; round++) rounds.push(await once(measured, id));
		const of = (part: keyof Measured) => median(rounds.map((found) => found[part]));
		rows[name] = { ms_per_step: of("ms_per_step"), between_ms: of("between_ms"), within_ms: of("within_ms") };
	}
	return rows;
}

const fleet = await startFleetProcess({ devices: [{ name: "bench-1", platform: "cisco_ios" }] });
const measured = await startMeasuredProduct();
try {
	await eventually("the worker", async () => (await measured.api.tasks.getWorkerStats({})).workers_online > 0);
	const rows = await measure(measured, fleet);
	const figures = Object.entries(rows).flatMap(([name, { ms_per_step, between_ms, within_ms }]) => [
		{ name: `${options.steps} ${name}, a step`, value: ms_per_step, unit: "ms", at_most: 20 },
		{ name: `${options.steps} ${name}, of it between steps`, value: between_ms, unit: "ms" },
		{ name: `${options.steps} ${name}, of it within the step`, value: within_ms, unit: "ms" },
	]);
	printReport({ tables: [], figures }, options);
} finally {
	await measured.stop();
	await fleet.stop();
}
