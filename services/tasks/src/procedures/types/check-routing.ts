import { deviceChecks } from "@netconductor/contracts/devices/checks";
import { defineCheckStep } from "../shared/check-step.ts";

export const stepType = defineCheckStep({
	type: "check_routing",
	kind: "routes",
	label: "Check routes",
	description: "Each of the prefixes has an active route, learnt by the protocol where one is named.",
	params: deviceChecks.routes.strict(),
	example: { prefixes: ["203.0.113.0/24"], protocol: "bgp" },
});
