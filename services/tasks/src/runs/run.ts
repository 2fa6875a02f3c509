import { defaultWorkerPool } from "@netconductor/contracts/kernel/worker-pool";
import type { OperationCounts, OperationStatus, Plan, Run, RunStatus } from "@netconductor/contracts/tasks/model";
import type { z } from "zod";

export type Counts = z.output<typeof OperationCounts>;

export const noCounts: Readonly<Counts> = {
	pending: 0,
	running: 0,
	succeeded: 0,
	skipped: 0,
	failed: 0,
	cancelled: 0,
	unknown: 0,
};

const endedStatuses: readonly RunStatus[] = ["succeeded", "partial", "failed", "cancelled", "needs_attention"];

export function hasEnded(status: RunStatus): boolean {
	return endedStatuses.includes(status);
}

/** Operations that did not do what they should, and that a retry would do again. */
export const retriedStatuses: readonly OperationStatus[] = ["failed", "cancelled", "unknown"];

/**
 * What a run came to, once none of its operations is pending or running. A write of which nobody knows whether it happened outweighs
 * everything; then a cancel that stopped something; then success counts. A run without any operation succeeded; one that
 * left out every device did not.
 * @param devices_well devices on which every step that was begun succeeded, in a run of several steps
 */
export function finalStatus(counts: Counts, devices_well = counts.succeeded): RunStatus {
	if (counts.unknown > 0) return "needs_attention";
	if (counts.cancelled > 0) return "cancelled";
	if (counts.failed > 0) return devices_well > 0 ? "partial" : "failed";
	return counts.succeeded > 0 || counts.skipped === 0 ? "succeeded" : "failed";
}

/** Share of the operations that ended, 0 to 100 with one decimal. */
export function progressOf({ counts, total, status }: Pick<Run, "counts" | "total" | "status">): number {
	if (hasEnded(status) || total === 0) return hasEnded(status) ? 100 : 0;
	const open = counts.pending + counts.running;
	return Math.min(100, Math.max(0, Math.floor(((total - open) / total) * 1000) / 10));
}

export interface NewOperation {
	position: number;
	step_index: number;
	device_id: string;
	device_name: string;
	status: "pending" | "skipped";
	ready: boolean;
	gated: boolean;
	wave: number;
	worker_pool: string;
	/** Of the device, for approval policies. */
	groups: string[] | undefined;
	skip_reason: string | null;
}

/** The operations of a plan: all steps of the first device, then of the second; devices left out are recorded as skipped with the reason. A device named twice counts once. */
export function operationsOf({ steps, targets, skipped }: Pick<Plan, "steps" | "targets" | "skipped">): NewOperation[] {
	const operations: NewOperation[] = [];
	const seen = new Set<string>();
	const add = (
		device: Pick<Plan["targets"][number], "device_id" | "name" | "groups" | "wave" | "worker_pool">,
		reason: string | null,
	) => {
		if (seen.has(device.device_id)) return;
		seen.add(device.device_id);
		for (const [step_index, { gate }] of steps.entries()) {
			const gated = gate !== undefined;
			operations.push({
				position: operations.length,
				step_index,
				device_id: device.device_id,
				device_name: device.name,
				status: reason === null ? "pending" : "skipped",
				ready: reason === null && step_index === 0 && !gated,
				gated,
				wave: device.wave ?? 0,
				worker_pool: device.worker_pool ?? defaultWorkerPool,
				groups: gated ? device.groups : undefined,
				skip_reason: reason,
			});
		}
	};
	for (const target of targets) add(target, null);
	for (const { reason, ...device } of skipped) add(device, reason);
	return operations;
}
