import type { DeviceState } from "./platform.ts";

/** Makes a candidate the running configuration. `confirm_ms` puts the old one back unless the commit is confirmed before. */
export function commitCandidate(
	device: DeviceState,
	text: string,
	by: string,
	{ confirm_ms, comment }: { confirm_ms?: number; comment?: string } = {},
): void {
	device.confirm?.cancel();
	const before = device.running;
	device.change(text, by, comment);
	if (confirm_ms === undefined) return;
	const timer = setTimeout(() => {
		device.confirm = undefined;
		device.change(before, "timer", "rollback of an unconfirmed commit");
	}, confirm_ms);
	timer.unref();
	device.confirm = {
		cancel() {
			clearTimeout(timer);
			device.confirm = undefined;
		},
	};
}
