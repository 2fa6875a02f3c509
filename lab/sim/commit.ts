import type { DeviceState } from "./platform.ts";

/**
 * Makes a candidate the running configuration. `confirm_ms` puts the old one back unless the commit is confirmed before. `is_earlier`: the candidate is what
 * a session loaded of the configurations before.
 */
export function commitCandidate(
	device: DeviceState,
	text: string,
	by: string,
	{ confirm_ms, comment, is_earlier = false }: { confirm_ms?: number; comment?: string; is_earlier?: boolean } = {},
): void {
	device.confirm?.cancel();
	const before = device.running;
	device.change(text, by, comment);
	if (is_earlier) device.rollbacks++;
	else device.pushes++;
	if (confirm_ms !== undefined) armRevert(device, before, confirm_ms);
}

/** Puts `before` back after `delay_ms`, unless that is cancelled. */
export function armRevert(device: DeviceState, before: string, delay_ms: number): void {
	const revert = () => {
		clearTimeout(timer);
		device.confirm = undefined;
		putBack(device, before, "timer");
	};
	const timer = setTimeout(revert, delay_ms);
	timer.unref();
	device.confirm = {
		revert,
		cancel() {
			clearTimeout(timer);
			device.confirm = undefined;
		},
	};
}

/** Makes an earlier configuration the running one. */
export function putBack(device: DeviceState, text: string, by: string): void {
	device.rollbacks++;
	if (device.running !== text) device.change(text, by, "rollback");
}
