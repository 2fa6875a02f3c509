import { DeviceCheck } from "@netconductor/contracts/devices/checks";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { z } from "zod";
import { nameOf } from "../../checks/device-check.ts";
import { askUntilHolds } from "../../checks/hold-checks.ts";
import { type DeviceStepType, defineDeviceStep } from "../step-type.ts";
import { cutRows } from "./shown-output.ts";

interface CheckStep<P extends z.ZodObject> {
	type: string;
	kind: DeviceCheck["kind"];
	label: string;
	/** What must be so. */
	description: string;
	params: P;
	example: z.input<P>;
}

/** A step that asks devices one kind of check until it holds. */
export function defineCheckStep<P extends z.ZodObject>({ kind, ...step }: CheckStep<P>): DeviceStepType {
	return defineDeviceStep({
		...step,
		description: `${step.description} It is asked again until it holds or \`within_s\` is over. Result: \`rows\` (what the device says, what was asked for first), \`problems\` (what is not so), \`cut\` (true when there are more rows than are kept).`,
		category: "checks",
		runs_on: "devices",
		mode: "read",
		params: step.params as z.ZodType,
		async run({ params, connection, session, session_options, log }) {
			const check = DeviceCheck.parse({ kind, ...(params as object) });
			const { rows, problems } = await askUntilHolds(await session(), check, session_options.signal);
			const shown = problems.map(visibleText);
			log(shown.length === 0 ? `${nameOf(check)}: holds` : `${nameOf(check)}: ${shown.join("; ")}`);
			const { rows: kept, cut } = cutRows(rows);
			const result = { rows: kept, problems: shown, cut };
			if (shown.length === 0) return { result };
			const message = `${connection.name}: ${shown.join("; ").slice(0, 4_000)} (after ${check.within_s} s)`;
			return { result, error: { code: "procedure.check_failed", message, details: { problems: shown.slice(0, 100) } } };
		},
	});
}
