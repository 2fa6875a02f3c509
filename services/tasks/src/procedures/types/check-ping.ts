import { deviceChecks } from "@netconductor/contracts/devices/checks";
import { defineCheckStep } from "../shared/check-step.ts";

export const stepType = defineCheckStep({
	type: "check_ping",
	kind: "ping",
	label: "Check by ping",
	description: "The target answers the device's pings, with at most so much loss.",
	params: deviceChecks.ping.strict(),
	example: { target: "192.0.2.1", count: 5 },
});
