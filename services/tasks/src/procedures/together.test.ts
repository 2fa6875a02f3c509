import { expect, test } from "vitest";
import type { DeviceEnd } from "./device-runner.ts";
import { mostSaved, together } from "./together.ts";

const devices = Array.from({ length: 40 }, (_, index) => ({
	device_id: `id-${index}`,
	name: `d${index}`,
	groups: [],
	context: {},
}));
const succeeded = (bytes: number): DeviceEnd => ({
	status: "succeeded",
	result: { output: "x".repeat(bytes) },
	error: null,
	skip_reason: null,
});
const each = (bytes: number) => new Map(devices.map(({ device_id }) => [device_id, succeeded(bytes)]));

test("what all devices answered is saved under their names, up to a bound that is theirs together", () => {
	const few = together(devices, each(1_000), true);
	expect(few).toMatchObject({ status: "succeeded", output: { per_device: true, failed_devices: [] } });
	expect(Object.keys(few.output?.value as object)).toEqual(devices.map(({ name }) => name));

	const share = mostSaved / devices.length;
	expect(together(devices, each(share - 100), true).status).toBe("succeeded");
	const many = together(devices, each(share), true);
	expect(many).toMatchObject({
		status: "failed",
		error: { code: "procedure.too_much_to_save", message: expect.stringContaining("32 MB") },
		devices: { succeeded: 40 },
	});
	expect(many.output?.value).toBeUndefined();
});

test("what is not saved has no bound", () => {
	expect(together(devices, each(mostSaved / devices.length), false).status).toBe("succeeded");
});
