import type { Selection } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { CalendarHold } from "@netconductor/contracts/scheduling/model";
import type { Cli } from "./cli.ts";
import { localTime } from "./output/words.ts";

/** A change that is about to start, as a schedule of it would name it. */
interface Change {
	kind: "deploy" | "delete" | "mop";
	params: Record<string, unknown>;
	/** In place of the devices that it is for. */
	select?: Selection | undefined;
}

/**
 * Says before a change starts that a calendar will hold it back. The engine asks for itself: where this cannot be told (one may not read schedules),
 * nothing is said here, and the run says it.
 */
export async function warnOfHold(cli: Cli, { select, ...change }: Change): Promise<void> {
	const body = { ...change, ...(select !== undefined && { select }) };
	const answer = await cli.clients.scheduling.previewHold({ body }).catch(() => undefined);
	if (answer != null && answer.hold !== null)
		cli.warn(`${heldWords(answer.hold)} It is planned now and waits before it changes anything.`);
}

function heldWords({ why, until }: CalendarHold): string {
	const end = until === null ? "no end is in sight" : `until ${localTime(until)}`;
	return `${visibleLine(why)}: ${end}.`;
}
