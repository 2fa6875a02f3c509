import { systemApi } from "@netconductor/contracts/system/api";
import type { DeadLetterPage, ServiceDeadLetter } from "@netconductor/contracts/system/dead-letters";
import type { Command } from "commander";
import { confirmed, type Open } from "../cli.ts";
import { usageFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderFields } from "../output/table.ts";
import { ago, count, localTime } from "../output/words.ts";

/** `system dead-letters`: events that services could not apply. */
export function addDeadLetterCommands(system: Command, open: Open): void {
	const letters = system
		.command("dead-letters")
		.description("Events that a service could not apply and put aside after ten attempts");
	addListCommand<ServiceDeadLetter>(letters, open, {
		description: "Those of all services, the oldest first",
		operation: systemApi.operations.listDeadLetters,
		async read(cli, query) {
			const page: DeadLetterPage = await cli.clients.system.listDeadLetters({ query });
			for (const service of page.silent_services) cli.note(`${service} does not answer: its own are not shown`);
			return page;
		},
		noun: "event put aside",
		plural: "events put aside",
		columns: [
			{ title: "SERVICE", value: ({ service }) => service },
			{ title: "EVENT", value: ({ name }) => name },
			{ title: "HAPPENED", value: ({ occurred_at }) => ago(occurred_at, new Date()) },
			{ title: "PUT ASIDE", value: ({ dead_at }) => ago(dead_at, new Date()) },
			{ title: "ID", value: ({ id }) => id, whole: true },
			{ title: "WHY", value: ({ last_error }) => last_error ?? "" },
		],
	});
	letters
		.command("show <service> <id>")
		.description("One of them, with what it says")
		.action(async (service: string, id: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const letter = await cli.clients.system.getDeadLetter({ params: { service, id } });
			cli.print(letter, () =>
				renderFields(
					[
						["Event", `${letter.name} ${letter.id}`],
						["Service", letter.service],
						["Happened", localTime(letter.occurred_at)],
						["Put aside", `${localTime(letter.dead_at)}, after ${count(letter.attempts, "attempt")}`],
						["Why", letter.last_error ?? ""],
						["Trace", letter.traceparent ?? ""],
						["Says", JSON.stringify(letter.payload, undefined, 2)],
					],
					cli.terminal.paint,
				),
			);
		});
	letters
		.command("replay <service> [ids...]")
		.description("Give events another ten attempts, once what was in their way is mended")
		.option("--all", "All of that service's")
		.action(async (service: string, ids: string[], { all }: { all?: boolean }, self: Command) => {
			const cli = open(self);
			if ((all === true) === ids.length > 0) throw usageFailure("Name events by their ids, or say --all.");
			const body = { service, ...(all !== true && { ids }) };
			const done = await cli.clients.system.replayDeadLetters({ body });
			cli.print(done, () => `${count(done.count, "event")} of ${service} will be tried again.\n`);
		});
	letters
		.command("discard <service> <ids...>")
		.description("Give events up: what they should have caused does not happen")
		.option("-y, --yes", "Do not ask")
		.action(async (service: string, ids: string[], { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const question = `Give ${count(ids.length, "event")} of ${service} up? What they should have caused will not happen.`;
			if (!(await confirmed(cli, yes, question))) return;
			const done = await cli.clients.system.discardDeadLetters({ body: { service, ids } });
			cli.print(done, () => `Gave ${count(done.count, "event")} of ${service} up.\n`);
		});
}
