import type { DeviceDrift, StackValidation } from "@netconductor/contracts/config/stacks";
import type { Cli } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { sanitiseLine } from "./sanitise.ts";
import type { Style } from "./terminal.ts";
import { count, localTime } from "./words.ts";

/** Prints what differs. @throws cli.drifted — with `hint` for what to do, when something does */
export function reportDrift(cli: Cli, validation: StackValidation, hint: string, printed: unknown = validation): void {
	cli.print(printed, () => renderValidation(cli, validation));
	const { drifted, in_sync, unknown } = validation.counts;
	if (unknown > 0) cli.warn(`of ${count(unknown, "device")} it is not known how they stand`);
	if (drifted === 0) return;
	const of = drifted + in_sync + unknown;
	throw workFailure(
		"cli.drifted",
		"Devices have drifted from the stack",
		`${drifted} of ${count(of, "device")}.`,
		hint,
	);
}

const driftStyles: Record<DeviceDrift["state"], Style> = { in_sync: "good", drifted: "bad", unknown: "warning" };

function renderValidation(cli: Cli, { counts, devices }: StackValidation): string {
	const { paint } = cli.terminal;
	const parts = devices.map(({ device_name, state, missing, unwanted, reason, backed_up_at }) => {
		const against = backed_up_at === null ? "" : paint("dim", `  backup of ${localTime(backed_up_at)}`);
		const why = reason === null ? "" : `: ${sanitiseLine(reason)}`;
		const word = paint(driftStyles[state], state.replace("_", " "));
		return [
			`${sanitiseLine(device_name)}  ${word}${why}${against}\n`,
			...missing.map((line) => `  ${paint("removed", `missing:  ${sanitiseLine(line)}`)}\n`),
			...unwanted.map((line) => `  ${paint("added", `unwanted: ${sanitiseLine(line)}`)}\n`),
		].join("");
	});
	const shownAll =
		counts.in_sync + counts.drifted + counts.unknown === devices.length ? "" : " (the first 1,000 are listed)";
	return `${parts.join("")}\n${counts.in_sync} in sync, ${counts.drifted} drifted, ${counts.unknown} unknown${shownAll}\n`;
}
