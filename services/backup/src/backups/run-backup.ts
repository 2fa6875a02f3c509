import type { backupApi } from "@netconductor/contracts/backup/api";
import type { devicesApi } from "@netconductor/contracts/devices/api";
import type { Selection } from "@netconductor/contracts/devices/model";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { Handler } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { eq } from "drizzle-orm";
import { rememberDevices, rememberRun } from "../snapshots/known.ts";
import { type StartNeeds, startSnapshot } from "../snapshots/start-snapshot.ts";
import { snapshots } from "../tables.ts";
import { backupPlan, chooseTargets } from "./plan.ts";

type Operations = (typeof backupApi)["operations"];

interface Needs extends StartNeeds {
	devices: Pick<Client<typeof devicesApi, CallerContext>, "listTargets">;
}

/** Backs up one device, without a snapshot. Nothing needs to be made good after a crash: nobody was told of a run that did not start. */
export function runSingle(needs: Needs): Handler<Operations["runSingle"]> {
	return async (call) => {
		const select = { device_ids: [call.body.device_id] };
		const { targets } = await needs.devices.listTargets({ body: { select } }, call);
		const chosen = chooseTargets(targets, select);
		const title = `Backup of ${chosen.targets[0]?.name}`;
		const plan = backupPlan(chosen, { title, snapshot_id: null, started_by: call.actor.name });
		await rememberDevices(needs.db.orm, chosen.targets);
		const { run_id } = await needs.tasks.startRun(
			{ body: { idempotency_key: `backup:single:${newId()}`, plan } },
			call,
		);
		await rememberRun(needs.db.orm, run_id, call.actor.name, needs.clock.now());
		call.note({ resource_type: "device", resource_id: call.body.device_id, resource_name: chosen.targets[0]?.name });
		return { run_id };
	};
}

export function runSelected(needs: Needs): Handler<Operations["runSelected"]> {
	return (call) => runSnapshot(needs, call, call.body.select, call.body.name);
}

export function runAll(needs: Needs): Handler<Operations["runAll"]> {
	return (call) => runSnapshot(needs, call, { all: true }, call.body.name);
}

/** For a service that may ask again after a crash, when the devices may not be there any more. */
export function startOnce(needs: Needs): Handler<Operations["startSnapshot"]> {
	return async (call) => {
		const { snapshot_id, name, select, exclude } = call.body;
		const [known] = await needs.db.orm
			.select({ run_id: snapshots.run_id })
			.from(snapshots)
			.where(eq(snapshots.id, snapshot_id));
		if (known !== undefined && known.run_id !== null) return { run_id: known.run_id };
		const { targets } = await needs.devices.listTargets({ body: { select } }, call);
		const left = exclude === null ? [] : (await needs.devices.listTargets({ body: { select: exclude } }, call)).targets;
		const chosen = chooseTargets(targets, select, new Set(left.map(({ device_id }) => device_id)));
		return startSnapshot(needs, { id: snapshot_id, name, started_by: call.actor.name, chosen }, call);
	};
}

async function runSnapshot(
	needs: Needs,
	call: CallerContext & {
		note: (change: { resource_type: string; resource_id: string; resource_name: string }) => void;
	},
	select: Selection,
	given_name: string | undefined,
) {
	const { targets } = await needs.devices.listTargets({ body: { select } }, call);
	const chosen = chooseTargets(targets, select);
	const id = newId();
	const names = chosen.targets.map((target) => target.name);
	// Of somebody whose role is limited, all are not all: those who see the others read this, too.
	const { all, ...others } = select;
	const what = describeSelection(call.actor.device_groups === undefined ? select : others, names);
	const name = given_name?.trim() || snapshotName(`Backup of ${what},`, needs.clock.now());
	const { run_id } = await startSnapshot(needs, { id, name, started_by: call.actor.name, chosen }, call);
	call.note({ resource_type: "snapshot", resource_id: id, resource_name: name });
	return { run_id, snapshot_id: id };
}

/** What was selected, for the name of what came of it: `all devices`, `group Backbone`, `core-1`, `12 devices`. */
export function describeSelection(select: Selection, names: readonly string[]): string {
	if (select.all === true) return "all devices";
	const given = [select.device_ids, select.names, select.groups, select.tags].filter((list) => (list?.length ?? 0) > 0);
	if (given.length === 1 && select.groups?.length === 1) return `group ${select.groups[0]}`;
	if (given.length === 1 && select.tags?.length === 1) return `devices tagged ${select.tags[0]}`;
	return names.length === 1 ? `${names[0]}` : `${names.length} devices`;
}

/** `Backup of all devices, 2026-03-02 09:14 UTC` */
export function snapshotName(what: string, at: Date): string {
	return `${what} ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
