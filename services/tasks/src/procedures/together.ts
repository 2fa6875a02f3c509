import type { DeviceEnd, ProcedureDevice } from "./device-runner.ts";
import type { StepEnd } from "./procedure-store.ts";

/** Most that a step saves of all its devices, in bytes as JSON: worker and journal hold it. */
export const mostSaved = 32 * 1024 * 1024;

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
	const value = savedOf(devices, ends);
	if (value !== undefined) return { ...end, output: { ...end.output, value, per_device: true } };
	return { ...end, status: "failed", error: tooMuch };
}

/** Device name to result; undefined when it is more than a step saves. */
function savedOf(
	devices: readonly ProcedureDevice[],
	ends: ReadonlyMap<string, DeviceEnd>,
): Record<string, unknown> | undefined {
	const saved: [string, unknown][] = [];
	let bytes = 0;
	for (const { device_id, name } of devices) {
		const end = ends.get(device_id);
		if (end?.status !== "succeeded" && end?.status !== "skipped") continue;
		bytes += Buffer.byteLength(JSON.stringify([name, end.result]));
		if (bytes > mostSaved) return undefined;
		saved.push([name, end.result]);
	}
	return Object.fromEntries(saved);
}

const tooMuch = {
	code: "procedure.too_much_to_save",
	message: `It was carried out, but what its devices answered is more than ${mostSaved / 1024 / 1024} MB together, which is the most that a step saves. Have the devices answer less, name fewer of them, or do without \`save_to_variable\`.`,
};
