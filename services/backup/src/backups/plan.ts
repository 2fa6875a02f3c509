import type { Selection, Target } from "@netconductor/contracts/devices/model";
import type { Plan } from "@netconductor/contracts/tasks/model";
import { failed } from "@netconductor/runtime/errors";

export interface BackupTargets {
	targets: Target[];
	skipped: { device_id: string; name: string; reason: string }[];
}

/**
 * Who is backed up. A disabled device that was named is refused; one that came with a group, a tag or all is left out, with the reason.
 * @throws devices.disabled — naming those that were asked for
 * @throws devices.nothing_selected — nobody is left
 */
export function chooseTargets(
	found: readonly Target[],
	select: Selection,
	exclude: ReadonlySet<string> = new Set(),
): BackupTargets {
	const named = new Set([...(select.device_ids ?? []), ...(select.names ?? [])]);
	const targets: Target[] = [];
	const skipped: BackupTargets["skipped"] = [];
	const refused: Target[] = [];
	for (const target of found) {
		if (exclude.has(target.device_id)) continue;
		if (target.enabled) targets.push(target);
		else if (named.has(target.device_id) || named.has(target.name)) refused.push(target);
		else skipped.push({ device_id: target.device_id, name: target.name, reason: reasonOf(target) });
	}
	if (refused.length > 0) {
		const names = refused.map(({ name, disabled_reason }) => (disabled_reason ? `${name} (${disabled_reason})` : name));
		const shown = names.slice(0, 10).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
		throw failed("devices.disabled", {
			message: `${shown} ${names.length === 1 ? "is" : "are"} disabled. Enable ${names.length === 1 ? "it" : "them"} first, or leave ${names.length === 1 ? "it" : "them"} out.`,
			details: {
				names: refused.slice(0, 100).map(({ name }) => name),
				device_ids: refused.slice(0, 100).map(({ device_id }) => device_id),
			},
		});
	}
	if (targets.length === 0) {
		const reason = skipped.length > 0 ? `: the ${skipped.length} selected are disabled` : "";
		throw failed("devices.nothing_selected", { message: `There is no enabled device to back up${reason}.` });
	}
	return { targets, skipped };
}

function reasonOf({ disabled_reason }: Target): string {
	return disabled_reason ? `The device is disabled: ${disabled_reason}` : "The device is disabled";
}

/** The plan of a backup: one step that collects, and carries for whom it is recorded. */
export function backupPlan(
	{ targets, skipped }: BackupTargets,
	given: { title: string; snapshot_id: string | null; started_by: string },
): Plan {
	const { title, snapshot_id, started_by } = given;
	return {
		kind: "backup",
		title: title.slice(0, 200),
		steps: [{ id: "collect", type: "collect_config", params: { snapshot_id, started_by } }],
		targets: targets.map(({ device_id, name, worker_pool }) => ({ device_id, name, worker_pool })),
		skipped,
		...(snapshot_id !== null && { subject: { type: "snapshot", id: snapshot_id } }),
	};
}
