import { createHash } from "node:crypto";
import { findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import { undoTimerOf, undoTimerWords } from "@netconductor/contracts/devices/change";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { planChange as findOut } from "@netconductor/driver-core/change/change";
import { openSession } from "@netconductor/driver-core/session";
import { maskEcho, maskSecretsInSlices } from "@netconductor/runtime/config-text";
import { z } from "zod";
import { changeInput, hashOfLines } from "./change-input.ts";
import { longestDiff } from "./safe-change.ts";
import { shownLines } from "./shown-lines.ts";
import { defineStep } from "./step.ts";

const mostDangers = 20;

/**
 * Finds out what a change would do on the device, and leaves nothing behind there. Where nothing would change, the steps after it are left out.
 * Result: what would be sent and what would differ, secrets masked, how it would be undone, what is to stand
 * there afterwards, and hashes that tie the change to this plan.
 */
export const planChange = defineStep({
	type: "plan_change",
	category: "change",
	mode: "read",
	params: z.object({}),
	// Identical differences are one group. A word of its own for none; a hash is never shown.
	outcome: ({ unchanged, diff_sha256 }) => (unchanged === true ? "unchanged" : `#${String(diff_sha256).slice(0, 32)}`),
	async run({ connection, session_options, input, log, show }) {
		const { lines, verify } = await changeInput({ input });
		const session = await openSession(connection, session_options);
		try {
			const planned = await findOut(session, lines);
			const { platform } = connection;
			const masked = (line: string) => maskEcho(line, platform);
			if (planned.unchanged) log("nothing would change");
			else {
				log(
					`would change (${planned.diff_source === "device" ? "as the device says" : "worked out"}), undone by: ${planned.undo.how} ${undoTimerWords[undoTimerOf(planned.undo.kind)]}`,
				);
				show(planned.diff.slice(0, longestDiff));
			}
			const result = {
				unchanged: planned.unchanged,
				commands: shownLines(planned.commands.map(masked)),
				commands_total: planned.commands.length,
				diff: planned.diff.slice(0, longestDiff),
				diff_cut: planned.diff.length > longestDiff,
				diff_source: planned.diff_source,
				// Of all of it.
				diff_sha256: createHash("sha256").update(planned.diff).digest("hex"),
				undo: {
					kind: planned.undo.kind,
					timer: undoTimerOf(planned.undo.kind),
					how: planned.undo.how,
					commands: shownLines(planned.undo.commands.map(masked)),
				},
				dangerous: findDangerousCommands(planned.commands, platform.id, mostDangers).map((found) => ({
					...found,
					command: masked(found.command),
				})),
				// A device where nothing changes is left as it is.
				verification: planned.unchanged || verify === undefined ? null : await toVerify(verify, platform),
				running_sha256: planned.running_sha256,
				lines_sha256: hashOfLines(lines),
			};
			return planned.unchanged ? { result, skip_rest: "Nothing to change: it stands there already" } : { result };
		} finally {
			await session.close();
		}
	},
});

/** What will be looked for in the running configuration before the change is confirmed. */
async function toVerify({ templates, lines }: { templates: string[]; lines: string[] }, platform: PlatformDefinition) {
	const masked = await maskSecretsInSlices(lines.join("\n"), platform);
	return { templates, lines: shownLines(masked.split("\n")), lines_total: lines.length, sha256: hashOfLines(lines) };
}
