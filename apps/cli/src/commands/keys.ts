import { setTimeout as sleep } from "node:timers/promises";
import type { KeyState } from "@netconductor/contracts/auth/model";
import type { Command } from "commander";
import type { Cli, Open } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { renderTable } from "../output/table.ts";
import { count, localTime } from "../output/words.ts";

const waitAtMost_ms = 10 * 60_000;

/** `keys`: the keys that encrypt stored secrets. */
export function addKeyCommands(program: Command, open: Open): void {
	const keys = program.command("keys").description("Keys that encrypt stored secrets");
	keys
		.command("status")
		.description("The key of each service and when it was rotated")
		.action(async (_options: unknown, self: Command) => {
			const cli = open(self);
			const states = await cli.clients.auth.listKeys({});
			cli.print(states, () => render(cli, states));
		});

	keys
		.command("rotate")
		.description("Make new keys, seal everything stored anew, and wait for it; nothing stops meanwhile")
		.option("--no-wait", "Only start it")
		.action(async ({ wait }: { wait: boolean }, self: Command) => {
			const cli = open(self);
			const { rotation_id } = await cli.clients.auth.rotateKeys({});
			if (!wait)
				return cli.print({ rotation_id }, () => `Rotation ${rotation_id} has started: \`netconductor keys status\`\n`);
			const states = await untilRotated(cli, rotation_id);
			cli.print({ rotation_id, services: states }, () => render(cli, states));
		});
}

async function untilRotated(cli: Cli, rotation_id: string): Promise<KeyState[]> {
	const until = performance.now() + waitAtMost_ms;
	let allDone = -1;
	for (let shown = -1; ; ) {
		const states = await cli.clients.auth.listKeys({});
		const waiting = states.filter((state) => state.rotation_id !== rotation_id).map(({ service }) => service);
		// A service is listed once it has rotated for the first time, so another one may still appear.
		if (states.length === allDone && waiting.length === 0) return states;
		allDone = waiting.length === 0 && states.length > 0 ? states.length : -1;
		if (performance.now() > until) {
			throw workFailure(
				"cli.rotation_unfinished",
				"The rotation has not finished",
				`Still waiting for ${waiting.join(", ") || "the first service"}.`,
				"It goes on by itself; look again with `netconductor keys status`.",
			);
		}
		const done = states.length - waiting.length;
		if (done !== shown) cli.note(`${done} of ${count(states.length, "service")} done`);
		shown = done;
		await sleep(1_000);
	}
}

function render(cli: Cli, states: readonly KeyState[]): string {
	return renderTable(
		[
			{ title: "SERVICE", value: ({ service }) => service },
			{ title: "KEY", value: ({ current_key_id }) => current_key_id },
			{ title: "ROTATED", value: ({ rotated_at }) => localTime(rotated_at), whole: true },
			{ title: "SEALED ANEW", value: ({ resealed }) => resealed, align: "right" },
		],
		states,
		cli.terminal,
	);
}
