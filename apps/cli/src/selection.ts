import type { Selection } from "@netconductor/contracts/devices/model";
import type { Command } from "commander";
import type { Cli } from "./cli.ts";
import { usageFailure } from "./failure.ts";
import { collected } from "./query-options.ts";
import { findDevice, isId } from "./resolve.ts";

export interface SelectionOptions {
	all?: boolean;
	group?: string[];
	tag?: string[];
}

/** Options that select devices besides naming them. */
export function addSelectionOptions(command: Command): Command {
	return command
		.option("--all", "Every device")
		.option("--group <group>", "Devices of these groups", collected)
		.option("--tag <tag>", "Devices with any of these tags", collected);
}

/**
 * The selection that names and options make together. A name is looked up here, so that a typing error is answered with names that
 * are near it, and sent as an id.
 * @throws cli.usage when nothing is selected
 */
export async function selectionOf(cli: Cli, names: readonly string[], options: SelectionOptions): Promise<Selection> {
	if (options.all) {
		if (names.length > 0) throw usageFailure("Give either --all or names.");
		return { all: true };
	}
	// Long lists come from scripts: those are looked up by the server in one go.
	if (names.length > mostLookedUp) {
		return joined({ names: names.filter((name) => !isId(name)), device_ids: names.filter(isId) }, options);
	}
	const found = await Promise.all(names.map((name) => findDevice(cli, name)));
	return joined({ names: [], device_ids: found.map(({ id }) => id) }, options);
}

const mostLookedUp = 10;

function joined(
	{ names, device_ids }: { names: string[]; device_ids: string[] },
	{ group, tag }: SelectionOptions,
): Selection {
	const selection: Selection = {
		...(names.length > 0 && { names }),
		...(device_ids.length > 0 && { device_ids }),
		...(group !== undefined && { groups: group }),
		...(tag !== undefined && { tags: tag }),
	};
	if (Object.keys(selection).length === 0) {
		throw usageFailure("Which devices? Name some, or give --all, --group or --tag.");
	}
	return selection;
}
