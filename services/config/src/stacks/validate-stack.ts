import type { backupApi } from "@netconductor/contracts/backup/api";
import type { DeviceDrift, RenderedDevice, StackValidation } from "@netconductor/contracts/config/stacks";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { Client } from "@netconductor/contracts/kernel/client";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { maskSecrets } from "@netconductor/runtime/config-text";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { compareLines } from "@netconductor/runtime/text/missing-lines";
import type { ConfigOperation } from "../operation.ts";
import { fillFromResources } from "../resources/variables.ts";
import { type Only, placeServices, type RenderNeeds, renderOn, targetsOf } from "./render-stack.ts";
import { findStack, type StackRow } from "./stack-store.ts";

export interface ValidateNeeds extends RenderNeeds {
	backup: RenderNeeds["backup"] & Pick<Client<typeof backupApi, CallerContext>, "readCurrent">;
}

interface Current {
	backup_id: string;
	backed_up_at: string;
	text: string;
}

const mostDevices = 1_000;
const mostLines = 500;
/** Configurations that are read at once. */
const readAtOnce = 50;
const order = { drifted: 0, unknown: 1, in_sync: 2 } as const;

/** Compares what the stack says with the newest backup of each device; no device is asked. */
export function validateStack(needs: ValidateNeeds): ConfigOperation<"validateStack"> {
	return async ({ params, body, ...caller }) =>
		compareWithBackups(needs, await findStack(needs.db.orm, params.id), body, caller);
}

/** What of a stack stands differently on devices, by the newest backup of each. */
export async function compareWithBackups(
	needs: ValidateNeeds,
	stack: StackRow,
	only: Only,
	caller: CallerContext,
): Promise<StackValidation> {
	const placed = await placeServices(needs, stack, "validation", only, caller);
	const on = targetsOf(placed);
	const filled = await fillFromResources(needs, stack, on, caller);
	const { platforms } = await needs.devices.getPlatforms(
		{ body: { ids: [...new Set(on.map(({ device_type }) => device_type))] } },
		caller,
	);
	const definitions = new Map(platforms.map((platform) => [platform.id, platform]));
	const found: DeviceDrift[] = [];
	for (let from = 0; from < on.length; from += readAtOnce) {
		const some = on.slice(from, from + readAtOnce);
		const ids = some.map(({ device_id }) => device_id);
		const { items } = await needs.backup.readCurrent({ body: { device_ids: ids } }, caller);
		const current = new Map(items.map((item) => [item.device_id, item]));
		for (const device of await renderOn(needs, filled, { action: "validation", placed, on: some }, caller)) {
			found.push(driftOf(device, current.get(device.device_id), definitions.get(device.device_type)));
		}
	}
	const count = (state: DeviceDrift["state"]) => found.filter((device) => device.state === state).length;
	return {
		stack_id: stack.id,
		counts: { in_sync: count("in_sync"), drifted: count("drifted"), unknown: count("unknown") },
		devices: found.sort((one, other) => order[one.state] - order[other.state]).slice(0, mostDevices),
	};
}

function driftOf(
	device: RenderedDevice,
	current: Current | undefined,
	platform: PlatformDefinition | undefined,
): DeviceDrift {
	const drift: DeviceDrift = {
		device_id: device.device_id,
		device_name: device.device_name,
		state: "unknown",
		backup_id: current?.backup_id ?? null,
		backed_up_at: current?.backed_up_at ?? null,
		missing: [],
		unwanted: [],
		reason: null,
	};
	const fault = device.services.find(({ error }) => error !== null);
	if (fault?.error) return { ...drift, reason: fault.error.message };
	if (current === undefined) return { ...drift, reason: "There is no backup of it to compare with. Back it up first." };
	if (platform === undefined || platform.config.structure === "braces") {
		return {
			...drift,
			reason:
				"Its configuration is not written as it is set. Plan the stack: the device itself then says what would change.",
		};
	}
	// Secrets stand masked in the backup, so they count as equal.
	const wanted = maskSecrets(device.services.map(({ text }) => text).join("\n"), platform);
	const { missing, unwanted } = compareLines(wanted, current.text);
	const isSame = missing.length === 0 && unwanted.length === 0;
	return {
		...drift,
		state: isSame ? "in_sync" : "drifted",
		missing: missing.slice(0, mostLines).map(visibleText),
		unwanted: unwanted.slice(0, mostLines).map(visibleText),
	};
}
