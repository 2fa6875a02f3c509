import type { DeviceEnd, ProcedureDevice } from "./device-runner.ts";
import type { StepEnd } from "./procedure-store.ts";

/** What a step came to on all its devices. */
export function together(
	devices: readonly ProcedureDevice[],
	ends: ReadonlyMap<string, DeviceEnd>,
	saves: boolean,
): StepEnd {
	const counts: Partial<Record<DeviceEnd["status"], number>> = {};
	for (const { status } of ends.values()) counts[status] = (counts[status] ?? 0) + 1;
	const left_out = devices.length - ends.size;
	if (left_out > 0) counts.cancelled = (counts.cancelled ?? 0) + left_out;
	// A device on which there was nothing to do is as the step wants it.
	const status = (["unknown", "cancelled", "failed"] as const).find((one) => (counts[one] ?? 0) > 0) ?? "succeeded";
	const failing = devices.filter(({ device_id }) => ["failed", "unknown"].includes(ends.get(device_id)?.status ?? ""));
	const first = failing[0];
	const error = first === undefined ? undefined : ends.get(first.device_id)?.error;
	const others = failing.length > 1 ? ` (and on ${failing.length - 1} more)` : "";
	const end: StepEnd = {
		status,
		devices: { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0, ...counts },
		...(error && { error: { ...error, message: `${first?.name}: ${error.message}${others}` } }),
		output: { failed_devices: failing.map(({ device_id }) => device_id) },
	};
	if (!saves || status !== "succeeded") return end;
	return { ...end, output: { ...end.output, value: savedOf(devices, ends), per_device: true } };
}

/** Device name to result. */
function savedOf(devices: readonly ProcedureDevice[], ends: ReadonlyMap<string, DeviceEnd>): Record<string, unknown> {
	return Object.fromEntries(
		devices.flatMap(({ device_id, name }) => {
			const end = ends.get(device_id);
			return end?.status === "succeeded" || end?.status === "skipped" ? [[name, end.result]] : [];
		}),
	);
}
