import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { QueuedRun, Worker } from "@netconductor/contracts/tasks/model";
import type { Command } from "commander";
import type { z } from "zod";
import type { Open } from "../cli.ts";
import { addListCommand } from "../list-command.ts";
import { renderTable } from "../output/table.ts";
import { ago, count } from "../output/words.ts";

/** `workers`: the processes that do the work, and what waits for them. */
export function addWorkerCommands(program: Command, open: Open): void {
	const workers = program.command("workers").description("Worker processes, and what waits for them");

	addListCommand<z.output<typeof Worker>>(workers, open, {
		description: "Worker processes, newest first; those that ended are kept for a day",
		operation: tasksApi.operations.listWorkers,
		read: (cli, query) => cli.clients.tasks.listWorkers({ query }),
		noun: "worker",
		columns: [
			{ title: "ID", value: ({ id }) => id, whole: true },
			{
				title: "STATUS",
				value: ({ status }) => status,
				style: ({ status }) => (status === "online" ? "good" : status === "lost" ? "bad" : "dim"),
			},
			{ title: "POOL", value: ({ pool }) => pool },
			{ title: "HOST", value: ({ hostname }) => hostname },
			{ title: "PID", value: ({ pid }) => pid, align: "right" },
			{ title: "RUNNING", value: ({ running, concurrency }) => `${running}/${concurrency}`, align: "right" },
			{ title: "DONE", value: ({ completed }) => completed, align: "right" },
			{ title: "SEEN", value: ({ last_heartbeat_at }) => ago(last_heartbeat_at, new Date()) },
		],
	});

	addListCommand<QueuedRun>(workers, open, {
		name: "queue",
		description: "Runs that wait for workers or are on them, the one that has waited longest first",
		operation: tasksApi.operations.listQueue,
		read: (cli, query) => cli.clients.tasks.listQueue({ query }),
		noun: "run",
		columns: [
			{ title: "RUN", value: ({ run_id }) => run_id, whole: true },
			{ title: "TITLE", value: ({ title }) => title },
			{ title: "WAITING", value: ({ pending }) => pending, align: "right" },
			{ title: "RUNNING", value: ({ running }) => running, align: "right" },
			{ title: "SINCE", value: ({ oldest_pending_at }) => ago(oldest_pending_at, new Date()) },
			{ title: "BY", value: ({ started_by }) => started_by },
		],
	});

	workers
		.command("pools")
		.description("Pools that have workers or work, and what waits in them")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const { by_pool } = await cli.clients.tasks.getWorkerStats({});
			cli.print({ items: by_pool }, () =>
				renderTable(
					[
						{ title: "POOL", value: ({ pool }) => pool },
						{
							title: "WORKERS",
							value: ({ workers_online, waiting }) =>
								workers_online === 0 && waiting > 0 ? "none runs" : workers_online,
							style: ({ workers_online, waiting }) => (workers_online === 0 && waiting > 0 ? "bad" : "dim"),
							align: "right",
						},
						{ title: "AT A TIME", value: ({ concurrency }) => concurrency, align: "right" },
						{ title: "WAITING", value: ({ waiting }) => waiting, align: "right" },
					],
					by_pool,
					cli.terminal,
				),
			);
		});

	workers
		.command("drain <worker>")
		.description(
			"Have a worker (id) finish what it has, take nothing more and end. One that the server started is replaced by a new one",
		)
		.action(async (id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const worker = await cli.clients.tasks.drainWorker({ params: { id } });
			cli.print(
				worker,
				() =>
					`Worker ${worker.id} takes nothing more and ends after what it has: ${count(worker.running, "operation")}, as of its last sign of life.\n`,
			);
		});
}
