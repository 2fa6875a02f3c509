import { deviceChecks } from "@netconductor/contracts/devices/checks";
import { defineCheckStep } from "../shared/check-step.ts";

export const stepType = defineCheckStep({
	type: "check_bgp",
	kind: "bgp",
	label: "Check BGP",
	description: "Each of the neighbours is Established and sends at least so many prefixes.",
	params: deviceChecks.bgp.strict(),
	example: { neighbors: ["192.0.2.1"], min_prefixes: 1 },
});
